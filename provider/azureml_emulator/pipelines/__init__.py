"""Pipelines: graphs of nodes, and the job that is made of each."""
