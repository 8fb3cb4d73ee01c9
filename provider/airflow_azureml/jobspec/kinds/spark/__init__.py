"""Spark jobs, nodes and components."""
