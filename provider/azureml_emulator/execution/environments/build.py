"""The making of one environment with uv, in a folder of its own."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from azureml_emulator.execution import processes
from azureml_emulator.execution.environments import context, uv
from azureml_emulator.execution.environments.recipes import Recipe, Source, Step, conda_recipe

Say = Callable[[str], None]
"""Is told a line of what is going on."""

BASICS = Step(lines=("pip", "setuptools", "wheel"))
"""What an image with Python has."""

UNKNOWN = re.compile(r"Because (\S+) was not found in the (?:package registry|provided package locations)")
"""uv's words for a package that no index has."""

LAST_LINES = 15
MARK = "made.json"
"""The file in an environment's folder that says that it is finished."""


class BuildError(Exception):
    """The environment cannot be made, as its image could not; the text says why."""


def python_of(folder: Path) -> Path:
    """The interpreter of the environment in a folder."""
    return folder / "env" / "bin" / "python"


def is_finished(folder: Path) -> bool:
    """Whether an environment is made, and still there."""
    try:
        is_empty = json.loads((folder / MARK).read_text(encoding="utf-8"))["is_empty"]
    except (OSError, ValueError, KeyError):
        return False
    return is_empty or python_of(folder).exists()


class Build:
    """One environment that is being made.

    :param folder: where it will be; made anew.
    """

    def __init__(self, source: Source, folder: Path, say: Say) -> None:
        self._source = source
        self._folder = folder
        self._say = say
        self._requirements = 0
        self._instead = ""

    async def run(self) -> None:
        """Make it. A mark in the folder says that it is finished, or that a Dockerfile installs nothing.

        :raises BuildError: it cannot be made.
        """
        began = time.monotonic()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True)
        # uv reads the settings of the project around it, which are none of an image's; here they end.
        (self._folder.parent / "uv.toml").touch()
        recipe = await asyncio.to_thread(self._recipe)
        for line in recipe.told:
            self._say(line)
        if self._source.context is not None and not recipe.steps:
            self._say("The Dockerfile installs no packages with pip or conda: no environment is made of it.")
            self._finish(is_empty=True)
            return
        try:
            await self._make(recipe)
            for step in (BASICS, *recipe.steps):
                await self._install(step)
        except BuildError as error:
            raise BuildError("\n".join(filter(None, (self._instead, str(error))))) from None
        self._finish(is_empty=False)
        self._say(f"The environment is made: {self._folder}, {time.monotonic() - began:.1f} s.")

    def _finish(self, *, is_empty: bool) -> None:
        (self._folder / MARK).write_text(json.dumps({"is_empty": is_empty}), encoding="utf-8")

    def _recipe(self) -> Recipe:
        if self._source.context is None:
            return conda_recipe(self._source.conda)
        root = self._folder / "root"
        root.mkdir()
        try:
            return context.context_recipe(self._source, root)
        except context.ContextError as error:
            self._say(str(error))
            raise BuildError(str(error)) from None

    async def _make(self, recipe: Recipe) -> None:
        python = await uv.find_python(recipe.python)
        if python is None:
            python = await uv.find_python(minor_version(recipe.python)) or Path(sys.executable)
            self._instead = f"python{recipe.python}: this machine has no such interpreter; {python} is taken."
            self._say(self._instead)
        await self._uv("venv", "--quiet", "--no-python-downloads", "--python", str(python), str(self._folder / "env"))

    async def _install(self, step: Step) -> None:
        """Install what a step asks for; packages of conda's that PyPI does not have are left out."""
        by_name = dict(step.by_name)
        while step.arguments or step.lines or by_name:
            file = self._folder / f"requirements-{self._requirements}.txt"
            self._requirements += 1
            file.write_text("".join(f"{line}\n" for line in (*by_name.values(), *step.lines)), encoding="utf-8")
            given = ["--requirements", str(file)] if by_name or step.lines else []
            options = ("--python", str(self._folder / "env"), "--index-strategy", "unsafe-best-match")
            try:
                await self._uv("pip", "install", *options, *step.arguments, *given)
                return
            except BuildError as error:
                left_out = unknown(by_name, str(error))
                if left_out is None:
                    raise
                del by_name[left_out]
                self._say(f"{left_out}: left out; PyPI has no package of that name.")

    async def _uv(self, *words: str) -> None:
        """Run uv to its end.

        :raises BuildError: it fails; the text is the end of what it says.
        """
        lines: list[str] = []

        def said(line: str) -> None:
            lines.append(line)
            self._say(line)

        program: Sequence[str] = [*uv.command(), *words]
        self._say("$ uv " + " ".join(words))
        code = await processes.run(program, self._folder, uv.variables(), said)
        if code != 0:
            raise BuildError("\n".join(lines[-LAST_LINES:]) or f"uv {words[0]} ended with exit code {code}.")


def minor_version(wanted: SpecifierSet | None) -> SpecifierSet | None:
    """The accepted versions, widened from one release (``==3.11.4.*``) to all of its line (``==3.11.*``)."""
    found = re.match(r"==(\d+\.\d+)\.", str(wanted))
    return SpecifierSet(f"=={found[1]}.*") if found else wanted


def unknown(by_name: dict[str, str], said: str) -> str | None:
    """Which of these requirements uv calls unknown; None: it fails for something else."""
    found = UNKNOWN.search(" ".join(said.split()))
    if found is None:
        return None
    name = canonicalize_name(found[1])
    texts = (text for text, line in by_name.items() if canonicalize_name(re.split(r"[^\w.\-]", line)[0]) == name)
    return next(texts, None)
