"""Assets: data, models, environments, components, code; and the references to them."""
