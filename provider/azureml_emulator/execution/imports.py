"""Imports: packages that a job uses although its environment does not ask for them.

They pass here when the interpreter happens to have them, and fail in the service, where the image has what the
environment asks for and no more.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from azureml_emulator.execution.requirements import SMALLER, Contents, as_requirement, asked_for

WATCHING = Path(__file__).with_name("watching")
"""The folder whose ``sitecustomize`` notes imports."""

INSTALLS = re.compile(r"\b(pip|pip3|conda|mamba|uv|poetry)\b.*\b(install|sync|create|update)\b", re.S)
"""A command that installs packages by itself."""

ALWAYS = frozenset({"pip", "setuptools", "wheel", "python"})
"""What every conda environment with Python and pip has."""


PLUGIN, PLUGIN_MODULE = "azureml-mlflow", "azureml.mlflow"
"""What MLflow finds by itself, so that no code imports it."""


def is_all(conda: Mapping[str, Any], command: str) -> bool:
    """Whether a job has the packages of its conda file and no others: it has one, and its command installs nothing."""
    return bool(conda) and not INSTALLS.search(command)


def watching(notes: Path, job_variables: Mapping[str, str], *, plugin: bool) -> dict[str, str]:
    """The variables that have imports noted.

    :param job_variables: the job's own variables.
    :param plugin: whether MLflow may find its plugin.
    """
    path = ":".join(filter(None, (str(WATCHING), job_variables.get("PYTHONPATH"))))
    hidden = {} if plugin else {"AZUREML_EMULATOR_HIDDEN": PLUGIN_MODULE}
    return {"PYTHONPATH": path, "AZUREML_EMULATOR_IMPORTS": str(notes), **hidden}


def lacks_plugin(conda: Mapping[str, Any], contents: Contents) -> bool:
    """Whether an image built from a conda file would lack MLflow's plugin, even where the interpreter has it.

    False as well when something is asked for that the interpreter lacks, or that has no name: it might bring it along.
    """
    texts = [text for text in asked_for(conda) if not text.startswith("--")]
    wanted = [as_requirement(text) for text in texts]
    known = {canonicalize_name(name) for name in contents.packages} | ALWAYS
    names = {canonicalize_name(row.name) for row in wanted if row}
    if None in wanted or any(not {name, SMALLER.get(name, name)} & known for name in names):
        return False
    return PLUGIN not in brought_along([row for row in wanted if row], contents)


def undeclared_packages(conda: Mapping[str, Any], contents: Contents, imported: Iterable[str], code: Path) -> list[str]:
    """Imported packages, each with its version, that the environment neither asks for nor gets with what it asks for.

    Empty as well when conda is asked for something that is not a package of the interpreter by that name: it may bring
    anything along.

    :param imported: modules of the top level.
    :param code: the job's code, whose own modules count for nothing.
    """
    wanted = [found for text in asked_for(conda) if (found := as_requirement(text))]
    installed = {canonicalize_name(name): version for name, version in contents.packages.items()}
    by_conda = [
        found for text in conda.get("dependencies") or [] if isinstance(text, str) and (found := as_requirement(text))
    ]
    if any(canonicalize_name(row.name) not in {*installed, *ALWAYS} for row in by_conda):
        return []
    expected = brought_along(wanted, contents)
    names = set()
    for module in set(imported) - set(sys.stdlib_module_names):
        if (code / module).exists() or (code / f"{module}.py").exists():
            continue
        owners = {canonicalize_name(name) for name in contents.modules.get(module, ())}
        if owners and not owners & expected:
            names |= owners
    return sorted(f"{name} {installed[name]}" for name in names if name in installed)


def brought_along(wanted: Iterable[Requirement], contents: Contents) -> set[str]:
    """The required packages, with all that they require in turn."""
    requires = {canonicalize_name(name): rows for name, rows in contents.requires.items()}
    found: set[str] = set(ALWAYS)
    todo = [(canonicalize_name(row.name), frozenset(row.extras)) for row in wanted]
    seen = set()
    while todo:
        name, extras = todo.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found |= {name, SMALLER.get(name, name)}
        for each in {name, SMALLER.get(name, name)}:
            todo += [
                (canonicalize_name(row.name), frozenset(row.extras)) for row in applying(requires.get(each, ()), extras)
            ]
    return found


def applying(rows: Iterable[str], extras: Iterable[str]) -> list[Requirement]:
    """The requirements of a package that hold with some of its extras."""
    kept = []
    for text in rows:
        try:
            row = Requirement(text)
        except InvalidRequirement:
            continue
        if row.marker is None or any(row.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            kept.append(row)
    return kept
