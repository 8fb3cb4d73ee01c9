"""The ``${{…}}`` in the text of a command: what it names must be there."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest
from airflow_azureml.jobspec.table.translator import Translator

INPUT_BINDING = re.compile(r"\${{inputs\.([\w\.-]+)}}")


OPTIONAL_BINDING = re.compile(r"\[[\w\.\s-]*\${{inputs\.([\w\.-]+)}}]")


OUTPUT_BINDING = re.compile(r"\${{outputs\.([\w\.-]+)}}")


def check_command(located: Located, ctx: Translator, inputs: object) -> None:
    """Refuse a command that names an input that the job does not have."""
    names = list(inputs) if isinstance(inputs, Mapping) else []
    text = located.value
    optional = set(OPTIONAL_BINDING.findall(text))
    for name in dict.fromkeys(INPUT_BINDING.findall(text)):
        if name not in names and name not in optional:
            have = f" Inputs: {', '.join(map(str, names))}." if names else " It has no inputs."
            ctx.error(located, f"${{{{inputs.{name}}}}}: the job has no such input.{have}{_meant(name, names)}")


def warn_of_outputs(located: Located, ctx: Translator, declared: object) -> None:
    """Warn of an output that the job does not declare; Microsoft's client sends it on, and so does this."""
    names = list(declared) if isinstance(declared, Mapping) else []
    for name in dict.fromkeys(OUTPUT_BINDING.findall(located.value)):
        if name not in names and name != "default":
            meant = _meant(name, names)
            ctx.warn(located, f'the command names the output "{name}", which the job does not declare.{meant}')


ANY_BINDING = re.compile(r"\$\{\{\s*(\S*?)\s*\}\}")


OF_COMPONENTS = (
    *("name", "version", "id", "type", "display_name", "description", "tags", "properties", "is_deterministic"),
    *("code", "command", "environment", "environment_variables", "distribution", "resources", "instance_count"),
    *("additional_includes", "base_path", "creation_context", "latest_version"),
)
"""What a component's command may name besides inputs and outputs. Source: azure-ai-ml 1.35.2, ``_validate_command``."""


def check_bindings(located: Located, ctx: Translator, inputs: Collection[Any], outputs: Collection[Any]) -> None:
    """Refuse a component's command that names an input or output which the component does not declare.

    :param inputs: names of inputs as they are written, which need not be texts.
    :param outputs: those of outputs.
    """
    for name in dict.fromkeys(ANY_BINDING.findall(located.value)):
        part, _, port = name.partition(".")
        ports = {"inputs": inputs, "outputs": outputs}.get(part)
        names = None if ports is None else [str(port) for port in ports]
        if names is None and part not in OF_COMPONENTS:
            ctx.error(
                located,
                f"${{{{{name}}}}} is not available in a component's command. "
                "Accepted: ${{inputs.NAME}}, ${{outputs.NAME}}.",
            )
        if names is not None and port.partition(".")[0] not in {known.partition(".")[0] for known in names}:
            have = f" It has: {', '.join(names)}." if names else " It has none."
            ctx.error(located, f"${{{{{name}}}}} is not among the {part} of the component.{have}{_meant(port, names)}")


OPTIONAL_PART = re.compile(r"\$\[\[.*?\]\]", re.DOTALL)
"""What is left out of a command where an optional input in it is not given."""


def warn_of_optional(located: Located, ctx: Translator, optional: Collection[str]) -> None:
    """Warn of optional inputs that a component's command names outside of ``$[[ ]]``.

    Source: Microsoft Learn, *Manage inputs and outputs of component and pipeline*; the service's "optional input must
    be placed in nested argument" in Azure/azure-sdk-for-python#26252, which it says of a given input, too.
    """
    for name in dict.fromkeys(ANY_BINDING.findall(OPTIONAL_PART.sub("", located.value))):
        part, _, port = name.partition(".")
        if part == "inputs" and port in optional:
            replacement = f"$[[--{port} ${{{{inputs.{port}}}}}]]"
            ctx.warn(
                located,
                f'the optional input "{port}" is used outside $[[ ]]: Azure ML refuses the component even if the '
                f"input is given. Write {replacement}, or declare it required.",
            )


def _meant(name: str, names: Collection[Any]) -> str:
    hint = nearest(name, [str(n) for n in names])
    return hint if hint.startswith(" Did") else ""
