"""Releases after one another: what an older one has left with Airflow and the service is understood."""
