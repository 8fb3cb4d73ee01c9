"""What stands for Python in a job: has its command run in a fork of the server and ends as that ends.

It is imported by the program ``python`` in the jobs' own interpreter: the standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
KNOWN = {"PYTHONPATH", "PYTHONUNBUFFERED"}
"""Python's own variables that a fork heeds."""
OURS = "PYTHON"
"""No variable of Python's: `make PYTHON=...` leaves it to all that it starts."""
HIDDEN = "AZUREML_EMULATOR_HIDDEN"
"""Names modules that the emulator hides from a job, which a fork may have."""


def main(place: str, python: str, program: str, leads: bool = True) -> None:
    """Run the arguments of this process as Python would, and end.

    :param place: the server's socket.
    :param python: the interpreter itself.
    :param program: what stands for it.
    :param leads: the fork leads a session of its own; else it is in the server's.
    """
    words = sys.argv[1:]
    if not can_be_a_fork(words, os.environ):
        os.execv(python, [python, *words])
    # Until there is somebody to pass them on to.
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    files = [int(name) for name in os.listdir("/proc/self/fd")]
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(place)
        numbers = sorted(number for number in files if is_open(number) and number != connection.fileno())
        wanted = {
            "words": words,
            "cwd": os.getcwd(),
            "environment": dict(os.environ),
            "files": numbers,
            "program": program,
            "leads": leads,
        }
        text = json.dumps(wanted).encode()
        socket.send_fds(connection, [len(text).to_bytes(8, "big")], numbers)
        connection.sendall(text)
        end_as(connection)


def can_be_a_fork(words: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether a fork does the same as an interpreter of its own: a script, a module or a text, with no options."""
    if not words or (words[0].startswith("-") and words[0] not in ("-c", "-m")) or environment.get(HIDDEN):
        return False
    return not {name for name in environment if name.startswith("PYTHON") and name != OURS} - KNOWN


def is_open(number: int) -> bool:
    """Whether a file is open: the folder that listed them is not any more."""
    with contextlib.suppress(OSError):
        os.fstat(number)
        return True
    return False


def end_as(connection: socket.socket) -> None:
    """Pass signals on to the fork, and end with its exit code or by the signal that it ended by."""
    answers = connection.makefile("rb")
    pid = int(answers.readline())

    def pass_on(number: int, _: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    # Without an answer the server has ended.
    code = int(answers.readline() or 1)
    if code < 0:
        with contextlib.suppress(OSError):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
