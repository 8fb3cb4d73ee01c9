"""Counts petals of a field."""
