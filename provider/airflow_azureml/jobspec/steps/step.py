"""One step of a pipeline, written as a pipeline of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_azureml.jobspec.document.document import Path, SourceLocation
from airflow_azureml.jobspec.document.graph import BINDING, whole_binding
from airflow_azureml.jobspec.document.sdk_objects import BASE
from airflow_azureml.jobspec.steps.around import PARAMETERS, Around, Given, Made, of_port
from airflow_azureml.jobspec.steps.outline import (
    OWN_WORDS,
    Node,
    mapping,
    outputs_of,
    texts,
)

HEAD = ("experiment_name", "description", "tags", "properties", "identity", "compute")
"""Keys of a pipeline that its steps take over; names are those of the node."""

SETTINGS = ("default_compute", "default_datastore")
"""Those of its settings. Whether a step runs, and what becomes of others when one fails, Airflow says."""


@dataclass(frozen=True)
class Step:
    """One step.

    :param path: its name, after those of the pipelines that it is in.
    :param job: a pipeline job whose only node it is; paths in it are relative to ``folder``.
    :param file: where the node is written; None for a text or mapping.
    :param places: where the parts of the job are written.
    :param made: its inputs that other steps make.
    :param given: its inputs that are inputs of the whole pipeline, and which.
    :param has_compute: it names its own compute.
    """

    path: tuple[str, ...]
    job: Mapping[str, Any]
    folder: str
    file: str | None
    places: Mapping[Path, SourceLocation]
    made: Mapping[str, Made]
    given: Mapping[str, str]
    has_compute: bool


def step(around: Around, name: str, node: Node) -> Step:
    """Write a node of a pipeline as a pipeline of its own."""
    return _Writer(around, name, node).step()


class _Writer:
    """Writes one step."""

    def __init__(self, around: Around, name: str, node: Node) -> None:
        self.around, self.name, self.node = around, name, node
        self.place = node.located.place
        self.inputs: dict[str, Any] = {}
        self.made: dict[str, Made] = {}
        self.given: dict[str, str] = {}
        self.places: dict[Path, SourceLocation] = {}

    def step(self) -> Step:
        """Write the step."""
        located, document = self.node.located, self.around.document
        kept = (*OWN_WORDS, "outputs")
        node = {key: value if key in kept else self._rewritten(value) for key, value in located.value.items()}
        node |= self._inputs(node)
        node["outputs"], outputs = self._outputs()
        settings = {
            key: value for key, value in mapping(document.value.get("settings")).items() if key in SETTINGS and value
        } | {"force_rerun": True}
        top = {key: document.value[key] for key in HEAD if document.value.get(key) is not None}
        if self.around.compute:
            top["compute"] = self.around.compute
        for key in ("display_name", "description"):
            if located.value.get(key) is not None:
                top[key] = located.value[key]
        if document.from_python:
            top[BASE] = self.place.folder
        job: dict[str, Any] = {"type": "pipeline", **top, "settings": settings}
        job |= {"inputs": self.inputs, "outputs": outputs, "jobs": {self.name: node}}
        self._note_places()
        return Step(
            (*self.around.path, self.name),
            {key: value for key, value in job.items() if value not in ({}, None)},
            self.place.folder,
            self.place.file,
            self.places,
            self.made,
            self.given,
            bool(located.value.get("compute") or self.around.compute),
        )

    def _inputs(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """The node's inputs without those that nobody gives, and with what they were given on the way."""
        written = self.node.part("inputs")
        inputs = dict(mapping(node.get("inputs")))
        for name, value in written.items():
            bound = whole_binding(value)
            found = self.around.bound(*bound) if bound else None
            if found is None:
                continue
            if found.absent:
                del inputs[name]
            elif found.settings:
                rewritten = inputs[name]
                path = rewritten["path"] if isinstance(rewritten, Mapping) else rewritten
                inputs[name] = {**found.settings, **mapping(rewritten), "path": path}
        return {"inputs": inputs} if inputs or "inputs" in node else {}

    def _rewritten(self, value: Any) -> object:
        """A value with its bindings led to inputs of the step's own pipeline."""
        if isinstance(value, str):
            return BINDING.sub(lambda found: self._led(found[0], found[1], found[2]), value) if "{" in value else value
        if isinstance(value, Mapping):
            return {key: self._rewritten(item) for key, item in value.items()}
        return [self._rewritten(item) for item in value] if isinstance(value, (list, tuple)) else value

    def _led(self, text: str, part: str, path: str) -> str:
        found = self.around.bound(part, path)
        if found is None:
            for name, given in self.around.given.items():
                if name.startswith(f"{path}."):
                    self._take(name, given)
            return text
        name = path if part == "inputs" else "_".join(word for word in path.split(".") if word != "outputs")
        while part != "inputs" and name in self.around.given:
            name += "_"
        self._take(name, found)
        return f"${{{{parent.inputs.{name}}}}}"

    def _take(self, name: str, given: Given) -> None:
        if given.absent:
            return
        if given.made is not None:
            self.made[name] = given.made
            return
        if given.name is not None:
            self.given[name] = given.name
        self.inputs[name] = self._moved(given.value, given.place)
        if given.place is not None:
            self.places[("inputs", name)] = given.place._replace(folder=self.place.folder)

    def _moved(self, value: Any, place: SourceLocation | None) -> object:
        """Data whose path is relative to the step's folder."""
        if place is None or place.folder == self.place.folder or not isinstance(value, Mapping):
            return value
        path = value.get("path")
        if not isinstance(path, str) or ":" in path or path.startswith(("/", "~", "$")):
            return value
        return {**value, "path": os.path.relpath(os.path.join(place.folder, path), self.place.folder)}

    def _outputs(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The outputs of the node, bound to those of its own pipeline, and these."""
        node, pipeline = {}, {}
        declared = self.node.declared("outputs") or {}
        names = [*map(str, self.node.part("outputs")), *map(str, declared), *self._taken_by_others()]
        for name in dict.fromkeys(names):
            port = mapping(declared.get(name))
            if port.get("type") in PARAMETERS or self.node.leaves_as_artifacts(name):
                continue
            value = self.node.part("outputs").get(name)
            bound, binding = whole_binding(value), f"${{{{parent.outputs.{name}}}}}"
            kept = of_port(port)
            if bound is not None and bound[0] == "outputs":
                pipeline[name] = {**kept, **mapping(self.around.outputs.get(bound[1]))}
                node[name] = {**value, "path": binding} if isinstance(value, Mapping) else binding
            elif value is None or isinstance(value, Mapping):
                pipeline[name] = {**kept, **mapping(self._rewritten(value or {}))}
                node[name] = binding
            else:
                node[name] = value  # which is refused when the step is translated
        return node, pipeline

    def _taken_by_others(self) -> list[str]:
        """Outputs that others take, of which a registered component may be the only one to know."""
        if outputs_of(self.node) is not None:
            return []
        start = f"{self.name}.outputs."
        others = [node.located.value for node in self.around.pipeline.nodes.values()]
        bound = [found for text in texts(others) for found in BINDING.finditer(text)]
        return [found[2].removeprefix(start) for found in bound if found[1] == "jobs" and found[2].startswith(start)]

    def _note_places(self) -> None:
        """Note where the step is written."""
        self.places[()] = self.place
        self.places |= self.around.pipeline.places.get(self.name, {})
        whole = self.around.document
        for key in (*HEAD, "settings"):
            if key in whole.value:
                self.places[(key,)] = whole.place((key,))._replace(folder=self.place.folder)
