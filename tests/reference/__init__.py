"""The printed pages of docs/reference."""
