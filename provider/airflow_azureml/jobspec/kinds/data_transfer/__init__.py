"""Data transfer nodes and components, which copy, import or export data."""
