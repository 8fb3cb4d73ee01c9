"""The log of a job in the log of its deferred task: copied by the trigger while it waits, beside its looks at the job.

A trigger has no memory: one that is stopped begins anew in another process. So it notes now and then in an XCom how far
it has copied, and whoever follows goes on there: nothing is lost, and what was copied since the last note is repeated.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from airflow_azureml.lifecycle.job_log import LogCopy, LogFollower
from airflow_azureml.lifecycle.news import LogLines, LogTrouble, StatusChange, reporter
from airflow_azureml.lifecycle.pacing.throttle import Throttle
from airflow_azureml.task.xcom import LOG_COPIED_KEY
from airflow_azureml.timeouts import timeout
from airflow_azureml.triggers.ending import TriggerInstance
from airflow_azureml.triggers.threads import in_thread
from airflow_azureml.version_compat import AIRFLOW_V_3_0_PLUS

if TYPE_CHECKING:
    from airflow_azureml.rest.jobs import Job

PIECE, PIECES = 64 * 1024, 4
"""Bytes of a log file that are read at once, and how often at a time: whoever writes them holds up all triggers."""

MOST = 4 * 1024 * 1024
"""Bytes of a job's log that are copied, at most."""

NOTED_AFTER = 4096
"""Bytes that are copied before the place is noted again, at least."""

NOTES_PER_SECOND = 2.0
"""Notes of all triggers of one triggerer, at most: each is a request to Airflow."""

END_WITHIN = 15.0
"""Seconds for the rest of the log of a job that has ended, before the task goes on without it."""

_NOTING: WeakKeyDictionary[asyncio.AbstractEventLoop, Throttle] = WeakKeyDictionary()
"""What keeps the notes of an event loop apart."""


KEPT = 10_000
"""Jobs of which is kept where this process has begun to copy, at most."""

_BEGUN_HERE: dict[tuple[str, int], dict[str, int]] = {}
"""How far logs were copied, by file, when this process began with a job of a try.

Airflow 3.0 to 3.4 write one log file for each triggerer and try, and empty it when the trigger comes back to a
triggerer that it had left (``TriggerLoggingFactory`` opens it as ``"wb"``): what was copied there is copied again.
"""


class LogCopier:
    """Copies the log of one job.

    :param client: the asynchronous client that also the looks use.
    :param given: plain values, as the trigger has them: ``files`` and ``kind`` as those of ``LogCopy``, and ``since``,
        epoch seconds before which no trigger of this try has begun.
    :param beat: seconds between two readings.
    :param ti: the task instance; None where there is none.
    :param log: the trigger's log.
    """

    def __init__(self, client: Any, job_name: str, given: Mapping[str, Any], beat: float, ti: Any, log: Any) -> None:
        self._client = client
        self._job_name = job_name
        self._given = given
        self._beat = beat
        self._stop = threading.Event()
        self._ti = None if ti is None else TriggerInstance(ti, "", self._stop)
        self._log = log
        self._report = reporter(log)
        self._follower: LogFollower | None = None
        self._status: str | None = None
        self._copied: dict[str, int] = {}
        self._unnoted = 0
        self.whole = False
        """Whether all of the log has been copied."""

    def tell(self, record: Any) -> None:
        """Write a flow's news into the task's log."""
        if isinstance(record, StatusChange):
            self._status = record.status
        elif isinstance(record, LogLines):
            self._unnoted += record.end - self._copied.get(record.file, 0)
            self._copied[record.file] = record.end
        self._report(record)

    async def copy_during(self, waiting: Coroutine[Any, Any, Job]) -> Job:
        """Copy the log until a job has ended that somebody else waits for, and then what is left of it."""
        copying = asyncio.create_task(self._copy())
        try:
            job = await waiting
        finally:
            self._stop.set()
            copying.cancel()
            await asyncio.gather(copying, return_exceptions=True)
        try:
            async with timeout(END_WITHIN):
                await self._finish()
        except (TimeoutError, asyncio.TimeoutError):
            self._log.info("The rest of the log of Azure ML job %s could not be read in time.", self._job_name)
        except Exception as error:  # noqa: BLE001 - as in _copy
            self._report(LogTrouble(self._job_name, str(error)))
        if self._ti is not None:
            _BEGUN_HERE.pop((self._job_name, self._ti.try_number), None)
        return job

    async def _copy(self) -> None:
        """Copy what the log gains, time and again."""
        try:
            # A library that drops a cancel does not keep it going either.
            while not self._stop.is_set():
                await asyncio.sleep(self._beat)
                if self._status is None:
                    continue
                if self._follower is None:
                    self._follower = await self._begin()
                self._follower.saw(self._status)
                if self._follower.reading:
                    await self._client.run(self._follower.keep_up(), news=self.tell)
                    await self._note()
        except Exception as error:  # noqa: BLE001 - a log is no reason for a task to fail, whatever it is
            self._report(LogTrouble(self._job_name, str(error)))

    async def _finish(self) -> None:
        if self._follower is None:
            self._follower = await self._begin()
        await self._client.run(self._follower.finish(), news=self.tell)
        self.whole = not self._follower.missed

    async def _begin(self) -> LogFollower:
        """Go on where an earlier trigger of this try has left off, in another process; in this one, begin again."""
        noted = await self._noted()
        self._copied = self._begun_here(noted)
        if noted != self._copied:
            self._log.info(
                "The log of Azure ML job %s is copied once more from where this triggerer had begun: Airflow discards "
                "what a trigger has written when it comes back to a triggerer that it had left.",
                self._job_name,
            )
        elif self._copied:
            self._log.info(
                "The log of Azure ML job %s is copied further from byte %s on: lines before were written by another "
                "trigger of this task, and some of them may come twice.",
                self._job_name,
                ", ".join(f"{end} of {file}" for file, end in sorted(self._copied.items())),
            )
        files, kind = tuple(self._given["files"]), self._given["kind"]
        copy = LogCopy(files, kind, piece=PIECE, pieces=PIECES, most=MOST, begin=dict(self._copied))
        return LogFollower(self._client.workspace, self._job_name, copy)

    def _begun_here(self, noted: dict[str, int]) -> dict[str, int]:
        if not AIRFLOW_V_3_0_PLUS or self._ti is None:
            return noted
        key = self._job_name, self._ti.try_number
        if key not in _BEGUN_HERE:
            while len(_BEGUN_HERE) >= KEPT:
                del _BEGUN_HERE[next(iter(_BEGUN_HERE))]
            _BEGUN_HERE[key] = dict(noted)
        return dict(_BEGUN_HERE[key])

    async def _noted(self) -> dict[str, int]:
        """How far the log was copied, by file; what was noted of another job does not count."""
        ti = self._ti
        if ti is None or time.time() < self._given["since"] + self._beat:
            return {}  # no trigger of this try can have copied anything yet
        try:
            found = await in_thread("end", _pull, ti)
        except Exception as error:  # noqa: BLE001 - as in _copy
            self._log.info("How far the log was copied before cannot be read, so it is copied anew: %s", error)
            return {}
        if not isinstance(found, Mapping) or found.get("job_name") != self._job_name:
            return {}
        return {str(file): int(end) for file, end in found["bytes"].items()}

    async def _note(self) -> None:
        """Note how far the log is copied, if that is worth a request."""
        loop = asyncio.get_running_loop()
        throttle = _NOTING.setdefault(loop, Throttle(NOTES_PER_SECOND))
        if self._ti is None or self._unnoted < NOTED_AFTER or throttle.free_at > loop.time():
            return
        throttle.sent(loop.time())
        self._unnoted = 0
        try:
            await in_thread("end", _push, self._ti, {"job_name": self._job_name, "bytes": dict(self._copied)})
        except Exception as error:  # noqa: BLE001 - as in _copy
            self._log.debug("How far the log is copied could not be noted: %s", error)


def _pull(ti: TriggerInstance) -> Any:
    return ti.xcom_pull(task_ids=ti.task_id, key=LOG_COPIED_KEY, map_indexes=ti.map_index)


def _push(ti: TriggerInstance, value: Mapping[str, Any]) -> None:
    ti.xcom_push(LOG_COPIED_KEY, value)
