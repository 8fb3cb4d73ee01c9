"""Operators for what a workspace holds beside jobs, data and models."""
