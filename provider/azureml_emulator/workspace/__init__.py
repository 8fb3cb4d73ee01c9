"""The workspace: its description, datastores, computes, and long-running operations."""
