"""Batch endpoints, deployments and the jobs that their invocations start."""
