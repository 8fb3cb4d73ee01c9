"""Batch endpoints and deployments, and the invocation of one."""
