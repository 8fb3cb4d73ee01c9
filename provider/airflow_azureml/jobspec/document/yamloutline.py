"""The outline of YAML text that ``yamltext`` refuses: enough to recognise the kind of file, never to check it.

Other programs put several documents into a file and tags of their own before values (``!Ref``, ``!secret``), and write
templates that become YAML only when they are filled in.
"""

from __future__ import annotations

import re
from typing import Any

from airflow_azureml.jobspec.document.document import SourceLocation
from airflow_azureml.jobspec.document.yaml_survey import Survey
from airflow_azureml.jobspec.document.yamltext import check_depth
from airflow_azureml.rest.errors import SpecError

NESTED = 4
"""How deep the look goes."""

TEMPLATE = re.compile(r"(?<!\$)\{\{|\{%|<%")
"""Marks of templates: Jinja's and Helm's, ERB's; ``${{...}}`` and ``$[[...]]`` are Azure ML's own."""

SCHEMA = re.compile(r"""^["']?\$schema["']?\s*:\s*["']?(\S+?)["']?\s*$""", re.MULTILINE)


def outline(text: str) -> list[dict[Any, Any]] | None:
    """Give the mappings at the top of a text, one for each document that is one; all scalars in them are texts.

    :return: None for what is no YAML at all, or too much of it.
    """
    import yaml

    kind = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        check_depth(text, SourceLocation(""), kind)
        nodes = list(yaml.compose_all(text, Loader=kind))
        for node in nodes:
            Survey(kind(""), SourceLocation("")).measure(node, ())
    except (yaml.YAMLError, SpecError, ValueError, RecursionError, OverflowError):
        return None
    values = [_plain(node, NESTED) for node in nodes]
    return [value for value in values if isinstance(value, dict)]


def _plain(node: Any, depth: int) -> object:
    import yaml

    if isinstance(node, yaml.ScalarNode) or depth == 0:
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, depth - 1) for item in node.value]
    return {key.value: _plain(value, depth - 1) for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def is_template(text: str) -> bool:
    """Whether a text is a template, which becomes YAML only when it is filled in."""
    return TEMPLATE.search(text) is not None


def schema_of(text: str) -> str | None:
    """Find the ``$schema`` of a text that is no YAML."""
    found = SCHEMA.search(text)
    return found[1] if found else None
