"""What two submissions are compared by: the corpus' own rules of comparison, and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.corpus.fake_azure import HOME

EMPTY = ("inputs", "outputs", "tags", "properties", "environmentVariables", "environment_variables")
"""Keys whose empty mapping says nothing."""

GIT = re.compile(r"mlflow\.source\.git\.|azureml\.git\.")
LOCAL_UPLOAD = re.compile(r"LocalUpload/[^/]+/")
ANONYMOUS = re.compile(
    rf"{re.escape(HOME)}/(codes/[^/]+/versions/[^/]+|environments/CliV2AnonymousEnvironment/versions/[^/]+"
    r"|environments/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/versions/[^/]+"
    r"|components/azureml_anonymous/versions/[^/]+|models/[0-9a-f]{64}/versions/1)"
)
CODE_ADDRESS = re.compile(r"https://[^/]+/aaaaaaaa-[^/]+/")
DEFECT_ARM = re.compile(r"(/(?:environments|computes|models|data|components)/)azureml:")
SERVERLESS = f"{HOME}/computes/serverless"


class Requests:
    """The requests of one submission, whoever made them."""

    def __init__(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take requests: ``method``, ``path``, ``body``, ``content_hash`` of a blob, ``id`` of the answer."""
        self.rows = rows
        self.bodies = {
            row.get("id") or row["path"]: row["body"] for row in rows if row["method"] == "PUT" and row.get("body")
        }

    def link(self, text: str) -> str:
        """Put the content of anonymous assets in the place of their names."""
        text = DEFECT_ARM.sub(r"\1", LOCAL_UPLOAD.sub("LocalUpload/…/", text))
        return ANONYMOUS.sub(lambda found: self.content(found[0]), CODE_ADDRESS.sub("https://code/", text))

    def content(self, path: str) -> str:
        """Say what an anonymous asset is."""
        body = self.bodies.get(path)
        if body is None:
            return path
        if "/codes/" in path:
            return f"<code {json.dumps(self.reduce(body), sort_keys=True)}>"
        return f"<{path.split('/')[-4]} {json.dumps(self.reduce(body), sort_keys=True)}>"

    def reduce(self, value: Any, key: str = "") -> Any:
        """Leave out what depends on the client and not on the job."""
        if isinstance(value, str):
            return self.link(value)
        if isinstance(value, (list, tuple)):
            return [self.reduce(item) for item in value]
        if not isinstance(value, Mapping):
            return value
        kept = {}
        for name, item in value.items():
            if item is None or name == "_source" or (name == "isArchived" and item is False):
                continue
            reduced = self.reduce(item, name)
            if name in EMPTY and reduced == {}:
                continue
            kept[name] = str(reduced) if name == "hash_version" else reduced
        return kept

    def assets(self) -> list[str]:
        """The assets that were registered, as a sorted list without repetition."""
        found = set()
        for row in self.rows:
            if row["method"] == "PUT" and row.get("body") and "/jobs/" not in row["path"]:
                path = row.get("id") or row["path"]
                anonymous = ANONYMOUS.fullmatch(path)
                found.add(
                    self.content(path)
                    if anonymous
                    else f"{path} {json.dumps(self.reduce(row['body']), sort_keys=True)}"
                )
        return sorted(found)

    def blobs(self) -> list[tuple[str, str]]:
        """The files that were uploaded: place without what is unique in it, and content."""
        found = set()
        for row in self.rows:
            if row["method"] == "PUT" and row.get("content_hash"):
                path = LOCAL_UPLOAD.sub("LocalUpload/…/", row["path"])
                found.add((re.sub(r"^/aaaaaaaa-[^/]+/", "/code/", path), row["content_hash"]))
        return sorted(found)


def job(requests: Requests, body: Mapping[str, Any], name: str, git: bool) -> dict[str, Any]:
    """Reduce the body of a job to what is compared.

    :param git: keep git properties, which the case asks for.
    """
    properties = dict(body["properties"])
    if properties.get("displayName") == name:
        del properties["displayName"]
    if str(properties.get("experimentName", "")) in {"cwd-under-test", "<folder>"}:
        del properties["experimentName"]
    if properties.get("jobType") in {"Command", "Sweep", "AutoML"} and properties.get("computeId") == SERVERLESS:
        del properties["computeId"]
    own = {key: value for key, value in (properties.get("properties") or {}).items() if git or not GIT.match(key)}
    properties["properties"] = own
    tags = {key: value for key, value in (properties.get("tags") or {}).items() if not key.startswith("airflow_")}
    properties["tags"] = tags
    reduced: dict[str, Any] = _right(requests.reduce(properties))
    return reduced


def _right(body: dict[str, Any]) -> dict[str, Any]:
    """Put right what the corpus names as defects of Microsoft's client."""
    resources = body.get("resources", {}).get("properties", {})
    if isinstance(resources.get("IsLocal"), Mapping):
        resources["IsLocal"] = True
    for service in body.get("services", {}).values():
        service.setdefault("jobServiceType", "Custom")
    return body


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """List where two values differ."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        found = []
        for key in sorted({*ours, *theirs}, key=str):
            here = f"{path}.{key}" if path else str(key)
            if key not in ours:
                found.append(f"{here}: missing, theirs is {theirs[key]!r}")
            elif key not in theirs:
                found.append(f"{here}: ours alone, {ours[key]!r}")
            else:
                found += differences(ours[key], theirs[key], here)
        return found
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        return [
            line
            for at, pair in enumerate(zip(ours, theirs, strict=True))
            for line in differences(*pair, f"{path}[{at}]")
        ]
    same = ours == theirs and isinstance(ours, bool) == isinstance(theirs, bool)
    return [] if same else [f"{path}: ours {ours!r}, theirs {theirs!r}"]
