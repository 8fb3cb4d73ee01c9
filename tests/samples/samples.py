"""The samples: which there are, how they are recorded, and what ours is compared with."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.corpus.fake_azure import HOME
from tests.oracle.calls import Invoked
from tests.oracle.judge import Case
from tests.oracle.resources import Described
from tests.samples.operations import Operation, answers

FOLDER = Path(__file__).parent
RECORDED = "recorded.json"
WRITTEN = ("job", "operation", "invocation", "data", "model", "environment", "component", "compute", "batch-endpoint")
"""What a user may write: the stem of the file that a case is about, beside ``batch-deployment``."""

NEW = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|/azureml_anonymous/versions/([0-9a-f]{32})")
"""Ids that Microsoft's client, or the stand-in, makes up anew each time."""

STEADY = re.compile(r"^(11111111-|99999999-|aaaaaaaa-)")
"""Ids of the stand-in's own, which are always the same."""


@dataclass(frozen=True)
class Sample:
    """One case and what was recorded of it."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @cached_property
    def case(self) -> Case:
        """The case as both sides are given it."""
        (about,) = (path for path in self.folder.glob("*.yml") if path.stem in (*WRITTEN, "batch-deployment"))
        files = {
            path.relative_to(self.folder).as_posix(): path.read_text(encoding="utf-8")
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name != RECORDED and path != about and "__pycache__" not in path.parts
        }
        text = about.read_text(encoding="utf-8")
        if about.stem == "job":
            return Case(self.name, text, files)
        if about.stem == "operation":
            return Operation(self.name, yaml.safe_load(text), files)
        if about.stem == "invocation":
            return Invoked(self.name, yaml.safe_load(text), files)
        return Described(self.name, text, files, kind=about.stem.replace("-", " "))

    @cached_property
    def exchanges(self) -> list[dict[str, Any]]:
        """The recorded requests and answers, in their order."""
        found: list[dict[str, Any]] = json.loads((self.folder / RECORDED).read_text())["exchanges"]
        return found

    def theirs(self) -> dict[str, Any]:
        """What Microsoft's client sent, as the comparison takes it: what the case is about, and what else."""
        if isinstance(self.case, Operation):
            return answers(self.exchanges)
        answer: dict[str, Any] = {"rows": []}
        for one in self.exchanges:
            request = one["request"]
            if request["method"] == "GET" or request.get("query", {}).get("comp") == "metadata":
                continue
            if self._is_about(request):
                answer |= {"body": request["body"], "name": request["path"].rsplit("/", 1)[-1]}
                answer |= {"token": request.get("token", False), "url": f"https://{request['host']}{request['path']}"}
            elif request["method"] == "PUT":
                answer["rows"].append(_row(one))
        return answer

    def _is_about(self, request: Mapping[str, Any]) -> bool:
        if isinstance(self.case, Invoked):
            return request["method"] == "POST" and ".inference." in request["host"]
        if isinstance(self.case, Described):
            written = yaml.safe_load(self.case.text)
            names = [written["name"], written.get("endpoint_name"), written.get("version")]
            return (
                request["method"] == "PUT"
                and not {"codes", "blobs"} & set(request["path"].split("/"))
                and all(f"/{name}" in request["path"] for name in names if name)
            )
        return bool(request["method"] == "PUT" and request["path"].startswith(f"{HOME}/jobs/"))


def _row(one: Mapping[str, Any]) -> dict[str, Any]:
    request, answer = one["request"], one["answer"]
    row = {"method": request["method"], "path": request["path"], "body": request.get("body")}
    if "content_sha256" in request:
        row["content_hash"] = request["content_sha256"]
    if isinstance(answer.get("body"), dict) and "id" in answer["body"]:
        row["id"] = answer["body"]["id"]
    return row


def samples() -> list[Sample]:
    """All samples, by name."""
    return [Sample(path) for path in sorted(FOLDER.iterdir()) if path.is_dir() and list(path.glob("*.yml"))]


def written(client: str, exchanges: list[dict[str, Any]]) -> str:
    """A recording as it is kept: the same whenever the same is sent.

    Uploads, which go side by side, are sorted; looks at what comes of the last request are left out, for time decides
    their number; ids that are new each time are numbered, in the order of their appearance.
    """
    kept: list[dict[str, Any]] = []
    for uploads, group in itertools.groupby(exchanges, lambda one: ".blob." in one["request"]["host"]):
        side_by_side = list(group)
        kept += sorted(side_by_side, key=lambda one: str(one["request"]["path"])) if uploads else side_by_side
    while len(kept) > 1 and kept[-1]["request"]["method"] == "GET":
        kept.pop()
    text = json.dumps({"client": client, "exchanges": kept}, indent=1, sort_keys=True, ensure_ascii=False)
    numbers: dict[str, str] = {}
    for found in NEW.finditer(text):
        if not STEADY.match(found[0]):
            numbers.setdefault(found[1] or found[0], f"00000000-0000-4000-8000-{len(numbers) + 1:012d}")
    for name, number in numbers.items():
        text = text.replace(name, number)
    return text + "\n"
