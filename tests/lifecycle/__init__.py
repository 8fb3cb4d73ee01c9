"""One task, one job: flows driven by hand, every interleaving of errors."""
