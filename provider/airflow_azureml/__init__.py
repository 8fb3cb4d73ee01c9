"""Apache Airflow provider for Azure Machine Learning (v2)."""


def __getattr__(name: str) -> str:
    """Give ``__version__``, the version of the installed distribution: the release's tag says it, no file does."""
    if name == "__version__":
        from importlib.metadata import version

        return version("airflow-provider-azureml")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
