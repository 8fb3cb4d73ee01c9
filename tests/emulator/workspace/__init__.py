"""The workspace itself and its computes."""
