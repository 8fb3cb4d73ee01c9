"""Where files are, whichever way they are named."""
