"""The document: YAML text, a mapping or an ``azure-ai-ml`` object as values that know where they stand."""
