"""Assets: data, models, and environments and components with a name of their own."""
