"""Run history: runs, artifacts and metrics as the data plane answers them."""
