"""Build contexts: what a Dockerfile copies and installs, done in a folder that stands for the image's root."""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from posixpath import join, normpath

import yaml
from packaging.specifiers import SpecifierSet

from azureml_emulator.execution.environments.dockerfile import Instruction, assignments, instructions, substituted
from azureml_emulator.execution.environments.pip_words import FILES, uv_words
from azureml_emulator.execution.environments.recipes import Recipe, Source, Step, conda_recipe
from azureml_emulator.storage.blobs.files import copy_file, copy_tree

PYTHON_IMAGE = re.compile(r"(?:docker\.io/)?(?:library/)?python:(?P<version>\d+\.\d+)[\w.\-]*")
SILENT = frozenset({"ARG", "ENV", "WORKDIR", "LABEL", "MAINTAINER", "EXPOSE", "SHELL", "USER", "STOPSIGNAL"})
"""Instructions that change nothing of the packages, or are followed without a word."""

ALSO_SILENT = frozenset({"rm", "echo", "true", "set", "ls", "mkdir", "cd"})


class ContextError(Exception):
    """The service could not build the image either; the text says why."""


def context_recipe(source: Source, root: Path) -> Recipe:
    """The recipe of a Dockerfile. What it copies is copied.

    :param root: an empty folder that stands for the image's root.
    :raises ContextError: a file that it names is not in the context.
    """
    assert source.context is not None
    text = (source.context / source.dockerfile).read_text(encoding="utf-8", errors="replace")
    return Reading(source.context, root).recipe(text)


class Reading:
    """A Dockerfile on its way from the first instruction to the last."""

    def __init__(self, context: Path, root: Path) -> None:
        self._context = context
        self._root = root
        self._folder = "/"
        self._variables: dict[str, str] = {}
        self._recipe = Recipe()
        self._left_out: list[str] = []

    def recipe(self, text: str) -> Recipe:
        """What is to be installed."""
        for raw in instructions(text):
            found = Instruction(raw.name, substituted(raw.text, self._variables), raw.heredoc)
            if found.name in ("ARG", "ENV"):
                self._variables |= assignments(found)
            elif found.name == "WORKDIR":
                self._folder = normpath(join(self._folder, found.text))
            elif found.name == "FROM":
                self._begin(found)
            elif found.name in ("COPY", "ADD"):
                self._copy(found)
            elif found.name == "RUN":
                self._run(found)
            elif found.name not in SILENT:
                self._left_out.append(str(found))
        if self._left_out:
            self._recipe.told.append("No image is made. Not done here: " + "; ".join(self._left_out))
        return self._recipe

    def _begin(self, found: Instruction) -> None:
        image = (found.words() or [""])[0]
        python = PYTHON_IMAGE.fullmatch(image)
        if python:
            self._recipe.python = SpecifierSet(f"=={python['version']}.*")
        self._left_out.append(f"FROM {image}" + (" (but for its version of Python)" if python else ""))

    def _copy(self, found: Instruction) -> None:
        words = found.words()
        if any(option.startswith("--from") for option in found.options()) or found.heredoc or len(words) < 2:
            self._left_out.append(str(found))
            return
        target = self._place(words[-1])
        for word in words[:-1]:
            if "://" in word:
                self._left_out.append(f"{found.name} {word}")
                continue
            sources = self._in_context(word)
            if not sources:
                raise ContextError(f'{found}: "{word}" not found in the build context.')
            for source in sources:
                self._copy_one(source, target, into=len(words) > 2 or words[-1].endswith("/") or len(sources) > 1)

    def _copy_one(self, source: Path, target: Path, *, into: bool) -> None:
        if source.is_dir():
            copy_tree(source, target)
            return
        target = target / source.name if into or target.is_dir() or target == self._place(".") else target
        target.parent.mkdir(parents=True, exist_ok=True)
        copy_file(source, target)

    def _run(self, found: Instruction) -> None:
        folder, undone = self._folder, []
        commands = list(found.commands())
        for words in commands:
            if words[0] == "cd" and len(words) > 1:
                folder = normpath(join(folder, words[1]))
            elif not self._install(plain(words), folder) and words[0] not in ALSO_SILENT:
                undone.append(" ".join(words))
        if undone or not commands:
            self._left_out.append(str(Instruction("RUN", "; ".join(undone) or found.text)))

    def _install(self, words: Sequence[str], folder: str) -> bool:
        """Take an installation up into the recipe; whether it was one."""
        arguments = after_install(words)
        if arguments is not None:
            self._recipe.steps.append(self._step(arguments, folder))
            return True
        file = conda_file_of(words)
        if file is None:
            return False
        place = self._place(file, folder)
        try:
            conda = yaml.safe_load(place.read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError):
            conda = None
        if not isinstance(conda, dict):
            raise ContextError(f"{' '.join(words)}: {file} is not a conda file that the Dockerfile copied.")
        made = conda_recipe(conda)
        self._recipe.python = made.python or self._recipe.python
        self._recipe.steps += made.steps
        self._recipe.told += made.told
        return True

    def _step(self, words: Sequence[str], folder: str) -> Step:
        pairs, left_out = uv_words(words)
        self._recipe.told += [f"pip's {word}: left out." for word in left_out]
        arguments: list[str] = []
        for option, value in pairs:
            is_file = option in FILES or (not option and value.startswith((".", "/")))
            if is_file and "://" not in value:
                path, bracket, extras = value.partition("[")
                place = self._place(path, folder)
                if not place.exists():
                    raise ContextError(f"pip install {option} {value}: the Dockerfile copied no such file.")
                value = f"{place}{bracket}{extras}"
            arguments += [word for word in (option, value) if word]
        return Step(tuple(arguments))

    def _place(self, path: str, folder: str | None = None) -> Path:
        """The place of a path of the image in the folder that stands for its root."""
        return self._root / normpath(join("/", folder or self._folder, path)).lstrip("/")

    def _in_context(self, word: str) -> list[Path]:
        """The files and folders of the context that a word of ``COPY`` names; it cannot leave the context."""
        pattern = normpath(join("/", word)).lstrip("/")
        if not pattern:
            return [self._context]
        return [Path(path) for path in sorted(glob.glob(os.path.join(glob.escape(str(self._context)), pattern)))]


def plain(words: Sequence[str]) -> list[str]:
    """A command without what stands in front of it: variables, ``sudo``, ``exec``, ``conda run``."""
    rest = list(words)
    while rest and (re.match(r"\w+=", rest[0]) or rest[0] in ("sudo", "exec", "time", "-E", "-H")):
        rest = rest[1:]
    if rest[:2] == ["conda", "run"]:
        rest = rest[2:]
        while rest and rest[0].startswith("-"):
            rest = rest[2:] if rest[0] in ("-n", "--name", "-p", "--prefix") else rest[1:]
    return rest


def after_install(words: Sequence[str]) -> list[str] | None:
    """What stands behind ``pip install``, ``python -m pip install`` or ``uv pip install``; None for other commands."""
    name = words[0].rpartition("/")[2] if words else ""
    rest = list(words[1:])
    if re.fullmatch(r"python[\d.]*", name) and rest[:2] == ["-m", "pip"]:
        name, rest = "pip", rest[2:]
    if name == "uv" and rest[:1] == ["pip"]:
        name, rest = "pip", rest[1:]
    if not re.fullmatch(r"pip[\d.]*", name):
        return None
    while rest and rest[0].startswith("-"):
        rest = rest[1:]
    return rest[1:] if rest[:1] == ["install"] else None


def conda_file_of(words: Sequence[str]) -> str | None:
    """The file that ``conda env create`` or ``conda env update`` reads; None for other commands."""
    name = words[0].rpartition("/")[2] if words else ""
    if name not in ("conda", "mamba", "micromamba") or not {"create", "update", "install"} & set(words[1:4]):
        return None
    return next((value for option, value in options_of(words) if option in ("-f", "--file")), None)


def options_of(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options with what follows each."""
    for word, following in zip(words, [*words[1:], ""], strict=True):
        option, equals, value = word.partition("=")
        yield option, value if equals else following


def clear(root: Path) -> None:
    """An empty folder."""
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
