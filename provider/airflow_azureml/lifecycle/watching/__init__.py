"""Watching a workspace: what is new there, and what has been told already."""
