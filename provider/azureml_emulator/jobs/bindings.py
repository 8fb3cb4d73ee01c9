"""Bindings: ``${{inputs.x}}``, ``${{outputs.x}}`` and optional ``$[[ ... ]]`` parts of a command."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

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


def bound_command(command: str, inputs: Mapping[str, str], outputs: Mapping[str, str]) -> str:
    """The command with its values in place; an optional part that names a missing input is dropped.

    Values are put in as they are, without quotes for the shell: Microsoft's own components put them into quotes
    (https://github.com/Azure/azureml-assets/pull/1833).
    """
    values = {"inputs": inputs, "outputs": outputs}

    def part(match: re.Match[str]) -> str:
        names = BINDING.findall(match[1])
        return match[1] if all(name in values[side] for side, name in names) else ""

    def value(match: re.Match[str]) -> str:
        return values[match[1]].get(match[2], match[0])

    return BINDING.sub(value, OPTIONAL.sub(part, command))
