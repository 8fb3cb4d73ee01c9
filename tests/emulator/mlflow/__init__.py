"""MLflow's tracking and registry."""
