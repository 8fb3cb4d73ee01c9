"""The tab "Azure ML" of a task instance's page: what the API server gives to a browser (Airflow 3.1 and later)."""
