"""The computes that a request names: which they are, and whether they can run it."""
