"""The reference of exceptions: the tree, and what makes Airflow try again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reference.docstrings import read
from reference.markdown import page as whole_page
from reference.markdown import table


def page() -> str:
    """The page of exceptions."""
    import airflow_azureml.exceptions as module
    from airflow_azureml.version_compat import AirflowFailException

    root = module.AzureMLException
    classes = list(_tree(root))
    rows = [
        (
            f"{'&emsp;' * depth}`{one.__name__}`",
            "no" if issubclass(one, AirflowFailException) else "yes",
            ", ".join(
                f"`{base.__name__}`" for base in one.__bases__ if not base.__module__.startswith("airflow_azureml")
            )
            or "",
            read(one.__doc__).summary,
        )
        for depth, one in classes
    ]
    return whole_page(
        "# Exceptions",
        "From `airflow_azureml.exceptions`; each stands below the one that it is a kind of. *Retried* ones follow the "
        "task's `retries`; the others fail it at once.",
        table(("exception", "retried", "also", "meaning"), rows),
        *(block for _, one in classes for block in _attributes(one)),
    )


def _tree(root: type[Any], depth: int = 0) -> Iterator[tuple[int, type[Any]]]:
    """A class and all below it, each once, with how deep it stands."""
    yield depth, root
    for one in root.__subclasses__():
        if one.__bases__[0] is root:
            yield from _tree(one, depth + 1)


def _attributes(one: type[Any]) -> Iterator[str]:
    """What an exception carries, where it says so."""
    said = read(one.__doc__)
    if said.parameters:
        yield f"## {one.__name__}"
        yield said.text
        yield table(("attribute", "meaning"), ((f"`{name}`", about) for name, about in said.parameters.items()))
