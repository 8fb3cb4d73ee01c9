"""Local folders and checkouts, as they are."""
