"""An input whose ``path`` is another task's output, with a type or a mode of its own beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

OUTPUT_KEYS = frozenset({"type", "path", "https_url", "abfss_url", "asset_id"})
"""What an output of one of our tasks may have, see ``lifecycle.records``; the result of a registration has more."""


def lay_outputs_under(holder: Any, fields: Iterable[str]) -> None:
    """In the inputs that these rendered fields hold, swap an output as ``path`` for the output with what is beside it.

    ``{"path": output, "mode": "download"}`` is the output, downloaded.
    """
    for name in fields:
        value = getattr(holder, name, None)
        if (laid := _laid(name, value, ())) is not value:
            setattr(holder, name, laid)


def _laid(key: object, value: Any, around: tuple[int, ...]) -> Any:
    if type(value) is not dict or id(value) in around:
        return value
    around = (*around, id(value))
    found = {
        name: with_output_under(entry) if key == "inputs" else _laid(name, entry, around)
        for name, entry in value.items()
    }
    return found if any(found[name] is not value[name] for name in value) else value


def with_output_under(value: Any) -> Any:
    """An input whose ``path`` is an output as that output with what is beside it; any other as it is."""
    path = value.get("path") if isinstance(value, Mapping) else None
    if not isinstance(path, Mapping) or not path.get("path") or not OUTPUT_KEYS.issuperset(path):
        return value
    return {**path, **value, "path": path["path"]}
