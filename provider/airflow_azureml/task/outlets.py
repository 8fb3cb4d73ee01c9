"""What the asset events of a task's outlets say: which job, which version, where, and what was measured.

Written when the task ends, on the worker that ends it: what is written before a deferral is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from airflow_azureml.version_compat import AIRFLOW_V_3_1_PLUS

JOB_KEYS = ("job_name", "status", "experiment_name", "studio_url", "metrics")
"""Keys of a job's result that each of its events has."""


def describe(context: Any, outlets: Sequence[Any], result: Any) -> None:
    """Say in the events of a task's outlets what it has made.

    An outlet's event has what the result says of the output or asset that it names, else of the whole task. An alias
    gets an asset for each output that was registered, or, where none was, for each output's path; below Airflow 3.1 its
    events have metrics as JSON text, for a value that holds others fails the task there (``models/taskinstance.py``
    makes a ``frozenset`` of it).

    :param result: of one of our operators: of a job, or of a registered asset; of anything else nothing is said.
    """
    events = context.get("outlet_events") if outlets else None
    if events is not None and isinstance(result, Mapping):
        _describe(events, outlets, result)


def _describe(events: Any, outlets: Sequence[Any], result: Mapping[str, Any]) -> None:
    from airflow_azureml.asset_uris import create_asset, normal, without_version

    made = _made(result)
    for outlet in outlets:
        uri = getattr(outlet, "uri", None)
        if uri is None:
            for place, told in _for_aliases(made).items():
                extra = {**told, **events[outlet].extra}  # what the job itself reports, too
                events[outlet].add(create_asset(path=place), extra=extra if AIRFLOW_V_3_1_PLUS else _flat(extra))
            continue
        said = made.get(normal(uri)) or made.get(without_version(uri))
        extra = events[outlet].extra
        for key, value in (said or _of_whole(result)).items():
            extra.setdefault(key, value)


def _made(result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What a task has made, by the URIs that name it, with what is to be said of it."""
    from airflow_azureml.asset_uris import normal, without_version

    if _is_asset(result):
        extra = _of_whole(result)
        return {uri: extra for uri in (without_version(result["id"]), normal(result["id"]), _path(result)) if uri}
    made: dict[str, dict[str, Any]] = {}
    outputs = result.get("outputs")
    for name, output in outputs.items() if isinstance(outputs, Mapping) else ():
        extra = {**_of_whole(result), "output": name, "path": output["path"]}
        asset_id = output.get("asset_id")
        if asset_id:
            extra |= {"asset_id": asset_id, "version": asset_id.rstrip("/").rpartition("/")[2]}
            made |= {normal(asset_id): extra, without_version(asset_id): extra}
        made[_path(output)] = extra
    return made


def _for_aliases(made: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The assets that an alias stands for: without version, and the job's own artifacts left out."""
    registered = dict(_registered(made))
    return registered or {uri: extra for uri, extra in made.items() if extra.get("output") != "default"}


def _flat(extra: Mapping[str, Any]) -> dict[str, Any]:
    return {key: json.dumps(value) if isinstance(value, (dict, list)) else value for key, value in extra.items()}


def _registered(made: Mapping[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    from airflow_azureml.asset_uris import without_version

    for extra in made.values():
        if extra.get("asset_id"):
            yield without_version(extra["asset_id"]), extra


def _of_whole(result: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be said of a task as a whole."""
    if _is_asset(result):
        return {"asset_id": result["id"], **{key: result[key] for key in ("name", "version", "path")}}
    return {key: result[key] for key in JOB_KEYS if result.get(key) is not None}


def _is_asset(result: Mapping[str, Any]) -> bool:
    return all(isinstance(result.get(key), str) for key in ("id", "name", "version", "path"))


def _path(of: Mapping[str, Any]) -> str:
    from airflow_azureml.asset_uris import normal

    path = str(of["path"])
    return normal(path) if path.startswith(("azureml:", "/subscriptions/")) else path
