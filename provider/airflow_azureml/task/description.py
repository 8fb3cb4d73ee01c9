"""Everything that a task is made again from in the triggerer, which does not read DAG files: one JSON text.

It has the task's keywords as they are written, templates unrendered, and is stored in the serialised DAG and,
encrypted, with the trigger.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import Any

from airflow_azureml.local.file_names import is_file_name
from airflow_azureml.task.stored_references import MARK, StoredReference, restored
from airflow_azureml.version_compat import conf

TRIGGER = "airflow_azureml.triggers.start.AzureMLStartTrigger"
"""The trigger that makes the task again."""

ON_WORKERS = "/only-on-workers"
"""The place of a task's local files where only a worker has those of the run's version; nothing is there."""


class NotPlainError(ValueError):
    """A value that JSON does not have."""


def describe(task: Any) -> str:
    """Write a task down.

    :raises NotPlainError: a keyword is nothing that JSON has.
    """
    cls: Any = type(task)
    dag = task.dag if task.has_dag() else None
    folder, files = (dag.folder if dag else os.getcwd()), dict(getattr(task, "template_file_paths", {}))
    if not local_bundles():
        folder = ON_WORKERS
        files = {field: os.path.join(folder, os.path.basename(path)) for field, path in files.items()}
    searchpath = (dag.template_searchpath or ()) if dag else ()
    timeout = task.execution_timeout
    given = {name: getattr(task, name) for name in (*_keywords(cls), *cls.further_keywords)}
    description = {
        "class": f"{cls.__module__}.{cls.__qualname__}",
        "task_id": task.task_id,
        "keywords": {name: _plain(name, value) for name, value in given.items() if value is not None},
        "retries": task.retries or 0,
        "execution_timeout": None if timeout is None else timeout.total_seconds(),
        "trigger_timeout": None if task.trigger_timeout() is None else task.trigger_timeout().total_seconds(),
        "end": task.end_in_trigger(bool(task.retries)),
        "folder": folder,
        "files": files,
        "searchpath": [searchpath] if isinstance(searchpath, str) else [str(path) for path in searchpath],
        "native": bool(dag and dag.render_template_as_native_obj),
    }
    return json.dumps(description)


def _plain(name: str, value: Any) -> Any:
    """A keyword as JSON has it.

    :raises NotPlainError: it has nothing like it.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return value
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "iter_references") and (reference := StoredReference.of(value)) is not None:
        return reference.to_json()
    if isinstance(value, Mapping) and all(isinstance(key, str) and key != MARK for key in value):
        return {key: _plain(f"{name}.{key}", item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(name, item) for item in value]
    raise NotPlainError(f"{name}: {type(value).__name__} cannot be stored with the trigger")


@cache
def _keywords(cls: Any) -> tuple[str, ...]:
    """The keywords that the constructors of our own classes name."""
    own = [base for base in cls.__mro__ if base.__module__.startswith("airflow_azureml.") and "__init__" in vars(base)]
    names = (inspect.signature(base.__init__).parameters.values() for base in own)
    keywords = (one.name for given in names for one in given if one.kind is one.KEYWORD_ONLY)
    return tuple(dict.fromkeys(keywords))


@cache
def local_bundles() -> bool:
    """Whether all DAG files lie in plain folders: of other bundles a run may have a version that only workers see."""
    bundles = json.loads(conf.get("dag_processor", "dag_bundle_config_list", fallback="") or "[]")
    return all(str(bundle.get("classpath", "")).endswith(".LocalDagBundle") for bundle in bundles)


def made_again(task: Mapping[str, Any], dag_id: str) -> Any:
    """Make the task in the triggerer, with a DAG that has what a job's description may depend on.

    :raises FileNotFoundError: a file was missing when Airflow read the DAG; one that is there now is left to a worker.
    """
    from airflow_azureml.version_compat import DAG

    module, _, name = task["class"].rpartition(".")
    cls: Any = getattr(import_module(module), name)
    dag = DAG(
        dag_id,
        schedule=None,
        template_searchpath=task["searchpath"] or None,
        render_template_as_native_obj=task["native"],
    )
    dag.fileloc = os.path.join(task["folder"], "dag.py")
    limit = task["execution_timeout"]
    found = cls(
        task_id=task["task_id"],
        dag=dag,
        retries=task["retries"],
        execution_timeout=None if limit is None else timedelta(seconds=limit),
        **restored(task["keywords"]),
    )
    found.start_in_trigger = False  # it does already
    found.template_file_paths = task["files"]
    for field in getattr(found, "template_file_fields", ()):
        if is_file_name(getattr(found, field)):
            raise FileNotFoundError(f"{field}: the file {getattr(found, field)!r} was not there when the DAG was read.")
    return found
