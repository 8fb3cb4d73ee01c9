"""The files of datastores for Airflow's ``ObjectStoragePath`` and for all that reads through fsspec."""
