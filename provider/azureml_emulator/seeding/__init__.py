"""Seeding: the workspace is given what the CLI's YAML files of a folder describe."""
