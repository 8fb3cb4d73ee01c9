"""Pipelines: graphs of nodes, each of which becomes a job."""
