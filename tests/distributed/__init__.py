"""Airflow as companies run it, on one machine: Celery over Redis, PostgreSQL, two workers, two triggerers."""
