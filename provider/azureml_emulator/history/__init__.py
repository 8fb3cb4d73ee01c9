"""Run history: runs, artifacts and metrics as the data plane tells of them."""
