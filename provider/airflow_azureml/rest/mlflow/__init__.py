"""The workspace's tracking server, as MLflow's clients speak to it."""
