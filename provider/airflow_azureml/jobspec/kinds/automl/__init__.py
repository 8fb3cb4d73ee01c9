"""AutoML jobs and nodes: ten tasks on tables, images and texts."""
