"""The one reader of mappings by a table: rename, convert, refuse what is unknown or missing.

A converter takes a located value and the translator, and returns the value as the service wants it, or ``INVALID``
after it has noted a problem. All problems of a document are gathered; nothing stops at the first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import closest, show, suggestion
from airflow_azureml.jobspec.table.binding_text import holds_binding
from airflow_azureml.jobspec.table.field import Container, Field, MappingConvert, Table
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Invalid, Translator


def convert_mapping(table: Table, located: Located, ctx: Translator, extra: Collection[Any] = ()) -> dict[str, Any]:
    """Read a mapping by a table.

    :param extra: keys that are read elsewhere, texts or not.
    :return: the names of the form that is written, and the values that are valid; INVALID ones are left out (and
        noted).
    """
    mapping = located.value
    if not isinstance(mapping, (dict, Mapping)):
        ctx.error(located, f"{show(mapping)} is not a mapping.")
        return {}
    from_python = located.document.from_python
    rows, required = _index(tuple(table), from_python)
    meant: set[str] = set()
    body: dict[str, Any] = {}
    for key, value in mapping.items():
        row = rows.get(key) if isinstance(key, str) else None
        if row is None:
            if key not in extra and (key != "$schema" or (value is None and not from_python)):
                meant.add(_unknown_key(key, rows, located, ctx, extra))
            continue
        if row.ignored or (value is None and from_python):
            if value is None and not from_python:
                ctx.error(located, f"{show(key)} is empty. Leave it out.", key)
            continue
        if ctx.bound and holds_binding(value) and row.takes_binding():
            converted: object = value
        else:
            converted = row.convert(located.child(key), ctx)
        if row.unsent and value not in (None, "", {}, []):
            ctx.warn(located.child(key), f"{show(key)} is not sent: it has no effect here.")
        if converted is not INVALID and converted is not OMIT:
            name = row.sent_as(ctx.form)
            if name is not None:
                body[name] = converted
    for name in required:
        if mapping.get(name) is None and name not in meant and (name not in mapping or from_python):
            _missing_key(name, rows, located, ctx)
    return body


@lru_cache(maxsize=512)
def _index(table: tuple[Field, ...], from_python: bool) -> tuple[Mapping[str, Field], tuple[str, ...]]:
    """The rows of a table by name, and the names that are required: made once, for a file has many like mappings."""
    rows = {row.name: row for row in table if from_python or not row.python_only}
    return rows, tuple(row.name for row in table if row.required)


def _unknown_key(
    key: object, rows: Mapping[str, Field], located: Located, ctx: Translator, extra: Collection[Any]
) -> str:
    """Note a key that no row has; returns the name that it was most likely meant to be."""
    names = [row.name for row in rows.values() if not row.ignored]
    close = closest(key, [*names, *extra])
    below = BELOW.get(key) if isinstance(key, str) else None
    hint = f" It belongs in {below}." if below in names else suggestion(close, [*names, *extra])
    ctx.error(located, f"unknown key {show(key)}.{hint}", key)  # type: ignore[arg-type]
    return close


def _missing_key(name: str, rows: Mapping[str, Field], located: Located, ctx: Translator) -> None:
    near = closest(name, [key for key in located.value if isinstance(key, str) and key not in rows])
    ctx.error(located, f"{show(name)} is required.{f' Is {show(near)} a misspelling of it?' if near else ''}", name)


BELOW = {
    "timeout": "limits",
    **dict.fromkeys(("instance_type", "instance_count", "shm_size", "docker_args"), "resources"),
    **dict.fromkeys(("image", "conda_file"), "environment"),
    **dict.fromkeys(("default_compute", "default_datastore", "continue_on_step_failure", "force_rerun"), "settings"),
    **dict.fromkeys(("max_total_trials", "max_concurrent_trials", "trial_timeout"), "limits"),
    **dict.fromkeys(("primary_metric", "goal"), "objective"),
    "process_count_per_instance": "distribution",
    "job_tier": "queue_settings",
}
"""Keys that people write too high, and where they belong."""


def nested(table: Table, **fixed: Any) -> Container[dict[str, Any] | Invalid]:
    """Make a converter for a mapping that has a table of its own.

    :param fixed: the service's names and values that are sent besides, though not in the specification of a component:
        a YAML file has no such keys.
    """

    @Container
    def convert(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
        if not isinstance(located.value, Mapping):
            return ctx.error(located, f"{show(located.value)} is not a mapping. Accepted keys: {_keys(table)}.")
        if not fixed or ctx.form is Form.COMPONENT:
            return convert_mapping(table, located, ctx)
        return {**{ctx.key(name): value for name, value in fixed.items()}, **convert_mapping(table, located, ctx)}

    return convert


def by_type(kinds: Mapping[str, MappingConvert], what: str, fold: Callable[[str], str] = str.lower) -> MappingConvert:
    """Make a converter for a mapping whose ``type`` says which of several tables it follows.

    It is no container: a binding may stand in the place of the whole, as Microsoft's client takes it. In the
    specification of a component the ``type`` is sent, in the spelling of ``kinds``.
    """

    def convert(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
        if not isinstance(located.value, Mapping):
            return ctx.error(located, f"{show(located.value)} is not a mapping. Accepted types: {', '.join(kinds)}.")
        word = located.value.get("type")
        if word is None:
            return ctx.error(located, f"the type of {what} is required. Accepted: {', '.join(kinds)}.", "type")
        if not isinstance(word, str) or fold(word) not in kinds:
            return ctx.error(located, f"{show(word)} is not a type of {what}. Accepted: {', '.join(kinds)}.", "type")
        body = kinds[fold(word)](located, ctx)
        return {"type": fold(word), **body} if ctx.form is Form.COMPONENT and body is not INVALID else body

    return convert


def fixed(table: Table, **values: Any) -> Container[dict[str, Any] | Invalid]:
    """Make a converter for a mapping of a known ``type``: its table, and what is sent for the type itself."""
    return nested((*table, Field("type", None, anything)), **values)


def _keys(table: Table) -> str:
    return ", ".join(row.name for row in table if not row.ignored and not row.python_only)
