"""What docs/reference says is what the code says now."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from azureml_emulator.core.routing import Plane, Route
from reference import published_operations
from reference.emulator_coverage import Coverage, shape
from reference.pages import FOLDER, PAGES
from reference.published_operations import FACTS, Operation, Published


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_not_stale(name: str) -> None:
    kept = FOLDER / name
    assert kept.exists(), f"docs/reference/{name} is missing: `make docs-reference` writes it."
    assert kept.read_text() == PAGES[name](), f"docs/reference/{name} is stale: `make docs-reference` writes it anew."


def test_every_page_is_printed() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


def test_every_page_is_named_in_the_readme() -> None:
    readme = (FOLDER.parent.parent / "README.md").read_text()
    assert [name for name in PAGES if f"(docs/reference/{name})" not in readme] == []


def test_the_published_operations_are_those_of_the_installed_client(sdk_python: Path) -> None:
    found = published_operations.write(published_operations.read(published_operations.site_packages()))
    assert FACTS.read_text() == found, "`python -m reference.published_operations` writes them anew."


async def handler(backend: object, request: web.Request, **captures: str) -> web.StreamResponse:
    raise AssertionError("never called")


def test_a_route_counts_for_its_own_operation_only() -> None:
    ours = "/subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.MachineLearningServices/workspaces/{w}"
    published = Published(
        "document",
        "client",
        "2025-12-01",
        (
            Operation("Jobs_Get", "GET", f"{ours}/jobs/{{id}}"),
            Operation("Jobs_Delete", "DELETE", f"{ours}/jobs/{{id}}"),
            Operation("Jobs_List", "GET", f"{ours}/jobs"),
        ),
    )
    coverage = Coverage(
        published,
        [
            Route("GET", "{ws}/Jobs/{name}", handler, Plane.ARM),
            Route("GET", "/history/{run}", handler, Plane.DATA),
        ],
    )
    assert [one.id for one in published.operations if coverage.answers(one)] == ["Jobs_Get"]
    assert [route.path for route in coverage.others()] == ["/history/{run}"]
    assert shape("/a/{b}/c:{d}/{rest*}") == "/a/{}/c:{}/{}"
