"""Counts petals."""

print("petals")
