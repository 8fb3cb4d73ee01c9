"""Questions to Azure ML on behalf of those who look at pages: few at a time, each answer for all who ask the same.

A page asks again every few seconds, and many people may look at one task. So an answer is kept for a while, and one
question is under way for all. Questions are asked on a few threads of their own: the API server's stay free however
slow the service is, and a page that would have to wait for long is told so instead.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.hooks.brief import impatient_client
from airflow_azureml.lifecycle.job_page.attempts import attempts
from airflow_azureml.lifecycle.job_page.curves import curves
from airflow_azureml.lifecycle.job_page.job import show
from airflow_azureml.lifecycle.job_page.log import log_end
from airflow_azureml.rest.errors import AzureMLError
from airflow_azureml.rest.flow import Flow
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.timeouts import timeout

THREADS = 4
"""Questions that are under way at once."""

MOST_WAITING = 32
"""Questions that wait for a thread; whoever asks another one is told to come back."""

MOST_KEPT = 256
"""Answers that are kept."""

PATIENCE = 8.0
"""Seconds that a request of a browser waits for an answer; it is asked for on, and the next request finds it."""

CONNECT, READ = 3.0, 10.0
"""Seconds to reach the service, and of its silence."""

FRESH = {"job": 4.0, "log": 4.0, "curves": 15.0, "attempts": 60.0}
"""Seconds for which an answer holds, by what was asked."""

ENDED = 60.0
"""The same for what is said of a job that has ended."""

FAILED = 15.0
"""The same for a failure: a service that is away is not asked by every page every few seconds."""


@dataclass(frozen=True)
class Question:
    """What is asked of Azure ML.

    :param part: ``job``, ``log``, ``curves`` or ``attempts``.
    :param workspace: the arguments of the hook.
    """

    part: str
    job_name: str
    workspace: tuple[tuple[str, str | None], ...]

    @classmethod
    def of(cls, part: str, job_name: str, workspace: Mapping[str, str | None]) -> Question:
        """Ask for a part of a job in a workspace."""
        return cls(part, job_name, tuple(sorted(workspace.items())))


@dataclass(frozen=True)
class Answer:
    """What came of a question: a value, or why there is none.

    :param asked_at: seconds since the epoch.
    """

    value: Any = None
    error: str | None = None
    asked_at: float = 0.0


class Readings:
    """The answers of this process.

    :param ask: asks a question; any exception is its answer.
    :param clock: seconds, for how long answers hold.
    """

    def __init__(self, ask: Callable[[Question], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._clock = ask, clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Question, tuple[float, Answer]] = OrderedDict()
        self._under_way: dict[Question, Future[Answer]] = {}
        self._threads: ThreadPoolExecutor | None = None

    async def answer(self, question: Question, patience: float = PATIENCE) -> Answer | None:
        """The answer to a question, kept or new; None where there is none yet."""
        with self._lock:
            until, kept = self._kept.get(question, (0.0, None))
            if kept is not None and self._clock() < until:
                return kept
            future = self._under_way.get(question)
            if future is None:
                if len(self._under_way) >= THREADS + MOST_WAITING:
                    return kept
                future = self._begin(question)
        try:
            async with timeout(patience):
                return await asyncio.shield(asyncio.wrap_future(future))
        except asyncio.TimeoutError:
            return kept

    def _begin(self, question: Question) -> Future[Answer]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="azureml-pages")
        future = self._under_way[question] = self._threads.submit(self._work, question)
        return future

    def _work(self, question: Question) -> Answer:
        asked_at, holds = time.time(), FAILED
        try:
            value = self._ask(question)
        except AzureMLError as error:
            answer = Answer(error=str(error).partition("\n")[0], asked_at=asked_at)
        except Exception as error:  # noqa: BLE001 - this is the API server's process: whatever it is ends here
            answer = Answer(error=f"{type(error).__name__}: {error}".partition("\n")[0], asked_at=asked_at)
        else:
            answer, holds = Answer(value, asked_at=asked_at), _holds(question, value)
        with self._lock:
            self._kept[question] = (self._clock() + holds, answer)
            self._kept.move_to_end(question)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
            del self._under_way[question]
        return answer


def _holds(question: Question, value: Any) -> float:
    """Seconds for which a value holds."""
    is_over = isinstance(value, Mapping) and value.get("phase") not in (None, "active")
    return ENDED if is_over else FRESH[question.part]


def ask(question: Question) -> Any:
    """Ask Azure ML, without repeating a request.

    :raises AzureMLError: it cannot be asked, or refuses to answer.
    """
    hook = AzureMLHook(**dict(question.workspace))  # type: ignore[arg-type]
    with impatient_client(hook, connect=CONNECT, read=READ) as client:
        return client.run(FLOWS[question.part](client.workspace, question.job_name, client.settings.tenant_id))


FLOWS: Mapping[str, Callable[[Workspace, str, str | None], Flow[Any]]] = {
    "job": lambda ws, name, tenant: show(ws, name, tenant_id=tenant),
    "log": lambda ws, name, _: log_end(ws, name),
    "curves": lambda ws, name, _: curves(ws, name),
    "attempts": lambda ws, name, tenant: attempts(ws, name, tenant_id=tenant),
}
"""What is asked for each part of the page."""

READINGS = Readings(ask)
"""The answers of this process."""
