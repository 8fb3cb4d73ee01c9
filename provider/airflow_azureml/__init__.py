"""Apache Airflow provider for Azure Machine Learning (v2)."""

__version__ = "0.1.0"
