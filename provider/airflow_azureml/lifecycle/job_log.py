"""A job's log: followed while it grows, every line once, however many files and looks it takes; or read as a whole."""

from __future__ import annotations

from collections.abc import Mapping

from airflow_azureml.lifecycle.news import LogLines, LogTrouble
from airflow_azureml.rest import history, logs
from airflow_azureml.rest.errors import AzureMLError, ForbiddenError
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import Job
from airflow_azureml.rest.logs import CHUNK, Cursor
from airflow_azureml.rest.status import WAITING


class LogFollower:
    """What has been shown of a job's log so far; never a reason for a job or its task to fail."""

    def __init__(self, ws: Workspace, job_name: str) -> None:
        self._ws = ws
        self._job_name = job_name
        self._cursors: dict[str, Cursor] = {}
        self._troubled = False
        self._files: Mapping[str, str] = {}
        self._kind: str | None = None
        self.reading = False
        """Whether the job has begun to write, as far as the last look has shown."""

    def look(self, job: Job) -> Steps[None]:
        """Report the lines that the log has gained; with a job that has ended, also an unfinished last line."""
        self.reading = job.status not in WAITING and not job.phase.is_terminal
        if job.status in WAITING:
            return
        self._kind = job.kind
        yield from self._carefully(self._read(job.phase.is_terminal))

    def beat(self) -> Steps[None]:
        """Report the lines that the files of the last look have gained since; new files come with the next look."""
        yield from self._carefully(self._read_known() if self._files else self._read(False))

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

    def _read(self, to_the_end: bool) -> Steps[None]:
        self._files = (yield from history.details(self._ws, self._job_name)).log_files
        yield from self._read_known()
        if to_the_end:
            for file in logs.followed(self._files, self._kind):
                yield from self._tell(file, *self._cursors[file].finish())

    def _read_known(self) -> Steps[None]:
        for file in logs.followed(self._files, self._kind):
            self._files = yield from self._read_file(file, self._files)

    def _read_file(self, file: str, files: Mapping[str, str]) -> Steps[Mapping[str, str]]:
        """Read one file to its end; the addresses known then.

        An address whose signature has expired is asked for anew, once.
        """
        fresh = False
        while True:
            cursor = self._cursors.setdefault(file, Cursor())
            try:
                chunk = yield from logs.read(files[file], cursor.offset, cursor.offset + CHUNK)
            except ForbiddenError:
                if fresh:
                    raise
                fresh = True
                files = {**files, **(yield from history.details(self._ws, self._job_name)).log_files}
                continue
            yield from self._tell(file, *cursor.advance(chunk.data))
            if len(chunk.data) < CHUNK:
                return files

    def _tell(self, file: str, cursor: Cursor, lines: tuple[str, ...]) -> Steps[None]:
        self._cursors[file] = cursor
        if lines:
            yield News(LogLines(self._job_name, file, lines))


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
