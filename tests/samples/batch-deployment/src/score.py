"""Tells flowers apart, a batch at a time."""
