"""Runtimes: which interpreter runs a job's command, whether it was made for the job's environment, and what the job's
log says of it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from azureml_emulator.execution import images, imports, job_faults, process_environment
from azureml_emulator.execution.backend import Execution
from azureml_emulator.execution.environments.build import BuildError

Say = Callable[..., None]
"""Writes lines to a log."""

INSTALLED = (" + ", " - ", " ~ ")
"""How uv's lines begin that name what was installed, of which there may be hundreds: they are for the build's log."""

MISSING = re.compile(r"^ModuleNotFoundError: No module named '([^']+)'", re.M)
TAIL = 1 << 16
"""How many bytes at the end of a job's log are searched for why it failed."""


class Runtime:
    """What runs one job's command.

    :ivar python: the interpreter.
    """

    def __init__(self, execution: Execution, environment_id: str, command: str) -> None:
        self._execution = execution
        self._command = command
        self._reference, self._properties = execution.environment(environment_id)
        self._conda = images.conda_of(self._properties)
        self._name = process_environment.environment_name(execution.resolver, environment_id)
        self._watches = self._hides = self._is_made = False
        self.python = process_environment.interpreter(execution.settings, self._name)

    async def prepare(self, say: Say, build_log: Callable[[], Path], fails: Callable[[], bool]) -> None:
        """Find the interpreter, or have it made, and say which it is and what it lacks.

        :param say: writes to the job's log.
        :param build_log: begins the log of the image's build; its path.
        :param fails: whether the image shall not be built (fault ``image_build_fails``).
        :raises ServiceError: the image could not be built.
        """
        reason = images.build_failure(self._execution.resolver, self._execution.blobs, self._properties)
        if reason is None and fails():
            reason = job_faults.BUILD_SAID
        if reason is None and self._name not in self._execution.settings.environments:
            await self._make(say, build_log)
        contents = await self._execution.interpreters.contents(self.python)
        say(images.what_runs(self._reference, self._properties, self.python, contents.python, made=self._is_made))
        if reason:
            say(*reason.splitlines())
            with build_log().open("a", encoding="utf-8") as log:
                log.write(f"{reason}\n")
            raise job_faults.image_build_failed(reason)
        strict = not self._execution.settings.mlflow_direct
        asked = {} if self._is_made else self._conda
        if imports.is_all(asked, self._command):
            self._hides = strict and imports.lacks_plugin(asked, contents)
            self._watches = True
        say(*images.lacking(asked, contents, plugin=strict, hidden=self._hides))

    async def _make(self, say: Say, build_log: Callable[[], Path]) -> None:
        """Have the environment made where that was asked for and its definition says of what."""
        if self._execution.environments is None:
            return

        def tell(line: str) -> None:
            with build_log().open("a", encoding="utf-8") as log:
                log.write(f"{line}\n")
            if not line.startswith(INSTALLED):
                say(line)

        try:
            made = await self._execution.environments.python(self._properties, self._conda, tell)
        except BuildError as error:
            raise job_faults.image_build_failed(str(error)) from None
        if made is not None:
            self.python, self._is_made = made, True

    def variables(self, notes: Path, job_variables: Mapping[str, str]) -> dict[str, str]:
        """What the command's process needs so that its imports are noted.

        :param notes: the file for them.
        """
        return imports.watching(notes, job_variables, plugin=not self._hides) if self._watches else {}

    async def explain(self, say: Say, code: int, log: Path, notes: Path, folder: Path) -> None:
        """Say at the end of a job's log what would help a command that lacked a module, and which packages the code
        uses without the environment's requiring them.

        :param code: the command's exit code.
        :param log: the job's log.
        :param notes: the file of the modules that were imported.
        :param folder: the job's code.
        """
        if notes.is_file():
            contents = await self._execution.interpreters.contents(self.python)
            noted = notes.read_text(encoding="utf-8").split()
            names = imports.undeclared_packages(self._conda, contents, noted, folder)
            if names:
                say(images.NOT_ASKED_FOR.format(names=", ".join(names)))
        module = missing_module(log) if code else None
        if module:
            say(images.what_helps(module, self._reference, self._properties, self.python, made=self._is_made))


def missing_module(log: Path) -> str | None:
    """The module for want of which a command ended, as the last traceback of its log says; None: there is none."""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
        names = MISSING.findall(file.read().decode(errors="replace"))
    return str(names[-1]) if names else None
