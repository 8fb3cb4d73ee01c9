"""Pipelines as graphs of jobs."""
