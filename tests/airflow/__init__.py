"""Operators, sensor, trigger and what belongs to them, on both Airflow lines."""
