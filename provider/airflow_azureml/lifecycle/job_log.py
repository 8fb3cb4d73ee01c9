"""A job's log: followed while it grows, every line once, however many files and looks it takes; or read as a whole."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from airflow_azureml.lifecycle.children import PARENTS, Children
from airflow_azureml.lifecycle.news import LogCut, LogLines, LogTrouble, NoLogFile
from airflow_azureml.rest import history, logs
from airflow_azureml.rest.errors import AzureMLError, ForbiddenError
from airflow_azureml.rest.flow import News, Plane, Steps, Turn
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.logs import CHUNK, Cursor
from airflow_azureml.rest.status import WAITING, phase

RAREST = 127
"""Times that a log is read between two questions for its files, at most."""


@dataclass(frozen=True)
class LogCopy:
    """What is copied of a job's log, and how much of it.

    :param files: glob patterns of the files; none: those that the kind of job has.
    :param kind: of the job, where looks do not tell it.
    :param piece: bytes read at once.
    :param pieces: so many of a file at a time, at most, while the job runs; None for all that there is.
    :param most: bytes of all files together after which nothing is copied; None for no limit.
    :param begin: bytes that were copied before, by file.
    """

    files: tuple[str, ...] = ()
    kind: str | None = None
    piece: int = CHUNK
    pieces: int | None = None
    most: int | None = None
    begin: Mapping[str, int] = field(default_factory=dict)


class LogFollower:
    """What has been shown of a job's log so far; never a reason for a job or its task to fail."""

    def __init__(self, ws: Workspace, job_name: str, copy: LogCopy | None = None) -> None:
        self._ws = ws
        self._job_name = job_name
        self._copy = copy or LogCopy()
        self._cursors = {file: Cursor(offset) for file, offset in self._copy.begin.items()}
        self._troubled = self._is_cut = False
        self._files: Mapping[str, str] = {}
        self._kind = self._copy.kind
        self._unasked = self._ask_after = 0
        self._children = Children(ws, job_name)
        self.reading = False
        """Whether the log is worth reading: as far as the last look has shown, the job writes."""

    def look(self, job: Job) -> Steps[None]:
        """Report the lines that the log has gained; with a job that has ended, also an unfinished last line."""
        self.saw(job.status)
        if job.status in WAITING:
            return
        self._kind = job.kind
        yield from self._look_at_children(last=job.phase.is_terminal)
        yield from self._carefully(self._read_to_the_end() if job.phase.is_terminal else self._read())

    def beat(self) -> Steps[None]:
        """Report the lines that the files of the last look have gained since; new files come with the next look."""
        yield from self._carefully(self._read_known() if self._files else self._read())

    def saw(self, status: str) -> None:
        """Take note of the job's status."""
        self.reading = not self._is_cut and status not in WAITING and not phase(status).is_terminal

    @property
    def missed(self) -> bool:
        """Whether the last reading failed, or not all of the log is to be copied."""
        return self._troubled or self._is_cut

    def keep_up(self) -> Steps[None]:
        """Report the lines that the log has gained, with as few requests as it takes: for those who wait by thousands.

        Run history is asked for the files while there is none to read, and again and again only where patterns choose
        them: each time after twice as many calls of this as the time before.
        """
        yield from self._look_at_children()
        yield from self._carefully(self._read_sparingly())

    def finish(self) -> Steps[None]:
        """Report what is left of the log of a job that has ended, with as few requests as it takes."""
        yield from self._look_at_children(last=True)
        if not self._is_cut:
            yield from self._carefully(self._finish())

    def _look_at_children(self, *, last: bool = False) -> Steps[None]:
        """Report the children; where they cannot be read, the log says so of itself."""
        if self._kind in PARENTS:
            with contextlib.suppress(AzureMLError):
                yield from self._children.look(last=last)

    def _carefully(self, reading: Steps[None]) -> Steps[None]:
        """Read; a failure is reported once per bad spell and does no harm."""
        try:
            yield from reading
        except AzureMLError as error:
            if not self._troubled:
                yield News(LogTrouble(self._job_name, str(error)))
            self._troubled = True
        else:
            self._troubled = False

    def _read(self) -> Steps[None]:
        yield from self._find_files()
        yield from self._read_known()

    def _read_sparingly(self) -> Steps[None]:
        if self._must_find():
            self._unasked += 1
            if self._unasked > self._ask_after:
                self._unasked, self._ask_after = 0, min(2 * self._ask_after + 1, RAREST)
                yield from self._find_files()
        yield from self._read_known()

    def _finish(self) -> Steps[None]:
        if self._must_find():
            yield from self._find_files()
        yield from self._end()

    def _read_to_the_end(self) -> Steps[None]:
        yield from self._find_files()
        yield from self._end()

    def _end(self) -> Steps[None]:
        self._copy = replace(self._copy, pieces=None)
        yield from self._read_known()
        for file in () if self._is_cut else self._followed():
            yield from self._tell(file, *self._cursors[file].finish())
        if self._copy.files and not self._followed():
            yield News(NoLogFile(self._job_name, self._copy.files, tuple(sorted(self._files))))

    def _must_find(self) -> bool:
        """Whether there may be files that are not known."""
        return bool(self._copy.files) or not self._followed()

    def _find_files(self) -> Steps[None]:
        yield Turn(Plane.DATA)
        self._files = {**self._files, **(yield from history.details(self._ws, self._job_name)).log_files}

    def _followed(self) -> tuple[str, ...]:
        return logs.followed(self._files, self._kind, self._copy.files)

    def _read_known(self) -> Steps[None]:
        for file in self._followed():
            yield from self._read_file(file)

    def _read_file(self, file: str) -> Steps[None]:
        """Read one file to its end, or as far as it is to be read now.

        An address whose signature has expired is asked for anew, once.
        """
        fresh, pieces, piece = False, 0, self._copy.piece
        while True:
            yield from self._cut(file)
            if self._is_cut:
                return
            cursor = self._cursors.setdefault(file, Cursor())
            yield Turn(Plane.SIGNED)
            try:
                chunk = yield from logs.read(self._files[file], cursor.offset, cursor.offset + piece)
            except ForbiddenError:
                if fresh:
                    raise
                fresh = True
                yield from self._find_files()
                continue
            yield from self._tell(file, *cursor.advance(chunk.data))
            pieces += 1
            if len(chunk.data) < piece or pieces == self._copy.pieces:
                return

    def _cut(self, file: str) -> Steps[None]:
        """End the copying where enough is copied."""
        most = self._copy.most
        if most is not None and sum(cursor.offset for cursor in self._cursors.values()) >= most and not self._is_cut:
            self._is_cut, self.reading = True, False
            yield News(LogCut(self._job_name, file, most))

    def _tell(self, file: str, cursor: Cursor, lines: tuple[str, ...]) -> Steps[None]:
        self._cursors[file] = cursor
        if lines:
            yield News(LogLines(self._job_name, file, lines, cursor.offset - len(cursor.rest)))


def read_log(ws: Workspace, job: Job) -> Steps[str]:
    """Read a job's log as a whole, file after file, without a line end at its end; empty when there is none yet.

    :raises AzureMLError: it cannot be read.
    """
    files = (yield from history.details(ws, job.name)).log_files
    texts = []
    for file in logs.followed(files, job.kind):
        data, whole = bytearray(), False
        while not whole:
            chunk = yield from logs.read(files[file], len(data), len(data) + CHUNK)
            data += chunk.data
            whole = len(chunk.data) < CHUNK
        if data:
            texts.append("\n".join(logs.lines(bytes(data).removesuffix(b"\n"))))
    return "\n".join(texts)
