"""Each described request says where its form is documented, or what it rests on where nobody documents it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import PROVIDER

DOCUMENTED = re.compile(r"https://(?:learn\.microsoft\.com|mlflow\.org/docs)/\S+")
UNDOCUMENTED = re.compile(r"Undocumented\b.*\bsources?:.*\b(?:azure-ai-ml|azureml-core|azureml-mlflow) \d", re.I | re.S)


def requests() -> Iterator[tuple[str, str]]:
    """Name and docstring of each public function of rest that describes a request, or several."""
    for source in sorted((PROVIDER / "airflow_azureml" / "rest").rglob("*.py")):
        for node in ast.parse(source.read_text()).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_") or node.returns is None:
                continue
            if ast.unparse(node.returns).startswith(("Call[", "Steps[")):
                yield f"{source.stem}.{node.name}", ast.get_docstring(node) or ""


REQUESTS = dict(requests())


def test_the_requests_are_found() -> None:
    assert {"jobs.create", "history.details", "lro.finish", "workspace.secret", "computes.get"} <= set(REQUESTS)
    assert len(REQUESTS) > 40


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_names_its_source(name: str) -> None:
    found = REQUESTS[name]
    assert DOCUMENTED.search(found) or UNDOCUMENTED.search(found), (
        "Name the address of its documentation (https://learn.microsoft.com/…), or say `Undocumented. Source: "
        "azure-ai-ml 1.35.2, <module>`."
    )
