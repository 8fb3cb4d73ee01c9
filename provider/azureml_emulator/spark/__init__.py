"""Spark jobs: their entry handed to the Spark of the job's interpreter, on this machine alone."""
