"""The Data Lake endpoint, at the same files as the blob service."""
