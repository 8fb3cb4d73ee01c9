"""Flows of registered models: downloaded, shared with a registry."""
