"""What batch endpoints, online endpoints and schedules have in common: bodies, records, and long-running operations."""
