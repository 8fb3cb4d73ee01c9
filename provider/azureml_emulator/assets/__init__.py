"""Assets: data, models, environments, components, code; and what references to them stand for."""
