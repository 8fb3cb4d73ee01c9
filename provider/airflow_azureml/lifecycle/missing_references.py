"""References of a request that do not exist in the workspace: the field of each, and similar names that do exist.

The service is asked about it only once it has refused the request. It says in its own words that something is missing,
often without the field, and never what there is instead.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from airflow_azureml.jobspec.document.requirements import Placeholder, Register, Resolve
from airflow_azureml.rest.errors import AzureMLError, BadRequestError, NotEmulatedError, NotFoundError, ServiceError
from airflow_azureml.rest.flow import Call, Reply, Steps
from airflow_azureml.rest.ids import Workspace, parse_arm_id, parse_datastore_path, segment
from airflow_azureml.rest.jobs import ELSEWHERE
from airflow_azureml.rest.json_values import get_any_case

KINDS = {
    "data": "data asset",
    "environments": "environment",
    "models": "model",
    "components": "component",
    "computes": "compute",
    "datastores": "datastore",
}
"""Collections of a workspace, and what a message calls a thing of each."""

FIELDS = {
    "environmentId": "environment",
    "computeId": "compute",
    "codeId": "code",
    "componentId": "component",
    "inputData": "inputs",
    "outputData": "outputs",
}
"""The service's words for keys of a job, and those of its YAML."""

REFUSALS = (BadRequestError, NotFoundError)
"""What the service raises where a request names something that is missing."""

INNER = frozenset({"properties", "uri", "assetId", "componentSpec", "deploymentConfiguration"})
"""Keys of a request that no YAML has."""

ABSENCE = re.compile(r"not.?found|does not exist|could(?: not|n't) (?:be )?f[io]u?nd|unknown|no such", re.IGNORECASE)
"""Words by which the service says that something is missing. Its texts are nowhere listed: these are seen ones."""

MOST = 20
"""How many things are looked up for one message."""

SHOWN = 10
"""How many names a message lists where none is near."""


@dataclass(frozen=True)
class Named:
    """One thing that a request names.

    :param place: the field, as in YAML: ``inputs.data``.
    :param version: of an asset: a version, or ``@latest``; empty for what has none.
    """

    place: str
    kind: str
    name: str
    version: str = ""

    def __str__(self) -> str:
        """``data asset "cards" version "2"``."""
        if self.version and not self.version.startswith("@"):
            return f'{KINDS[self.kind]} "{self.name}" version "{self.version}"'
        return f'{KINDS[self.kind]} "{self.name}{self.version}"'


def explain(ws: Workspace, body: Any, error: ServiceError) -> Steps[ServiceError]:
    """Say of a refusal that something is missing what it is, where the request names it, and what there is instead.

    :param body: what was to be sent, with placeholders.
    :param error: what the service said.
    :return: what to raise: an error of the same class, with what was found out before the service's text, or the
        error itself where nothing was.
    """
    if isinstance(error, NotEmulatedError) or not (isinstance(error, NotFoundError) or ABSENCE.search(str(error))):
        return error
    if isinstance(error, NotFoundError) and error.code in ELSEWHERE:  # of what is not there nothing can be asked
        return error
    lines = yield from _missing_lines(ws, body, str(error))
    if not lines:
        return error
    return type(error)("\n".join((*lines, str(error))), error.reply, error.codes, error.correlation)


def suggestion(ws: Workspace, kind: str, name: str) -> Steps[str]:
    """Name what there is instead: the nearest name, or all; an empty text where the service does not say.

    One look, that never fails.
    """
    try:
        names = yield from _names(ws, kind)
    except AzureMLError:
        return ""
    near = difflib.get_close_matches(name.lower(), [other.lower() for other in names], n=1)
    if near:
        return f' Did you mean "{next(other for other in names if other.lower() == near[0])}"?'
    if not names:
        return f" The workspace has no {KINDS[kind]}."
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f" There are: {', '.join(names[:SHOWN])}{more}."


def pointed_out(ws: Workspace, body: Any, said: str) -> Steps[str]:
    """Say in what a job failed for which thing that it names and that does not exist; an empty text where none is.

    :param body: the job as the service shows it.
    :param said: the service's words about the failure, which must name the thing.
    """
    if not ABSENCE.search(said):
        return ""
    return "\n".join((yield from _missing_lines(ws, body, said, hinted_only=True)))


def _missing_lines(ws: Workspace, body: Any, said: str, *, hinted_only: bool = False) -> Steps[list[str]]:
    every = list(dict.fromkeys(named(ws, body)))
    hinted = [reference for reference in every if reference.name in said]
    lines = []
    try:
        for reference in (hinted if hinted_only else hinted or every)[:MOST]:
            if (missing := (yield from _missing(ws, reference))) is not None:
                lines.append(f"{reference.place}: {missing}")
    except AzureMLError:
        return lines
    return lines


def _missing(ws: Workspace, reference: Named) -> Steps[str | None]:
    """Say that a thing does not exist; None if it does."""
    try:
        yield Call("GET", _path(ws, reference), lambda reply: None)
    except NotFoundError:
        latest = (yield from _latest(ws, reference)) if reference.version else None
        hint = (
            f" Its latest version is {latest}."
            if latest
            else (yield from suggestion(ws, reference.kind, reference.name))
        )
        return f'{reference} does not exist in workspace "{ws.name}".{hint}'
    return None


def _path(ws: Workspace, one: Named) -> str:
    path = f"{ws.path}/{one.kind}/{segment(one.name)}"
    return path if not one.version or one.version.startswith("@") else f"{path}/versions/{segment(one.version)}"


def _latest(ws: Workspace, reference: Named) -> Steps[str | None]:
    """The latest version of an asset by its name; None where there is no such name."""
    try:
        versions = yield Call("GET", _path(ws, replace(reference, version="")), lambda reply: reply.json())
    except NotFoundError:
        return None
    version = get_any_case(versions, "properties", "latestVersion")
    return version if isinstance(version, str) and version else None


def _names(ws: Workspace, kind: str) -> Call[list[str]]:
    def parse(reply: Reply) -> list[str]:
        rows = get_any_case(reply.json(), "value")
        names = [get_any_case(row, "name") for row in rows] if isinstance(rows, list) else []
        return [name for name in names if isinstance(name, str)]

    return Call("GET", f"{ws.path}/{kind}", parse)


# -- what a request names


def named(ws: Workspace, value: Any, path: tuple[str, ...] = ()) -> Iterator[Named]:
    """Go through all things of the workspace that a request names, those that it registers first included."""
    if isinstance(value, Placeholder):
        if isinstance(value.requirement, Resolve):
            yield Named(_place(path), value.requirement.kind, value.requirement.name, f"@{value.requirement.label}")
        elif isinstance(value.requirement, Register):
            yield from named(ws, value.requirement.body, path)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from named(ws, item, (*path, str(key)))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from named(ws, item, path)
    elif isinstance(value, str):
        yield from _referred(ws, value, path)


def _referred(ws: Workspace, text: str, path: tuple[str, ...]) -> Iterator[Named]:
    store = parse_datastore_path(text)
    if store is not None:
        if store.workspace is None or store.workspace.same_as(ws):
            yield Named(_place(path), "datastores", store.datastore)
        return
    arm_id = parse_arm_id(text)
    if arm_id is None or arm_id.kind not in KINDS or not arm_id.workspace.same_as(ws):
        return
    if arm_id.name.lower() not in ("serverless", "local") or arm_id.kind != "computes":
        yield Named(
            _place(path), arm_id.kind, arm_id.name, arm_id.version or (f"@{arm_id.label}" if arm_id.label else "")
        )


def _place(path: tuple[str, ...]) -> str:
    """The field of YAML that a key of a request comes from."""
    return ".".join(FIELDS.get(key, key) for key in path if key not in INNER)
