"""Captured invocations of batch endpoints: what they say in our words, and what they are compared by."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.corpus import compare
from tests.corpus.cases import place
from tests.corpus.fake_azure import HOME, FakeAzure, Sent

MODES = {
    "ro_mount": "ReadOnlyMount",
    "rw_mount": "ReadWriteMount",
    "download": "Download",
    "direct": "Direct",
    "upload": "Upload",
    "eval_mount": "EvalMount",
    "eval_download": "EvalDownload",
}
MARK = "airflow_invocation"
DEPLOYMENTS = ("blue", "default-deployment")
REFERENCE = re.compile(r"azureml:|/subscriptions/|wasbs?://|abfss?://|https://[^/]+\.(blob|dfs)\.")
VERSIONED = re.compile(r"^azureml:([^/:@]+):([^/:@]+)$")
BEYOND = re.compile(r"(azureml:)?/subscriptions/.+/datastores/.+/paths/|wasbs?://|azureml://registries/", re.IGNORECASE)
"""Data that the documentation allows and Microsoft's client refuses."""
OVERRIDES = ("logging_level", "max_concurrency_per_instance", "tags", "description")
"""Fields of the published model that Microsoft's client does not know."""


@dataclass(frozen=True)
class Invocation:
    """One captured invocation."""

    id: str
    about: Mapping[str, Any]

    @property
    def call(self) -> Mapping[str, Any]:
        """The arguments of Microsoft's client."""
        call: Mapping[str, Any] = self.about["call"]
        return call

    @property
    def submitted(self) -> bool:
        """Whether Microsoft's client sent it."""
        return bool(self.about.get("post"))

    @property
    def fault(self) -> bool:
        """Whether that client fell over a fault of its own, which judges nothing."""
        return "NoneType" in str((self.about.get("sdk_error") or {}).get("message"))

    @property
    def beyond(self) -> bool:
        """Whether the documentation allows it although Microsoft's client does not."""
        data = [self.call.get("input"), *(self.call.get("inputs") or {}).values()]
        paths = [str(item["$input"].get("path", "")) for item in data if isinstance(item, Mapping) and "$input" in item]
        overrides = {str(key) for row in self.call.get("params_override") or () for key in row}
        return any(BEYOND.match(path) for path in paths) or bool(overrides & set(OVERRIDES))

    def lay_out(self, folder: Path) -> None:
        """Write the local files that it uses."""
        for name, text in (self.about.get("local_files") or {}).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")

    def arguments(self) -> dict[str, Any]:
        """The same in the words of the hook."""
        call = dict(self.call)
        given = call.pop("input", None)
        found = {key: _plain(value) for key, value in call.items() if key != "params_override"}
        if given is not None:
            one = _plain(given)
            found.update(input=one["path"], input_type=one.get("type", "uri_folder"))
        override = {key: _plain(value) for row in self.call.get("params_override") or () for key, value in row.items()}
        return {**found, **({"set": override} if override else {})}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        for word in ("$input", "$output"):
            if word in value:
                return dict(value[word])
        return {key: _plain(item) for key, item in value.items()}
    return value


def find() -> list[Invocation]:
    """All captured invocations, in order."""
    root, _ = place()
    return [Invocation(file.stem, json.loads(file.read_text())) for file in sorted((root / "batch").glob("*.json"))]


class FakeAzureBatch(FakeAzure):
    """The stand-in with batch endpoints; a token says what it is for."""

    def login(self, sent: Sent) -> Any:
        """Answer azure-identity."""
        answer = super().login(sent)
        scope = re.search(rb"scope=([^&]*)", sent.content)
        if scope:
            audience = scope[1].decode().replace("%3A", ":").replace("%2F", "/").split(".default")[0].rstrip("/")
            answer["access_token"] = f"<token for {audience}>"
        return answer

    def answer(self, sent: Sent) -> tuple[int, Any, dict[str, str]]:
        """Choose an answer."""
        if ".inference." in sent.host:
            name = "batchjob-under-test"
            studio = {"Studio": {"endpoint": "https://ml.azure.com/runs/x"}}
            inner = {"name": name, "status": "Running", "interactionEndpoints": studio}
            return 201, {"id": f"{HOME}/jobs/{name}", "name": name, "properties": inner}, {}
        return super().answer(sent)

    def resource(self, sent: Sent, parts: list[str]) -> tuple[int, Any, dict[str, str]]:
        """Answer ARM below the workspace."""
        match parts:
            case ["batchEndpoints"]:
                return 200, {"value": [{"name": "ep-under-test"}]}, {}
            case ["batchEndpoints", name] if not name.startswith("no-such"):
                uri = f"https://{name}.eastus.inference.ml.azure.com/jobs"
                defaults = {"deploymentName": "default-deployment"}
                return 200, {"name": name, "properties": {"scoringUri": uri, "defaults": defaults}}, {}
            case ["batchEndpoints", _, "deployments"]:
                return 200, {"value": [{"name": name, "properties": {}} for name in DEPLOYMENTS]}, {}
            case ["batchEndpoints", _, "deployments", name] if name not in DEPLOYMENTS:
                return 404, {"error": {"code": "UserError", "message": "no such deployment"}}, {}
        return super().resource(sent, parts)

    @property
    def posts(self) -> list[Sent]:
        """The invocations that arrived."""
        return [sent for sent in self.sent if ".inference." in sent.host]


def reduced(body: Mapping[str, Any], theirs: bool) -> Any:
    """What of a body is compared: without what depends on the client, and put right where the corpus says so."""
    properties = json.loads(json.dumps(body["properties"]))
    own = properties.get("properties") or {}
    own.pop(MARK, None)
    properties["properties"] = own
    for name, entry in (properties.get("inputData") or {}).items():
        properties["inputData"][name] = _input(entry)
    outputs = properties.get("outputData") or {}
    if theirs and "output_name" in outputs:
        outputs["score"] = outputs.pop("output_name")
    for entry in (*(properties.get("inputData") or {}).values(), *outputs.values()):
        mode = entry.pop("mode", None) if isinstance(entry, dict) else None
        assert theirs or mode in {None, *MODES.values()}, f"mode {mode!r} is not in the service's words"
    if "compute" in properties:
        properties["compute"].pop("isLocal", None)
        properties["compute"] = properties["compute"] or None
    return compare.Requests([]).reduce(properties)


def _input(entry: Any) -> Any:
    if isinstance(entry, str) and REFERENCE.match(entry):
        return {"jobInputType": "UriFolder", "uri": VERSIONED.sub(rf"{HOME}/data/\1/versions/\2", entry)}
    if not isinstance(entry, Mapping):
        return {"jobInputType": "Literal", "value": entry}
    if str(entry.get("jobInputType")) in {"CustomModel", "MLFlowModel", "TritonModel"} and "uri" in entry:
        return {**entry, "uri": entry["uri"].replace(f"{HOME}/data/", f"{HOME}/models/")}
    return dict(entry)
