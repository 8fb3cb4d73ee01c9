"""Sums scores."""
