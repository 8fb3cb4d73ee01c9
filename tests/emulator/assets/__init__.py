"""Assets and their versions."""
