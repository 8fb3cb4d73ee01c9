"""Which of the published operations the emulator answers, and what else it answers: its routes against the facts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from azureml_emulator.console.coverage import all_routes
from azureml_emulator.core.routing import Plane, Route
from reference.markdown import page as whole_page
from reference.markdown import table
from reference.other_clients import others
from reference.published_operations import Operation, Published, load

PROVIDER = "/providers/Microsoft.MachineLearningServices"
WORKSPACE = f"/subscriptions/{{}}/resourceGroups/{{}}{PROVIDER}/workspaces/{{}}"

PLANES = {
    Plane.ARM: ("Azure Resource Manager", "What the service answers there and the document does not list."),
    Plane.DATA: ("Run history, metrics, artifacts and resolved addresses", "On the workspace's own host."),
    Plane.SCORING: ("Batch scoring", "On the endpoint's scoring address, and the older address of the same."),
    Plane.ONLINE: ("Online scoring", "On the endpoint's scoring address, with its key or a token for it."),
    Plane.MLFLOW: (
        "MLflow",
        "Below the tracking address of the workspace, also with `preview` in the path and as `v2.0`.",
    ),
    Plane.STORAGE: (
        "Storage",
        "Blob storage, with SAS, shared key or bearer token; what is not there answers as it does.",
    ),
    Plane.OPEN: (
        "Signing in and finding the services",
        "Microsoft Entra ID, managed identities, the cloud's metadata.",
    ),
    Plane.STUDIO: ("Studio", "Pages of jobs, on a port of their own."),
    Plane.CONTROL: ("The emulator itself", "What `azureml-emulator` asks of the one that runs."),
}
"""Heading and a word about the routes of each plane that no published document lists."""


class Coverage:
    """The published operations beside the emulator's routes."""

    def __init__(self, published: Published, routes: Iterable[Route[Any]]) -> None:
        self.published = published
        self.routes = list(routes)

    @cached_property
    def answered(self) -> dict[tuple[str, str], Route[Any]]:
        """Method and shape of the path to the route."""
        return {(route.method, shape("/".join(("", *route.segments)))): route for route in self.routes}

    def answers(self, operation: Operation) -> bool:
        """Whether a route is for this very operation."""
        return (operation.method, shape(operation.path)) in self.answered

    def groups(self) -> dict[str, list[Operation]]:
        """The operations of each group, by name."""
        found: dict[str, list[Operation]] = {}
        for operation in self.published.operations:
            found.setdefault(operation.group, []).append(operation)
        return found

    def others(self) -> Iterator[Route[Any]]:
        """The routes that are no published operation."""
        listed = {(operation.method, shape(operation.path)) for operation in self.published.operations}
        return (route for key, route in self.answered.items() if key not in listed)


def shape(path: str) -> str:
    """A path without the names of its placeholders and without regard to case; text around one stays."""
    return re.sub(r"\{\w+\*?\}", "{}", path).lower().rstrip("/")


def short(path: str) -> str:
    """A path with ``…`` for that of the workspace."""
    own = "/".join("{}" if "{" in part else part for part in path.split("/")[:9])
    return f"…/{'/'.join(path.split('/')[9:])}".rstrip("/") if own.lower() == WORKSPACE.lower() else path


def page() -> str:
    """The page of the emulator's coverage."""
    coverage = Coverage(load(), all_routes())
    published, groups = coverage.published, coverage.groups()
    here = {name: sum(map(coverage.answers, operations)) for name, operations in groups.items()}
    summary = [(name, str(here[name]), str(len(operations))) for name, operations in groups.items()]
    return whole_page(
        "# What the emulator answers",
        f"**{sum(here.values())} of {len(published.operations)} operations** that Microsoft publishes for api-version "
        f"{published.api_version}, and the services beside Azure Resource Manager that jobs and clients need. "
        "All else answers `501 NotEmulated`.",
        f"The operations are those of `{published.source}`, as generated into {published.read_from}. "
        "An operation counts when a route has its method and path; what a route takes and refuses is in "
        "[The emulator](../emulator.md).",
        "## Published operations",
        table(("group", "here", "published"), summary),
        *(block for name in groups if here[name] for block in _group(name, groups[name], coverage)),
        "## What no published list has",
        *(block for plane in PLANES for block in _plane(plane, coverage)),
        "## What other clients did",
        "Tried against the emulator; all but the tests once, by hand.",
        others(),
    )


def _group(name: str, operations: list[Operation], coverage: Coverage) -> Iterator[str]:
    yield f"### {name}"
    rows = [
        (one.id, one.method, f"`{short(one.path)}`", "yes" if coverage.answers(one) else "no") for one in operations
    ]
    yield table(("operation", "method", "path (… is the workspace's)", "here"), rows)


def _plane(plane: Plane, coverage: Coverage) -> Iterator[str]:
    heading, about = PLANES[plane]
    rows = {
        (route.method.replace("*", "any"), f"`{_shown(route)}`") for route in coverage.others() if route.plane is plane
    }
    yield f"### {heading}"
    yield about
    yield table(("method", "path"), sorted(rows, key=lambda row: (row[1], row[0])))


def _shown(route: Route[Any]) -> str:
    """The path of a route; MLflow's four addresses of one thing as one."""
    path = route.path.replace("{location}", f"{{sub}}{PROVIDER}/locations/{{region}}")
    path = path.replace(PROVIDER, "/…") if route.plane is Plane.ARM else path
    return re.sub(r"^/mlflow/v\d\.0\{ws\}/api/2\.0/(preview/)?mlflow/", "", path)
