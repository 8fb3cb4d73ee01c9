"""All environments of a state folder: each is made once, also for several jobs that need it at the same time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from azureml_emulator.assets.references import Page, Resolver, UnresolvedError
from azureml_emulator.execution.environments import recipes
from azureml_emulator.execution.environments.build import Build, Say, is_finished, python_of
from azureml_emulator.storage.blobs.models import BlobStore


class UnderWay:
    """A build that jobs wait for. It ends with the last of them."""

    def __init__(self, source: recipes.Source, folder: Path) -> None:
        self.listeners: list[Say] = []
        self.is_given_up = False
        self._lines: list[str] = []
        self.task = asyncio.ensure_future(Build(source, folder, self._tell).run())

    def _tell(self, line: str) -> None:
        self._lines.append(line)
        for say in self.listeners:
            say(line)

    async def wait(self, say: Say) -> None:
        """Wait for its end, told what was said so far and what is said from now on."""
        for line in self._lines:
            say(line)
        self.listeners.append(say)
        try:
            await asyncio.shield(self.task)
        finally:
            self.listeners.remove(say)
            if not self.listeners and not self.task.done():
                self.is_given_up = True
                self.task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self.task


class Environments:
    """The environments of jobs.

    :param folder: where they are kept, a folder each.
    """

    def __init__(self, folder: Path, resolver: Resolver, blobs: BlobStore) -> None:
        self._folder = folder
        self._resolver = resolver
        self._blobs = blobs
        self._under_way: dict[str, UnderWay] = {}

    async def python(self, properties: Mapping[str, Any], conda: Mapping[str, Any], say: Say) -> Path | None:
        """The interpreter of an environment, which is made unless it is there; None where its definition has nothing
        that it could be made from.

        :param properties: those of the environment.
        :param conda: its conda file.
        :param say: is told the lines of the build; nothing where there is none.
        :raises BuildError: it cannot be made.
        """
        source = await asyncio.to_thread(self._source, properties, conda)
        if source is None:
            return None
        folder = self._folder / source.key
        if not is_finished(folder):
            say(f"An environment is made from the {source}, once for all jobs with the same one.")
            await self._made(source, folder, say)
        python = python_of(folder)
        return python if python.exists() else None

    async def _made(self, source: recipes.Source, folder: Path, say: Say) -> None:
        build = self._under_way.get(source.key)
        if build is not None and build.is_given_up:
            await asyncio.wait({build.task})
            build = self._under_way.get(source.key)
        if build is None or build.task.done():
            build = self._under_way[source.key] = UnderWay(source, folder)
        try:
            await build.wait(say)
        finally:
            if build.task.done() and self._under_way.get(source.key) is build:
                del self._under_way[source.key]

    def _source(self, properties: Mapping[str, Any], conda: Mapping[str, Any]) -> recipes.Source | None:
        if conda:
            return recipes.of_conda(conda)
        build = properties.get("build")
        try:
            context = self._resolver.place(str(build["contextUri"])) if build else None
        except UnresolvedError:
            context = None
        if not build or context is None or isinstance(context, Page):
            return None
        folder = self._blobs.path(context.container, context.path.rstrip("/"))
        dockerfile = str(build.get("dockerfilePath") or "Dockerfile").removeprefix("./")
        return recipes.of_context(folder, dockerfile) if (folder / dockerfile).is_file() else None
