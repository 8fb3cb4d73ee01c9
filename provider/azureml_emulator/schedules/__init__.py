"""Schedules of jobs: resources, the times at which they are due, and the clock that makes their jobs."""
