"""Tests of the plugin that Airflow loads."""
