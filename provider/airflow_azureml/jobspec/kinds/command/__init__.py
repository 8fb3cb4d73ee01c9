"""Command jobs and nodes: one command in one environment."""
