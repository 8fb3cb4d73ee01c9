"""What a YAML file is: one of the kinds that the CLI takes, told by its ``$schema`` or its keys."""
