"""Jobs as resources, and their states."""
