"""Log files of a job: which of them matter, how one is read by ranges, and what is new in it.

Sources: ``JobLogPattern`` of azure-ai-ml 1.35.2 for the names; recorded answers for the ranges: 206 with
``Content-Range``; 416 when there is nothing beyond the offset, also for the first byte of an empty file. Blob storage
knows no range that counts from the end, so the end of a file is found by its size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from airflow_azureml.rest.flow import Call, Plane, Reply, Steps

CHUNK = 1024 * 1024
"""Bytes asked for at once."""

LONGEST_LINE = 64 * 1024
"""Bytes after which an unfinished line counts as one."""

_LEGACY = r"azureml-logs/[\d]{2}.+\.txt"
STREAMED = {
    "Pipeline": (r"logs/azureml/executionlogs\.txt",),
    "Sweep": (r"azureml-logs/hyperdrive\.txt",),
}
"""Patterns of the files to follow, by kind of job; the first pattern that any name fits decides."""
STREAMED_ELSE = (r"user_logs/std_log[\D]*[0]*(?:_ps)?\.txt", _LEGACY)
"""The same for all other kinds: the log of the main process, or of rank 0."""
ALL_USER_LOGS = (r"user_logs/std_log.*\.txt", _LEGACY)
"""Every process's log."""

ERRORS = (r"logs/user/error\.txt", r"logs/job_error\.txt")
"""Where a parallel job, such as one that scores, sums up what its script raised (Microsoft Learn, *Troubleshoot
batch endpoints*)."""


def followed(names: Iterable[str], kind: str | None, patterns: Iterable[str] = ()) -> tuple[str, ...]:
    """The log files to stream for a job of this kind, in the order to show them.

    :param patterns: glob patterns that choose instead of the kind; ``*`` also stands for ``/``.
    """
    chosen = tuple(patterns)
    if chosen:
        return tuple(name for name in sorted(names) if any(fnmatchcase(name, pattern) for pattern in chosen))
    return _first(STREAMED.get(kind or "", STREAMED_ELSE), names)


def written_by_user(names: Iterable[str]) -> tuple[str, ...]:
    """The log files that hold what the job's own processes printed, in the order to show them."""
    return _first(ALL_USER_LOGS, names)


def errors(names: Iterable[str]) -> tuple[str, ...]:
    """The log files that say why a parallel job failed, the most useful one first."""
    known = set(names)
    return tuple(name for pattern in ERRORS for name in sorted(known) if re.fullmatch(pattern, name))


@dataclass(frozen=True)
class Chunk:
    """A piece of a file.

    :param size: of the whole file at that moment; None when the answer does not say.
    """

    data: bytes = b""
    size: int | None = None


def read(url: str, start: int, stop: int) -> Call[Chunk]:
    """Read bytes ``start`` to ``stop`` (excluded) of a file by its signed address.

    A file that was announced before it exists answers 404 and reads as empty, as azure-ai-ml reads it.

    Source: https://learn.microsoft.com/rest/api/storageservices/get-blob

    :raises ForbiddenError: the signature has expired; read the run's details again for a fresh address.
    """

    def parse(reply: Reply) -> Chunk:
        if reply.status == 404:
            return Chunk()
        size = _size(reply)
        if reply.status == 416:
            return Chunk(b"", size)
        if reply.status == 200:
            # The server took no notice of the range and sent the whole file.
            return Chunk(reply.body[start:stop], len(reply.body))
        return Chunk(reply.body, size)

    headers = {"Range": f"bytes={start}-{stop - 1}"}
    return Call("GET", url, parse, plane=Plane.SIGNED, headers=headers, ok=(200, 206, 404, 416))


def read_end(url: str, length: int) -> Steps[bytes]:
    """Read the last bytes of a file. Source: https://learn.microsoft.com/rest/api/storageservices/get-blob

    :raises ForbiddenError: the signature has expired.
    """
    first = yield from read(url, 0, 1)
    size = first.size or 0
    if size == 0:
        return b""
    last = yield from read(url, max(size - length, 0), size)
    return last.data[-length:]  # more than was asked for is no better


@dataclass(frozen=True)
class Cursor:
    """How far a growing file has been read, and the unfinished line at its end."""

    offset: int = 0
    rest: bytes = field(default=b"", repr=False)

    def advance(self, data: bytes) -> tuple[Cursor, tuple[str, ...]]:
        """Take in what was read at ``offset``: the cursor after it, and the lines that it completes."""
        whole, newline, rest = (self.rest + data).rpartition(b"\n")
        found = lines(whole) if newline else ()
        if len(rest) > LONGEST_LINE:
            found, rest = (*found, *lines(rest)), b""
        return replace(self, offset=self.offset + len(data), rest=rest), found

    def finish(self) -> tuple[Cursor, tuple[str, ...]]:
        """Give up the unfinished line, when nothing more will come."""
        return replace(self, rest=b""), lines(self.rest) if self.rest else ()


def lines(data: bytes) -> tuple[str, ...]:
    """Split a log into lines; of a line that a progress bar has rewritten, the last state."""
    text = data.decode("utf-8", "replace")
    return tuple(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


def _first(patterns: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    known = sorted(names)
    for pattern in patterns:
        found = tuple(name for name in known if re.fullmatch(pattern, name))
        if found:
            return found
    return ()


def _size(reply: Reply) -> int | None:
    """The whole size that ``Content-Range: bytes 0-9/100`` (or ``bytes */100``) names."""
    size = re.search(r"/(\d+)\s*$", reply.header("Content-Range") or "")
    return int(size[1]) if size else None
