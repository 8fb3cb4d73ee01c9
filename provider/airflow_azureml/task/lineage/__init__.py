"""What tasks tell OpenLineage of their jobs, where Airflow's provider for it is installed and switched on."""
