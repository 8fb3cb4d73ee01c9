"""One run of a DAG, driven and watched through Airflow's REST API."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from demo.airflow import Airflow, AirflowError

LINK = "Azure ML Studio"
ENDED = {"success", "failed"}
ACTIVE = {"scheduled", "queued", "running", "deferred", "restarting", "up_for_retry", "up_for_reschedule"}
"""States of tasks whose run goes on."""


@dataclass
class Task:
    """What Airflow tells of one task of the run.

    :param took: seconds from its start to its end.
    :param deferred: seconds between each *deferred* and the *running* that followed it, by Airflow's own event log.
    :param result: the mapping that an Azure ML operator returned, or None.
    :param text: the text that another task returned, or None.
    """

    name: str
    state: str | None
    tries: int
    took: float = 0.0
    deferred: float = 0.0
    result: dict[str, Any] | None = None
    link: str | None = None
    text: str | None = None


@dataclass
class Run:
    """A DAG run: begun with ``begin``, followed with ``watch``, read with ``tasks``."""

    airflow: Airflow
    dag: str
    id: str
    started: float = field(default_factory=time.monotonic)
    seen: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where the REST API keeps this run."""
        return f"/dags/{self.dag}/dagRuns/{self.id}"

    def begin(self, conf: dict[str, Any]) -> None:
        """Wait until the DAG is known, switch it on and trigger it with ``conf`` over its params."""
        self.airflow.until(f"DAG {self.dag}", self._known, timeout=180)
        self.airflow.api("PATCH", f"/dags/{self.dag}", {"is_paused": False})
        body = {"dag_run_id": self.id, "logical_date": None, "conf": conf}
        self.airflow.api("POST", f"/dags/{self.dag}/dagRuns", body)

    def _known(self) -> bool:
        broken = (self.airflow.find("/importErrors") or {}).get("import_errors", [])
        for error in broken:
            if error["filename"].endswith(f"{self.dag}.py"):
                raise AirflowError(f"{error['filename']} cannot be imported:\n{error['stack_trace'].strip()}")
        return self.airflow.find(f"/dags/{self.dag}") is not None

    def watch(self, timeout: float) -> str:
        """Print a line whenever a task changes its state, until the run has ended; gives back the run's state."""
        return self.airflow.until(f"end of {self.id}", self._look, timeout=timeout, pause=0.3)

    def _look(self) -> str | None:
        # A look that fails is not a run that fails: the next one comes at once.
        tasks = (self.airflow.find(f"{self.path}/taskInstances") or {}).get("task_instances", [])
        for task in tasks:
            name, word = task["task_id"], task["state"]
            if word and self.seen.get(name) != word:
                self.seen[name] = word
                print(f"{time.monotonic() - self.started:6.1f} s  {name:<20}{word}", flush=True)
        if any(task["state"] in ACTIVE for task in tasks):
            return None
        state: str | None = (self.airflow.find(self.path) or {}).get("state")
        return state if state in ENDED else None

    def tasks(self) -> list[Task]:
        """Read all tasks of the run, in the order in which they ended."""
        instances = self.airflow.api("GET", f"{self.path}/taskInstances")["task_instances"]
        instances.sort(key=lambda task: task["end_date"] or "")
        return [self._task(instance) for instance in instances]

    def _task(self, instance: dict[str, Any]) -> Task:
        name = instance["task_id"]
        value = (self.airflow.find(f"{self.path}/taskInstances/{name}/xcomEntries/return_value") or {}).get("value")
        return Task(
            name=name,
            state=instance["state"],
            tries=instance["try_number"],
            took=instance.get("duration") or 0.0,
            deferred=self._deferred(name),
            result=value if isinstance(value, dict) and "job_name" in value else None,
            link=self._link(name),
            text=value if isinstance(value, str) else None,
        )

    def parameter(self, name: str) -> Any:
        """The value that the run has for one of the DAG's params."""
        conf = self.airflow.api("GET", self.path).get("conf") or {}
        if name in conf:
            return conf[name]
        return self.airflow.api("GET", f"/dags/{self.dag}/details")["params"][name]["value"]

    def _link(self, task: str) -> str | None:
        links = self.airflow.find(f"{self.path}/taskInstances/{task}/links") or {}
        link: str | None = links.get("extra_links", {}).get(LINK)
        return link

    def _deferred(self, task: str) -> float:
        query = f"/eventLogs?dag_id={self.dag}&run_id={self.id}&task_id={task}&order_by=when&limit=100"
        events = self.airflow.api("GET", query)["event_logs"]
        pairs = [(one, next_) for one, next_ in itertools.pairwise(events) if one["event"] == "deferred"]
        return sum((instant(next_["when"]) - instant(one["when"])).total_seconds() for one, next_ in pairs)


def instant(text: str) -> datetime:
    """Read a time as Airflow's REST API writes it: ISO 8601 in UTC with microseconds, ended by ``Z``."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
