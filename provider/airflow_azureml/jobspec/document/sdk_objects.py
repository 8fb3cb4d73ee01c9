"""Reads job objects of ``azure-ai-ml`` as plain values, by the dump that they make of themselves.

The dump writes ``azureml:`` before each path, whether it names an asset or a local file; here the latter lose it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from airflow_azureml.local.file_names import is_file_name
from airflow_azureml.rest.errors import Problem, SpecError

PREFIX = "azureml:"
ASSET = re.compile(r"[^:/@\\]+(:[^:/\\]+|@[^:/@\\]+)|/subscriptions/.+")
"""What follows ``azureml:`` in a reference to an asset."""


ANONYMOUS = "CliV2AnonymousEnvironment"
"""The name that an environment has which is written out in a job: none of its own."""

OWN: tuple[tuple[str, str, type], ...] = (("identity", "resource_id", str), ("resources", "docker_args", list))
"""Parts of a job, the keys in them that a dump leaves out, and what their values are."""

OWN_OF_SPARK = (("resources", "instance_type", str),)
"""The same of a Spark node, whose dump writes the size in small letters; Microsoft's client sends it as it is given."""

SPELLINGS = {"job_output_type": "type", "job_input_type": "type"}
"""Keys that the dump of some nodes spells as the service does."""


BASE = "$azure_ai_ml"
"""The key, in a job object that was written down, that says so: its value is the folder of relative paths, or None."""


def is_object(source: Any) -> bool:
    """Whether a value is a job object. The class is asked, since an instance may answer to any name."""
    return hasattr(type(source), "_to_dict")


def as_mapping(job: Any) -> dict[str, Any]:
    """Write a job down so that ``load`` still knows what it was: made by program, with a folder of its own.

    :raises SpecError: as ``plain``.
    """
    return {**plain(job), BASE: _folder(job, getattr(job, "base_path", None))}


def _folder(owner: Any, base: Any) -> str | None:
    """The folder of an object's relative paths; None for one that was made in Python.

    Such an object has the working directory of the process that made it (azure-ai-ml 1.35.2, ``Resource.__init__``):
    that of a DAG processor, of a worker or of somebody's shell, each with a DAG of its own. What was read from a file
    knows its file.
    """
    if not base or (not _from_file(owner) and os.path.abspath(base) == os.getcwd()):
        return None
    return str(base)


def _from_file(owner: Any) -> bool:
    """Whether it, or the component that it runs, was read from YAML; that of a ``@dsl.pipeline`` names its module."""
    files = (getattr(one, "_source_path", None) for one in (owner, getattr(owner, "component", None)))
    return any(is_file_name(file) for file in files)


def plain(job: Any) -> dict[str, Any]:
    """Write a job down.

    :raises SpecError: the object is not complete; the text is that of ``azure-ai-ml``.
    """
    try:
        # What ``command()`` and its like make is a node of a pipeline, and as a job of its own another object.
        job = job._to_job() if hasattr(job, "_to_job") else job
        dumped = json.loads(json.dumps(job._to_dict(), default=str))
    except Exception as error:  # noqa: BLE001 - the fault of another library, whatever it is
        reason = " ".join(str(error).split())
        failure = f"{type(error).__name__}: {reason[:500]}"
        message = f"azure-ai-ml cannot convert this {type(job).__name__} to a job file: {failure}"
        raise SpecError([Problem("", message)]) from None
    if not isinstance(dumped, dict):
        raise SpecError([Problem("", f"azure-ai-ml does not convert this {type(job).__name__} to a mapping.")])
    value = _cleaned(dumped)
    assert isinstance(value, dict)
    if "jobs" in value:
        # A pipeline's output without any settings is not in its dump, but its nodes are bound to it.
        value["outputs"] = {**{str(name): {} for name in getattr(job, "outputs", ())}, **value.get("outputs", {})}
        _complete_settings(job, value)
    _complete(job, value)
    return value


def _complete_settings(job: Any, value: dict[str, Any]) -> None:
    """Add the settings of a pipeline that its dump leaves out, such as ``on_init``."""
    settings: Any = getattr(job, "settings", None)
    own = settings._to_dict() if is_object(settings) else {}
    more = {key: item for key, item in own.items() if item is not None and not key.startswith("_")}
    if more:
        value["settings"] = {**more, **(value.get("settings") or {})}


def _complete(job: Any, value: dict[str, Any]) -> None:
    """Add what the dump of a job or node leaves out or writes as text, and Microsoft's client sends all the same."""
    for key in ("tags", "properties"):
        if isinstance(own := getattr(job, key, None), Mapping) and own:
            value[key] = dict(own)
    for name, given in _pairs(getattr(job, "inputs", None)):
        truth = getattr(given, "_data", given)  # what a pipeline or node has of it
        written = (value.get("inputs") or {}).get(name)
        if isinstance(truth, bool) and isinstance(value.get("inputs"), dict):
            value["inputs"][name] = truth
        elif isinstance(written, str) and isinstance(getattr(truth, "path", None), str) and "mode" in written:
            value["inputs"][name] = _data(truth)  # the dump of data with the old mode "mount" is its text
    for name, given in _pairs(getattr(job, "outputs", None)):
        about, written = _description(given), (value.get("outputs") or {}).get(name)
        if isinstance(about, str) and isinstance(written, dict):
            written["description"] = about
    for name, given in _pairs(getattr(job, "services", None)):
        if (value.get("services") or {}).get(name) == {} and getattr(given, "type", None) is None:
            value["services"][name] = {"type": "custom"}
    for part, key, kind in (*OWN, *(OWN_OF_SPARK if value.get("type") == "spark" else ())):
        holder = getattr(job, part, None)
        own = holder.get(key) if isinstance(holder, Mapping) else getattr(holder, key, None)
        if isinstance(own, kind) and isinstance(value.get(part), dict):
            value[part][key] = own
    columns = getattr(getattr(job, "_forecasting_settings", None), "time_series_id_column_names", None)
    if isinstance(columns, list) and isinstance(value.get("forecasting"), dict):
        value["forecasting"]["time_series_id_column_names"] = columns
    for owner, dump in ((job, value), (getattr(job, "component", None), value.get("component"))):
        for name, node in _pairs(getattr(owner, "jobs", None)):
            written = (dump.get("jobs") or {}).get(name) if isinstance(dump, dict) else None
            if isinstance(written, dict):
                if isinstance(title := getattr(node, "display_name", None), str):
                    written["display_name"] = title
                _complete(node, written)
                _write_items(node, written)
                _bind_outputs(written)
                _place_code(node, written)
                _add_compute(node, written)


def _write_items(node: Any, value: dict[str, Any]) -> None:
    """Write what the rounds of a ``parallel_for`` are given; its dump has data there as Python's text of an object."""
    if value.get("type") == "parallel_for":
        value["items"] = _items(getattr(node, "items", value.get("items")))


def _items(given: Any) -> object:
    if isinstance(given, list):
        return [_items(item) for item in given]
    if isinstance(given, dict):
        return {name: _items(item) for name, item in given.items()}
    if hasattr(type(given), "_data_binding"):
        return str(given)
    return _data(given) if hasattr(given, "path") else given


def _data(given: Any) -> dict[str, Any]:
    found = {key: getattr(given, key) for key in ("type", "path", "mode") if getattr(given, key, None)}
    return {**found, "mode": "ro_mount"} if found.get("mode") == "mount" else found


def _description(given: Any) -> object:
    """The description of an output; that which a pipeline's function returns has it in its data alone."""
    about, data = getattr(given, "description", None), getattr(given, "_data", None)
    return about if about is not None or hasattr(data, "_data") else getattr(data, "description", None)


def _add_compute(node: Any, value: dict[str, Any]) -> None:
    """Add the compute of a pipeline in a pipeline, which its dump leaves out; serverless is no resource to name."""
    compute = getattr(node, "compute", None)
    if value.get("type") == "pipeline" and isinstance(compute, str) and compute.lower() not in ("", "serverless"):
        value.setdefault("compute", compute if compute.startswith((PREFIX, "$")) else f"{PREFIX}{compute}")


def _place_code(node: Any, value: dict[str, Any]) -> None:
    """Find the code of a parallel node's task, which its dump leaves relative to the file of its component.

    Source: azure-ai-ml 1.35.2, ``Parallel.__init__`` takes task and folder over from the component.
    """
    folder, task = _folder(node, getattr(node, "_base_path", None)), value.get("task")
    code = task.get("code") if isinstance(task, dict) else None
    if folder and isinstance(code, str) and not code.startswith((PREFIX, "/", "git+")) and "://" not in code:
        value["task"]["code"] = os.path.abspath(os.path.join(folder, code))


def _bind_outputs(value: dict[str, Any]) -> None:
    """Write outputs that are bound to the pipeline's as bindings; the dump of an AutoML node has literals."""
    for name, given in (value.get("outputs") or {}).items():
        if isinstance(given, dict) and given.get("type") == "literal" and isinstance(given.get("value"), str):
            value["outputs"][name] = given["value"]


def _pairs(value: Any) -> list[tuple[str, Any]]:
    return [(str(name), item) for name, item in value.items()] if isinstance(value, Mapping) else []


def _cleaned(value: Any, key: str = "") -> object:
    if isinstance(value, dict):
        if value.get("name") == ANONYMOUS:
            value = {name: item for name, item in value.items() if name not in ("name", "version")}
        return {SPELLINGS.get(name, name): _cleaned(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, str) and key in ("path", "code") and value.startswith(PREFIX):
        rest = value.removeprefix(PREFIX)
        if not rest.startswith("//") and not ASSET.fullmatch(rest):
            return rest
    return value
