"""Recipes: what is to be installed for an environment, and the key by which equal ones are one."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet

from azureml_emulator.execution.environments.conda import read_conda
from azureml_emulator.execution.environments.pip_words import uv_words

FORM = 1
"""Counted up when an environment is made otherwise than before from the same definition."""


@dataclass(frozen=True)
class Source:
    """What an environment is made from: a conda file, or a Dockerfile with its context.

    :param key: a hash of all that goes into it, and of the emulator's own Python.
    :param context: the folder of the build context.
    :param dockerfile: the Dockerfile's name in it.
    """

    key: str
    conda: Mapping[str, Any] = field(default_factory=dict)
    context: Path | None = None
    dockerfile: str = ""

    def __str__(self) -> str:
        return "Dockerfile" if self.context else "conda file"


@dataclass(frozen=True)
class Step:
    """One ``uv pip install``.

    :param arguments: as uv takes them, without those that are the same for all steps.
    :param lines: lines of a requirements file.
    :param by_name: requirements that are left out when the index has no package of that name, each by its own text.
    """

    arguments: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    by_name: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Recipe:
    """What is to be done for an environment.

    :param python: the accepted versions of Python; None: any.
    :param told: what is left out or changed, and why.
    """

    python: SpecifierSet | None = None
    steps: list[Step] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def of_conda(conda: Mapping[str, Any]) -> Source:
    """The source that is a conda file; its name and its channels make no difference."""
    return Source(key_of({"dependencies": conda.get("dependencies")}), conda=conda)


def of_context(context: Path, dockerfile: str) -> Source:
    """The source that is a build context. All its files are read."""
    files = {}
    for folder, folders, names in os.walk(context):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file():
                files[str(path.relative_to(context))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return Source(key_of({"files": files, "dockerfile": dockerfile}), context=context, dockerfile=dockerfile)


def key_of(content: Mapping[str, Any]) -> str:
    """The key of an environment of this content under the emulator's own Python."""
    own = [FORM, sys.base_prefix, list(sys.version_info[:3])]
    return hashlib.sha256(json.dumps([own, content], sort_keys=True).encode()).hexdigest()[:16]


def conda_recipe(conda: Mapping[str, Any]) -> Recipe:
    """The recipe of a conda file: its packages and those of its ``pip`` list are resolved together."""
    found = read_conda(conda)
    lines, arguments = [], []
    for line in found.pip_lines:
        pairs, left_out = uv_words([line] if not line.startswith("-") else line.split())
        found.told += [f"pip's {word}: left out." for word in left_out]
        for option, value in pairs:
            if option:
                arguments += [option, value] if value else [option]
            else:
                lines.append(value)
    step = Step(tuple(arguments), tuple(lines), found.packages)
    return Recipe(found.python, [step] if lines or arguments or found.packages else [], found.told)
