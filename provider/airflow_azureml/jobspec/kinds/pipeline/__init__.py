"""Pipeline jobs: the kind that contains kinds."""
