"""Benchmarks with a real Airflow: scheduler, triggerer, DAG processor, API server and worker processes."""
