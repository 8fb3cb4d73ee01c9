"""Sweeps: sampling and early termination by hand, whole sweeps as real processes."""
