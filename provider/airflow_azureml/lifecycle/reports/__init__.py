"""What a job's script tells the task in Airflow: values for XCom and asset events, and a note."""
