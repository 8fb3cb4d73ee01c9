"""Scores flowers."""
