"""Sweeps: jobs that run a command many times, each time with other values of its hyperparameters, and find the best."""
