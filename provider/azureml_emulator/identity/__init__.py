"""Who asks: the authority that issues tokens, cloud metadata, and the check of every request's token."""
