"""Bindings: ``${{inputs.x}}``, ``${{outputs.x}}`` and optional ``$[[ ... ]]`` parts of a command."""

from __future__ import annotations

import re
from collections.abc import Collection

BINDING = re.compile(r"\$\{\{\s*(inputs|outputs)\.([^\s{}]+)\s*\}\}")
OPTIONAL = re.compile(r"\$\[\[(.*?)\]\]", re.DOTALL)


def unknown_bindings(command: str, inputs: Collection[str], outputs: Collection[str]) -> list[str]:
    """The bindings of a command that name no input or output of the job; those in optional parts may."""
    declared = {"inputs": inputs, "outputs": outputs}
    required = OPTIONAL.sub("", command)
    return [f"{side}.{name}" for side, name in BINDING.findall(required) if name not in declared[side]]


def required_inputs(command: str) -> list[str]:
    """The inputs that a command names outside of optional parts."""
    return [name for side, name in BINDING.findall(OPTIONAL.sub("", command)) if side == "inputs"]
