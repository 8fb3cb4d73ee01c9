"""A pipeline of one command as the command job that does the same: it begins sooner, and its log, metrics, failure and
time in the queue are its own.

What says more than a command job can stays a pipeline: a component that is registered or has additional includes, code
in a registry, groups of inputs. So does what is wrong: the translation of the pipeline tells the mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.jobspec.document.document import Document, Located, Path, SourceLocation
from airflow_azureml.jobspec.document.graph import BINDING, whole_binding
from airflow_azureml.jobspec.grammar.command_text import ANY_BINDING
from airflow_azureml.jobspec.grammar.component_io import PARAMETERS, parameter
from airflow_azureml.jobspec.steps.outline import Node, mapping, outline
from airflow_azureml.rest.errors import SpecError

OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)
"""What a component's command has only where the optional inputs in it are given."""

OF_NODE = ("limits", "services", "identity", "queue_settings", "environment_variables")
"""Settings that a node has and a component has not."""

OF_EITHER = ("resources", "distribution")
"""Those that a component may have for a node without them."""

KEYS = frozenset(
    (
        *("type", "component", "command", "environment", "code", "compute", "inputs", "outputs", "name"),
        *("display_name", "description", "tags", "properties", "comment", "experiment_name", "$schema"),
        *OF_NODE,
        *OF_EITHER,
    )
)
"""What is known of a node."""

IN_COMPONENT = frozenset(
    (
        *("$schema", "name", "version", "type", "display_name", "description", "tags", "is_deterministic"),
        *("command", "code", "environment", "inputs", "outputs", "environment_variables", "properties"),
        *OF_EITHER,
    )
)
"""What is known of a component."""


class Beyond(Exception):
    """A command job cannot say it."""


def as_command(pipeline: Document) -> Document:
    """The command job that does what a pipeline of one node does, or the pipeline itself.

    :param pipeline: a step's, with the values of its inputs.
    """
    try:
        (node,) = outline(pipeline).nodes.values()
        return _Writer(pipeline, node).document()
    except (Beyond, SpecError):
        return pipeline


class _Writer:
    def __init__(self, pipeline: Document, node: Node) -> None:
        self.pipeline, self.node = pipeline, node
        self.source = node.component or node.located
        self.value: dict[str, Any] = {}
        self.places: dict[Path, SourceLocation] = {}
        self._check_kind()

    def _check_kind(self) -> None:
        node, source = self.node.located.value, self.source.value
        word = node.get("type", source.get("type", "command" if "command" in source else None))
        if word != "command" or self.node.is_registered or not set(node) <= KEYS or "trial" in node:
            raise Beyond
        if self.node.component is not None and (source.get("type") != "command" or not set(source) <= IN_COMPONENT):
            raise Beyond
        code = source.get("code")
        if code is not None and (not isinstance(code, str) or code.startswith(("azureml://", "git+"))):
            raise Beyond

    def document(self) -> Document:
        """Write the job."""
        node, top = self.node.located, self.pipeline.root
        inputs = self._inputs()
        for key in ("description", "display_name", "experiment_name", "identity"):
            self._put(key, top)
        self.value |= {"type": "command", "command": self._command(inputs)}
        self.places[("command",)] = self.source.document.place((*self.source.path, "command"))
        for key in ("environment", "code"):
            self._put(key, self.source)
        for key in (*OF_NODE, *OF_EITHER):
            self._put(key, node, bound=True)
        if self.node.component is not None:
            for key in OF_EITHER:
                if key not in self.value:
                    self._put(key, self.source)
        for key in ("tags", "properties"):
            merged = {**mapping(top.value.get(key)), **mapping(self._filled(node.value.get(key)))}
            self.value |= {key: merged} if merged else {}
        self._compute()
        self.value |= {"inputs": inputs} if inputs else {}
        outputs = self._outputs()
        self.value |= {"outputs": outputs} if outputs else {}
        return replace(self.pipeline, value=self.value, places=self.places)

    def _put(self, key: str, located: Located, bound: bool = False, name: str | None = None) -> None:
        """Take a value over, with the places of what is in it."""
        if located.value.get(key) is None:
            return
        value = located.value[key]
        self.value[name or key] = self._filled(value) if bound else value
        self._note((name or key,), located.child(key))

    def _note(self, path: Path, located: Located) -> None:
        length, document = len(located.path), located.document
        self.places[path] = document.place(located.path)
        for where, place in document.places.items():
            if len(where) > length and where[:length] == located.path:
                self.places[path + where[length:]] = place

    # -- compute, inputs, outputs

    def _compute(self) -> None:
        node, top = self.node.located, self.pipeline.root
        if node.value.get("compute") is not None:
            self._put("compute", node, bound=True)
        elif top.value.get("compute") is not None:
            self._put("compute", top)
        elif mapping(top.value.get("settings")).get("default_compute") is not None:
            self._put("default_compute", top.child("settings"), name="compute")

    def _inputs(self) -> dict[str, Any]:
        declared = self.node.declared("inputs") if self.node.component is not None else None
        written = self.node.part("inputs")
        if declared is not None and not set(map(str, written)) <= set(map(str, declared)):
            raise Beyond  # a warning of the pipeline's
        inputs = {}
        for name in map(str, written if declared is None else declared):
            port = mapping(declared.get(name)) if declared is not None else {}
            if "." in name:
                raise Beyond
            if name in written:
                inputs[name] = self._input(self.node.located.child("inputs").child(name), port)
            elif "default" in port and not port.get("optional"):
                inputs[name] = _default(port)
            elif not port.get("optional"):
                raise Beyond  # an error of the pipeline's
        return inputs

    def _input(self, located: Located, port: Mapping[str, Any]) -> object:
        value, bound = located.value, whole_binding(located.value)
        path: Path = ("inputs", located.name)
        if bound is None:
            self._note(path, located)
            value = self._filled(value)
        else:
            given = self._given(bound[1])
            self._note(path, self.pipeline.root.child("inputs").child(bound[1]))
            further = {key: item for key, item in mapping(value).items() if key != "path"}
            value = {**given, **further} if isinstance(given, Mapping) else given
            if further and not isinstance(given, Mapping):
                raise Beyond
        kind = port.get("type")
        if kind is None or kind in PARAMETERS:
            if kind is not None and isinstance(value, Mapping):
                raise Beyond
            return value
        if isinstance(value, str):
            value = {"path": value}
        if not isinstance(value, Mapping):
            raise Beyond
        declared = {key: port[key] for key in ("mode",) if key in port}
        return {**declared, **value, "type": _data_type(value, kind)}

    def _given(self, name: str) -> object:
        """The value of one of the pipeline's inputs."""
        inputs = mapping(self.pipeline.value.get("inputs"))
        if name not in inputs:
            raise Beyond
        value = inputs[name]
        return value["value"] if isinstance(value, Mapping) and set(value) == {"value"} else value

    def _outputs(self) -> dict[str, Any]:
        store = mapping(self.pipeline.value.get("settings")).get("default_datastore")
        outputs = {}
        for name, value in self.node.part("outputs").items():
            bound = whole_binding(value)
            if bound is None or bound[0] != "outputs" or "." in str(name):
                raise Beyond
            written = mapping(self.pipeline.value.get("outputs")).get(bound[1])
            self._note(("outputs", str(name)), self.node.located.child("outputs").child(name))
            further = {key: item for key, item in mapping(value).items() if key != "path"}
            output = {**mapping(written), **further}
            if store is not None and output.get("path") is None:
                output["path"] = _default_place(store, output.get("type"))
            outputs[str(name)] = output
        return outputs

    # -- text

    def _filled(self, value: Any) -> object:
        """A value with the literals in the place of its bindings."""
        if isinstance(value, Mapping):
            return {key: self._filled(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._filled(item) for item in value]
        if not isinstance(value, str) or "${{" not in value:
            return value
        whole = BINDING.fullmatch(value)
        return self._literal(whole[2]) if whole else BINDING.sub(lambda found: str(self._literal(found[2])), value)

    def _literal(self, name: str) -> object:
        value = self._given(name)
        if value is None or isinstance(value, (Mapping, list, tuple)):
            raise Beyond
        return value

    def _command(self, inputs: Mapping[str, Any]) -> str:
        """The command, whose optional parts are there where their inputs are given."""
        text = self.source.value.get("command")
        if not isinstance(text, str):
            raise Beyond

        def part(found: re.Match[str]) -> str:
            names = [name.partition(".")[2] for name in ANY_BINDING.findall(found[1]) if name.startswith("inputs.")]
            return found[1] if all(name in inputs for name in names) else ""

        text = OPTIONAL.sub(part, text)
        for binding in ANY_BINDING.findall(text):
            kind, _, name = binding.partition(".")
            if kind not in ("inputs", "outputs") or (kind == "inputs" and name not in inputs):
                raise Beyond
        return text


def _data_type(data: Mapping[str, Any], declared: str) -> object:
    """The type of data: as it is written, else as the component declares it, as an output that is bound has it.

    :param data: with the addresses that outputs have, where another task has made it.
    """
    given = data.get("type")
    as_written = given is not None and ("https_url" not in data or given == "uri_file")
    return given if as_written or declared == "path" else declared


def _default(port: Mapping[str, Any]) -> object:
    """A default as the service hands it to the command: the component carries it as text."""
    try:
        return parameter(port["type"], port["default"])
    except (KeyError, ValueError, OverflowError, TypeError):
        raise Beyond from None


def _default_place(store: object, kind: object) -> str:
    """Where the service puts an output whose pipeline names its own default datastore.

    Source: Microsoft Learn, *Expressions in Azure Machine Learning SDK and CLI v2*: both expressions work in all jobs.
    """
    if not isinstance(store, str) or not store.startswith("azureml:") or store.startswith("azureml:/"):
        raise Beyond
    folder = f"azureml://datastores/{store.removeprefix('azureml:')}/paths/azureml/${{{{name}}}}/${{{{output_name}}}}"
    return f"{folder}/${{{{output_name}}}}" if kind == "uri_file" else f"{folder}/"
