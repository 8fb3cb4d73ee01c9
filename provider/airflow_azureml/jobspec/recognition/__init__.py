"""What a YAML file is: one of the kinds that the CLI takes, recognised by its ``$schema`` or its keys."""
