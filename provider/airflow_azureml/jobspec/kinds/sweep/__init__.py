"""Sweep jobs and nodes: one command tried with many parameters."""
