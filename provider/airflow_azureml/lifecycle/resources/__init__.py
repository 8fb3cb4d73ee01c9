"""Flows that make, change and delete what a workspace holds beside jobs, data and models."""
