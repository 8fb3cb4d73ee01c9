"""Environments of jobs, made on this machine from what an image would be built from."""
