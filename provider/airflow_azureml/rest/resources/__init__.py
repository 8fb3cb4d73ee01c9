"""Resources of the workspace that administrators make and change: computes."""
