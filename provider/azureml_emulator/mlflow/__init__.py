"""MLflow's tracking server and registry, as Azure ML serves them."""
