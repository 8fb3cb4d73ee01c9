"""How the nodes of a pipeline are tied to each other as they are written: bindings, and nodes that run other nodes.

What outlines a pipeline with each parse of a DAG file reads this, so it imports no table of fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

BINDING = re.compile(r"\$\{\{\s*parent\.(inputs|outputs|jobs)\.([^}\s]+?)\s*\}\}")
"""A binding to what is around a node: its part, and its path there."""

CONTROL = ("do_while", "if_else", "parallel_for")
"""Types of nodes that say which other nodes are run, and how often."""


def whole_binding(value: object) -> tuple[str, str] | None:
    """Part and path of a value that is a binding and nothing else, by itself or as the ``path`` of data."""
    path = value.get("path") if isinstance(value, Mapping) else value
    found = BINDING.fullmatch(path) if isinstance(path, str) else None
    return (found[1], found[2]) if found else None
