"""Processes: a job's command as a process tree that is started, awaited and ended as a whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from azureml_emulator.execution import supervisor

GRACE = 5.0
"""Seconds that a job's processes get between SIGTERM and SIGKILL."""

LONGEST_LINE = 1 << 20
"""Bytes of a line that is waited for."""


@dataclass(frozen=True)
class Tree:
    """A running command: its supervisor, and everything below it.

    :param identity: pid and start time of the supervisor, which distinguish it from a later process of the same pid.
    """

    supervisor: asyncio.subprocess.Process
    identity: tuple[int, int]

    async def wait(self) -> int:
        """The command's exit code, once the whole tree has ended."""
        return await self.supervisor.wait()

    def end(self) -> None:
        """Ask the tree to end; ``wait`` returns once it has."""
        if self.supervisor.stdin and not self.supervisor.stdin.is_closing():
            self.supervisor.stdin.close()
        if self.supervisor.returncode is None:
            self.supervisor.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the tree without a warning, as its machine would; ``wait`` returns once it has ended."""
        if self.supervisor.returncode is None:
            self.supervisor.send_signal(supervisor.WITHOUT_WARNING)


async def start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path, grace: float = GRACE
) -> Tree:
    """Start a command below a supervisor, its output appended to a file as it comes.

    :param folder: the working directory.
    :param environment: all that the command sees.
    """
    with log.open("ab") as output:
        return await _start(command, folder, environment, output, grace)


async def run(command: Sequence[str], folder: Path, environment: Mapping[str, str], said: Callable[[str], None]) -> int:
    """The exit code of a command below a supervisor, which ends when this is canceled.

    :param said: is told each line of its output as it comes.
    """
    tree = await _start(command, folder, environment, asyncio.subprocess.PIPE, GRACE)
    output = tree.supervisor.stdout
    assert output is not None
    try:
        while line := await output.readline():
            said(line.decode(errors="replace").rstrip())
        return await tree.wait()
    finally:
        if tree.supervisor.returncode is None:
            tree.end()
            await tree.wait()


async def _start(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], output: IO[bytes] | int, grace: float
) -> Tree:
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            supervisor.__file__,
            str(grace),
            *command,
            cwd=folder,
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
            limit=LONGEST_LINE,
        )
    )
    try:
        return _tree(await asyncio.shield(starting))
    except asyncio.CancelledError:
        # Left to asyncio, the supervisor would be killed, and what it has begun would go on.
        await asyncio.wait({starting})
        if starting.exception() is None:
            tree = _tree(starting.result())
            tree.end()
            await tree.wait()
        raise


def _tree(process: asyncio.subprocess.Process) -> Tree:
    return Tree(process, (process.pid, start_time(process.pid)))


def start_time(pid: int) -> int:
    """When a process started, in the kernel's ticks since boot; 0 when there is none or the system does not say."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[19])


def is_alive(pid: int, started: int) -> bool:
    """Whether the process that had this pid and start time still runs."""
    return started != 0 and start_time(pid) == started and pid in supervisor.parents()


def environments() -> dict[int, Set[bytes]]:
    """The variables of each process whose environment can be read, as ``NAME=value``."""
    found: dict[int, Set[bytes]] = {}
    for pid in supervisor.parents():
        with contextlib.suppress(OSError):
            found[pid] = frozenset(Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"))
    return found


def marked_processes(marks: Mapping[str, str], among: Mapping[int, Set[bytes]] | None = None) -> list[int]:
    """The processes whose environment holds all of these variables.

    :param among: the ``environments`` to look in; those of now if left out.
    """
    variables = {f"{name}={value}".encode() for name, value in marks.items()}
    return [pid for pid, present in (environments() if among is None else among).items() if variables <= present]


async def end_leftovers(identity: Sequence[int] | None, marks: Mapping[str, str], grace: float = GRACE) -> int:
    """End the processes that a former emulator left of a job: its supervisor, all below it, all with the job's marks.

    :param identity: pid and start time of the supervisor, as recorded.
    :returns: how many processes were found.
    """
    found: set[int] = set()
    deadline = asyncio.get_running_loop().time() + grace
    while True:
        living = set(marked_processes(marks)) - {os.getpid()}
        if identity and is_alive(identity[0], identity[1]):
            living |= {identity[0], *supervisor.descendants(identity[0])}
        if not living:
            return len(found)
        number = signal.SIGKILL if asyncio.get_running_loop().time() > deadline else signal.SIGTERM
        for pid in living:
            if number == signal.SIGKILL or pid not in found:
                supervisor.send(pid, number)
        found |= living
        await asyncio.sleep(supervisor.TICK)
