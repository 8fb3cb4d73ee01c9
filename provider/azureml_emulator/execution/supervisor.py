"""The supervisor: a small process above each job that finds every process of the job, wherever it hides, and can end
them all.

A script of the standard library only: ``supervisor.py GRACE PROGRAM ARGUMENT...``. It starts the program in a session
of its own and ends with the program's exit code. On Linux it is made the parent of orphans, so that children which
leave the program's session (``setsid``, double forks) stay below it. It ends all of them when the program ends, when it
gets SIGTERM, and when its standard input closes, which happens also when the emulator is killed. SIGUSR1 lets it end
them without a warning.

:param GRACE: seconds between SIGTERM and SIGKILL.
"""

from __future__ import annotations

# Each job starts this: contextlib, and signal with its enumerations, would be a quarter of what that takes.
import _signal as signal  # type: ignore[import-not-found]
import os
import select
import sys
import time

LEFTOVERS = 0.3
"""Seconds that processes get to end after the program itself has ended."""
GIVE_UP = 10.0
"""Seconds after SIGKILL at which a process that cannot be killed is left alone."""
TICK = 0.02
WITHOUT_WARNING = signal.SIGUSR1
"""The signal that ends the processes by SIGKILL at once."""
NO_GRACE = -1.0


def adopt_orphans() -> None:
    """Become the parent of every orphan below this process (Linux: PR_SET_CHILD_SUBREAPER)."""
    if sys.platform.startswith("linux"):
        import ctypes

        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def parents() -> dict[int, int]:
    """The parent of each process of this machine that is not a zombie; empty where there is no /proc."""
    parent_of = {}
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", "rb") as file:
                    state, parent = file.read().rpartition(b")")[2].split()[:2]
            except OSError:
                continue
            if state not in (b"Z", b"X"):
                parent_of[int(entry)] = int(parent)
    return parent_of


def descendants(root: int) -> list[int]:
    """All living processes below one, by their parents."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents().items():
        children.setdefault(parent, []).append(pid)
    pids, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        pids += below
        waiting += below
    return pids


def has_children() -> bool:
    """Whether any process is left of which this one is the parent, as it is of orphans on Linux."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def left(child: int, *, has_ended: bool) -> list[int]:
    """All living processes below this one; only the program where there is no /proc."""
    if not os.path.isdir("/proc"):
        return [] if has_ended else [child]
    return descendants(os.getpid()) if has_children() else []


def send(pid: int, number: int) -> None:
    """Signal a process that may be gone."""
    try:  # noqa: SIM105 - contextlib takes too long to load
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def signal_group(pid: int, number: int) -> None:
    """Signal a process group that may be gone."""
    try:  # noqa: SIM105 - contextlib takes too long to load
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def reap(child: int) -> int | None:
    """Collect every ended child; the program's exit code if it is among them."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == child:
            code = os.waitstatus_to_exitcode(status)


def end_all(child: int, grace: float) -> int | None:
    """End everything below: SIGTERM once to each, SIGKILL after the grace; the program's exit code if it ended only
    now."""
    begun = time.monotonic()
    signaled: set[int] = set()
    code = None
    if grace >= 0:
        signal_group(child, signal.SIGTERM)
    while True:
        ended = reap(child)
        code = code if ended is None else ended
        living = left(child, has_ended=code is not None)
        passed = time.monotonic() - begun
        if not living or passed > grace + GIVE_UP:
            return code
        if passed > grace:
            signal_group(child, signal.SIGKILL)
        for pid in living:
            if passed > grace:
                send(pid, signal.SIGKILL)
            elif pid not in signaled:
                send(pid, signal.SIGTERM)
                signaled.add(pid)
        time.sleep(TICK)


def watch(child: int, bell: int, grace: float) -> tuple[int | None, float]:
    """Wait for the program's end, or for the request to end it.

    :param bell: a pipe that gets a byte for each signal.
    :returns: its exit code, None at a request; and the grace that its processes get.
    """
    while True:
        ready, _, _ = select.select([0, bell], [], [])
        if bell in ready:
            rung = os.read(bell, 64)
            if WITHOUT_WARNING in rung:
                return None, NO_GRACE
            if signal.SIGTERM in rung or signal.SIGINT in rung:
                return None, grace
        code = reap(child)
        if code is not None:
            return code, LEFTOVERS
        if 0 in ready and not os.read(0, 64):
            return None, grace


def main(arguments: list[str]) -> int:
    """Run the program and answer the exit code to end with."""
    grace, program = float(arguments[0]), arguments[1:]
    adopt_orphans()
    bell, hammer = os.pipe()
    os.set_blocking(hammer, False)
    signal.set_wakeup_fd(hammer)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, WITHOUT_WARNING):
        signal.signal(number, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    child = os.posix_spawnp(
        program[0],
        program,
        os.environ,
        setsid=True,
        setsigdef=[signal.SIGPIPE, signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGXFSZ],
        file_actions=[(os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0)],
    )
    code, grace = watch(child, bell, grace)
    late = end_all(child, grace)
    code = late if code is None else code
    return 128 + signal.SIGTERM if code is None else code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
