"""Execution: jobs as child processes, with their inputs staged and their outputs collected."""
