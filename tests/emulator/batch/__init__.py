"""Batch endpoints, deployments and what they run."""
