"""Cases that are files of resources: data, models, environments, components, computes, endpoints, deployments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_azureml.exceptions import translated
from airflow_azureml.hooks import AzureMLHook
from airflow_azureml.jobspec.document.document import Document
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.resources.table import RESOURCES
from airflow_azureml.lifecycle.needs.fulfilment import Fulfilment
from tests.corpus import compare
from tests.corpus.fake_azure import HOME, FakeAzure, Sent
from tests.oracle.judge import Case, recorded

Answer = Callable[[], Mapping[str, Any]]

LONG = re.compile(
    rf"azureml:/{re.escape(HOME.partition('/providers/')[0])}/workspaces/[^/]+/datastores/", re.IGNORECASE
)
"""The long form of a path in a datastore of this workspace."""


class Elsewhere(FakeAzure):
    """The stand-in, in which models and data have a latest version, for another place, and no others."""

    def answer(self, sent: Sent) -> tuple[int, Any, dict[str, str]]:
        """Show what is there."""
        if sent.method == "GET" and re.search(r"/(models|data)/[^/]+/versions/[^/]+$", sent.path):
            if not sent.path.endswith("/7"):
                return 404, {"error": {"code": "UserError", "message": f"{sent.path} not found."}}, {}
            return (
                200,
                {"id": sent.path, "name": "7", "properties": {"modelUri": "azureml://x", "dataUri": "azureml://x"}},
                {},
            )
        return super().answer(sent)


@dataclass(frozen=True)
class Described(Case):
    """The file of a resource; ``job`` is the document.

    :param kind: of resource, a key of ``RESOURCES``.
    """

    kind: str = "data"

    def question(self, file: Path) -> dict[str, Any]:
        """Ask for the file as a resource of its kind."""
        return {"resource": self.kind, **super().question(file)}

    def submit(self, file: Path, answer: Answer) -> dict[str, Any]:
        """Translate the file, provide what it needs, and stop before the request itself."""
        body: dict[str, Any] = {}

        def send() -> None:
            hook = AzureMLHook()
            with translated():
                workspace = hook.settings().workspace
                translation = RESOURCES[self.kind].translate(self.document(file), workspace)
                with hook.client() as client:
                    body.update(client.run(Fulfilment(workspace).fill(translation.body)))

        found = recorded(Elsewhere(), send)
        return found if "error" in found or "crash" in found else {**found, "body": body}

    def document(self, file: Path) -> Document:
        """Read the file."""
        return load(file)

    def differences(self, own: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[str]:
        """List where the two requests differ, and what was put and uploaded before."""
        ours, theirs = compare.Requests(own["rows"]), compare.Requests(other["rows"])
        here, there = self.reduced(ours, own["body"]), self.reduced(theirs, other["body"])
        for way, value in DEFAULTS.get(self.kind, {}).items():
            _leave_out(there, way.split("."), value, here)
        found = compare.differences(_full(here), _full(there))
        here, there = ([LONG.sub("azureml://datastores/", line) for line in side.assets()] for side in (ours, theirs))
        found += [f"asset of ours alone: {line}" for line in here if line not in there]
        found += [f"asset of theirs alone: {line}" for line in there if line not in here]
        if ours.blobs() != theirs.blobs():
            found.append(f"files: ours {ours.blobs()}, theirs {theirs.blobs()}")
        return found

    def reduced(self, requests: compare.Requests, body: Mapping[str, Any]) -> Any:
        """Leave out what depends on the client: the location, and spellings of one path."""
        plain = {key: value for key, value in requests.reduce(body).items() if key not in ("location", "name")}
        inner = {key: _short(item, key) for key, item in plain.pop("properties").items()}
        return {**{key: _short(item, key) for key, item in plain.items()}, "properties": inner}


DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "data": {"properties.isAnonymous": False},
    "model": {"properties.isAnonymous": False},
    "environment": {"properties.osType": "Linux"},
    "component": {
        "properties.properties.client_component_hash": ...,
        # of one that it has read
        **{f"properties.componentSpec.{key}": ... for key in ("$schema", "creation_context", "id")},
    },
    "online endpoint": {"properties.traffic": {}, "properties.mirrorTraffic": {}},
    "compute": {
        "properties.computeLocation": ...,  # which our flow adds, as it adds the location beside it
        "properties.properties.enableRootAccess": True,
        "properties.properties.releaseQuotaOnStop": False,
        "properties.properties.enableOSPatching": False,
        "properties.properties.enableNodePublicIp": True,
    },
    "online deployment": {
        "properties.appInsightsEnabled": False,
    },
    "batch deployment": {
        "properties.maxConcurrencyPerInstance": 1,
        "properties.miniBatchSize": 10,
        "properties.errorThreshold": -1,
        "properties.outputFileName": "predictions.csv",
        "properties.outputAction": "appendrow",
        "properties.loggingLevel": "info",
        "properties.retrySettings": ...,
        "properties.resources": ...,
    },
}
"""What Microsoft's client sends where nothing is given, and the service takes all the same; ``...`` is any value."""


def _leave_out(theirs: Any, way: Sequence[str], value: Any, ours: Any) -> None:
    for key in way[:-1]:
        theirs = theirs.get(key) if isinstance(theirs, dict) else None
        ours = ours.get(key) if isinstance(ours, dict) else None
    last = way[-1]
    if isinstance(theirs, dict) and last in theirs and last not in (ours or {}) and value in (..., theirs[last]):
        del theirs[last]


WORDS = {
    *("authMode", "loggingLevel", "outputAction", "dataCollectionMode", "rollingRate", "egressPublicNetworkAccess"),
    *("publicNetworkAccess", "action", "status", "computeType", "frequency", "weekDays", "vmPriority", "scaleType"),
}
"""Keys whose values are words of the service, which it takes in any case."""


def _short(value: Any, key: str = "") -> Any:
    if isinstance(value, str):
        if key in WORDS:
            return value.lower()
        return LONG.sub("azureml://datastores/", value.rstrip("/") if key in ("dataUri", "modelUri") else value)
    if isinstance(value, Mapping):
        inner = {name: _short(item, name) for name, item in value.items()}
        scalars = key in ("tags", "properties", "settings") and all(map(_scalar, inner.values()))
        return {name: item if item is None else str(item) for name, item in inner.items()} if scalars else inner
    return [_short(item, key) for item in value] if isinstance(value, list) else value


def _full(value: Any) -> Any:
    """Without mappings of labels that are empty."""
    if not isinstance(value, Mapping):
        return value
    inner = {key: _full(item) for key, item in value.items()}
    return {key: item for key, item in inner.items() if not (key in compare.EMPTY and item == {})}


def _scalar(value: Any) -> bool:
    return value is None or isinstance(value, (str, bool, int, float))


def of(kind: str, cases: Iterable[Case]) -> Iterator[Case]:
    """The same documents as resources of a kind."""
    for case in cases:
        yield Described(f"{kind}: {case.id}", case.job, case.files, kind=kind)


@dataclass(frozen=True)
class Keywords(Described):
    """Keywords of an operator that creates something; ``job`` holds them.

    :param theirs: what they are to Microsoft's client, an object of one of its classes.
    """

    theirs: Any = None

    def question(self, file: Path) -> dict[str, Any]:
        """Ask for the object."""
        return {"resource": self.kind, "folder": str(file.parent), "made": self.theirs}

    def document(self, file: Path) -> Document:
        """Make a document of the keywords, as our operators do."""
        assert isinstance(self.job, Mapping)
        return load(
            {key: value for key, value in self.job.items() if value is not None},
            folder=str(file.parent),
            from_python=True,
        )
