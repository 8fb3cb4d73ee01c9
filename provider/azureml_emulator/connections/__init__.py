"""Connections of the workspace: other services with the credentials for them."""
