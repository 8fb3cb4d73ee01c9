"""Any file of the CLI: which kind it is of, and whether it is right."""
