"""A local Azure Machine Learning: the REST API, blob storage, and jobs that run as local processes."""

__version__ = "0.1.0"
