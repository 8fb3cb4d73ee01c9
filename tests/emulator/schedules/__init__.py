"""Schedules: when they are due, and the jobs that they make."""
