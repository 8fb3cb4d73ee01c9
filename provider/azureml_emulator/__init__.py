"""A local Azure Machine Learning: the REST API, blob storage, and jobs that run as local processes."""


def __getattr__(name: str) -> str:
    """Give ``__version__``, the version of the installed distribution: the release's tag says it, no file does."""
    if name == "__version__":
        from importlib.metadata import version

        return version("airflow-provider-azureml")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
