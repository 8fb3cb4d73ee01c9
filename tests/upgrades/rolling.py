"""``python -m tests.upgrades.rolling``: exchange provider and DAG file below thousands of deferred tasks.

On a bed of ``tests.distributed`` all parts run one release of the provider; tasks submit jobs, which the service holds
in its queue, and are deferred. Then the parts end and begin again with another release, one after the other, as a
rolling deployment does, and the DAG file is exchanged for one with another command and another keyword. Jobs end before
each step and afterwards. Each task is to succeed by its one job, which was put once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from demo.airflow import AirflowError
from tests import REPOSITORY
from tests.chaos.service import ChaosService
from tests.distributed.bed import TRIGGERERS, Bed, DistributedAirflow, bed
from tests.distributed.servers import MissingError
from tests.upgrades.__main__ import sources
from tests.upgrades.outcome import Instance, Row, table, written

DAGS = Path(__file__).with_name("dags")
KEPT = REPOSITORY / ".tmp" / "upgrades"
BEFORE = "e10e3d6"
"""The release that is upgraded from: the newest of those in ``recorded``."""
TODAY = "today"
"""This working tree."""

SHARES = {"mapped": 0.25, "returning": 0.12, "triggerer": 0.55, "sensor": 0.03, "pipeline": 0.03, "running": 0.02}
"""How tasks wait: deferred by a worker and back on one; begun in the triggerer and back on a worker; never on one; a
sensor; for a pipeline; and deferred as the first, for a job that runs and is not held in the queue."""
SIZES = {"returning": 20, "triggerer": 20}
"""Tasks in a DAG where they begin in the triggerer, which is sent the whole DAG with each; else ``MANY``."""
MANY, RUNNING = 100, 4
"""The second: tasks whose jobs run all the time. The emulator runs eight commands at once."""

EARLY = 0.4
"""The share of the DAGs whose jobs end while parts are exchanged."""
PATIENCE = 3600.0
STEP = 600.0
RUN, LATE = "run", "late"
"""The run of each DAG, and another one of some that begins after the first part was exchanged."""
AGAIN = ("mapped", "returning", "triggerer")
"""The kinds that have such a run, of their first DAG."""

QUERY = (
    "SELECT ti.dag_id, ti.run_id, ti.task_id, ti.map_index, ti.state, ti.try_number, x.value FROM task_instance ti "
    "LEFT JOIN xcom x ON x.dag_id = ti.dag_id AND x.run_id = ti.run_id AND x.task_id = ti.task_id "
    "AND x.map_index = ti.map_index AND x.key = 'return_value' WHERE ti.task_id <> 'submit'"
)
JOB = re.compile(r"/jobs/([^/?]+)$")


def main() -> int:
    """Run a session; 0 when no task was lost."""
    parser = argparse.ArgumentParser("python -m tests.upgrades.rolling", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000, help="tasks (default 2000)")
    parser.add_argument("--bed", choices=("celery", "local"), default="celery", help="where (default celery)")
    text = f"the commit whose provider is there at first (default {BEFORE}; {TODAY}: this working tree)"
    parser.add_argument("--since", default=BEFORE, metavar="COMMIT", help=text)
    parser.add_argument("--to", default=TODAY, metavar="COMMIT", help="the one that follows (default: this tree)")
    parser.add_argument("--back", action="store_true", help="the other way: a roll-back, workers first")
    parser.add_argument("--keep", action="store_true", help="leave the bed's folder, with all logs")
    options = parser.parse_args()
    # So the bed is taken down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    ends = (options.to, options.since) if options.back else (options.since, options.to)
    try:
        report, rows = session(options.bed, options.runs, *ends, back=options.back, keep=options.keep)
    except (MissingError, LookupError) as missing:
        print(missing, file=sys.stderr)
        return 2
    KEPT.mkdir(parents=True, exist_ok=True)
    place = KEPT / f"{options.bed}-{'-'.join(ends)}-{time.strftime('%H%M%S')}.json"
    place.write_text(json.dumps(report, indent=1), encoding="utf-8")
    print(written(rows))
    for name, row in rows.items():
        for key, word, why in row.wrong[:20]:
            print(f"{name}: {key}: {word}: {why}")
    print(f"kept: {place}")
    return int(any(row.wrong for row in rows.values()))


def session(
    kind: str, tasks: int, first: str, second: str, *, back: bool = False, keep: bool = False
) -> tuple[dict[str, Any], dict[str, Row]]:
    """Exchange one release for another; what was seen, and what became of the tasks.

    :param back: workers are exchanged before triggerers, as a roll-back wants it.
    :raises LookupError: this clone does not have a commit.
    :raises MissingError: a server's program is not on this machine.
    """
    names = dags(tasks)
    with contextlib.ExitStack() as stack:
        old, new = (stack.enter_context(provider(commit)) for commit in (first, second))
        settings = {
            "UPGRADE_DAGS": json.dumps(names),
            "PYTHONPATH": str(old),
            "AIRFLOW__CORE__PARALLELISM": "16",
            "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "16",
            # While one triggerer is away the other one has them all.
            "AIRFLOW__TRIGGERER__CAPACITY": str(2 * tasks),
            "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "180",
        }
        running = stack.enter_context(bed(kind, {"upgrade": DAGS}, settings=settings, keep=keep))
        exchange = Exchange(running, names, new, back)
        report: dict[str, Any] = {"bed": kind, "first": first, "second": second, "dags": names, **exchange.run()}
        rows = exchange.outcome()
    report["rows"] = {name: {"tasks": row.tasks, **row.counts, "wrong": row.wrong} for name, row in rows.items()}
    return report, rows


@contextlib.contextmanager
def provider(commit: str) -> Iterator[Path]:
    """The folder to find a release's modules in."""
    if commit == TODAY:
        yield REPOSITORY / "provider"
        return
    with sources(commit) as folder:
        yield folder


def dags(tasks: int) -> dict[str, int]:
    """The DAGs for so many tasks, with the tasks of each."""
    found = {}
    for kind, share in SHARES.items():
        left, size, number = max(1, round(tasks * share)), SIZES.get(kind, MANY), 0
        if kind == "running":
            left = min(left, RUNNING)
        while left > 0:
            found[f"upgrade_{kind}_{number:02d}"] = min(size, left)
            left, number = left - size, number + 1
    return found


class Exchange:
    """The exchange of one release for another, below tasks that wait.

    :param names: the DAGs, with the tasks of each.
    :param new: the folder with the provider that follows.
    """

    def __init__(self, running: Bed, names: Mapping[str, int], new: Path, back: bool) -> None:
        assert isinstance(running.airflow, DistributedAirflow)
        self.airflow, self.service, self.names, self.new = running.airflow, ChaosService(running.service), names, new
        self.gate = running.place / "gate"
        triggerers, rest = list(TRIGGERERS), ["api-server", "dag-processor", "scheduler"]
        workers = list(self.airflow.workers)
        self.order = [*workers, *reversed(rest), *triggerers] if back else [*triggerers, *rest, *workers]
        firsts = [name for name in names if name.endswith("_00")]
        self.late = {name: names[name] for name in firsts if name.split("_")[1] in AGAIN}
        others = [name for name in names if name not in firsts]
        self.early = others[:: max(1, round(1 / EARLY))] if others else []
        self.began = time.time()
        self.seen: list[dict[str, Any]] = []

    def run(self) -> dict[str, Any]:
        """Let tasks be deferred, exchange the release, let jobs end; when what was so."""
        for name, size in self.names.items():
            self.service.fault("queue", times=4 * size, scope=name)
        for name in [name for name in self.names if "_running_" in name]:
            self.service.clear(name)
        for name in self.names:
            self.begin(name, RUN)
        total = sum(self.names.values())
        self.until("deferral of all tasks", lambda: self.wait_for_jobs(total), PATIENCE)
        self.note("all deferred", tasks=total)
        self.exchange()
        every = total + sum(self.late.values())
        self.until("deferral of the late tasks", lambda: self.wait_for_jobs(every), PATIENCE)
        self.note("the late ones deferred", waiting=self.states()["deferred"])
        self.gate.touch()
        for name in self.names:
            self.service.clear(name)
        self.note("all jobs let go")
        with contextlib.suppress(AirflowError):
            self.until("end of all tasks", lambda: not self.open(), PATIENCE)
        self.note("end", **self.states())
        return {"seen": self.seen, "restarts": dict(self.airflow.restarts)}

    def exchange(self) -> None:
        """Exchange all parts, one after the other, and the DAG file on the way."""
        paths = os.pathsep.join((str(self.new), str(REPOSITORY)))
        interpreter = self.airflow.load({**self.airflow.environment, "PYTHONPATH": paths})
        interpreter.run("-c", "")  # a part that begins again does not wait until it has loaded all
        self.note("next release loaded")
        batch = -(-len(self.early) // len(self.order))
        for number, name in enumerate(self.order):
            for dag in self.early[number * batch : (number + 1) * batch]:
                self.service.clear(dag)
            if name == "dag-processor":
                file = self.airflow.dags / "upgrade" / "waiting.py"
                text = file.read_text(encoding="utf-8")
                file.write_text(text.replace("CHANGED = False", "CHANGED = True"), encoding="utf-8")
            waiting = self.states()["deferred"]
            self.airflow.interpreters[name] = interpreter
            before = self.airflow.running[name].pid
            self.airflow.roll(name)
            self.until(f"{name} again", partial(self.is_back, name, before), STEP)
            self.note(f"{name} exchanged", waiting=waiting)
            if not number:
                for dag in self.late:
                    self.begin(dag, LATE)

    def is_back(self, name: str, pid: int) -> bool:
        """Whether a part has begun again, and does what it is there for."""
        process = self.airflow.running[name]
        if process.pid == pid or process.poll() is not None:
            return False
        if name in TRIGGERERS:
            query = "SELECT 1 FROM job WHERE job_type = 'TriggererJob' AND state = 'running' AND hostname = ?"
            query += " AND start_date > to_timestamp(?)"
            return self.airflow.sql(query, TRIGGERERS[name], self.seen[-1]["at"] + self.began) != [()]
        if name == "dag-processor":
            query = "SELECT count(DISTINCT dag_id) FROM serialized_dag WHERE last_updated > to_timestamp(?)"
            return bool(self.airflow.sql(query, self.seen[-1]["at"] + self.began)[0][0] == len(self.names))
        return name != "api-server" or self.airflow.find("/version") is not None

    def begin(self, dag: str, run: str) -> None:
        """Begin a run of a DAG."""
        self.airflow.trigger(dag, run, conf={"gate": str(self.gate)})

    def states(self) -> Counter[str]:
        """How many of the tasks that wait are in each state."""
        rows = self.airflow.sql("SELECT state, count(*) FROM task_instance WHERE task_id <> 'submit' GROUP BY state")
        return Counter({str(row[0]): row[1] for row in rows if row})

    def wait_for_jobs(self, total: int) -> bool:
        """Whether each of so many tasks is deferred or has ended, and has a job: what begins in the triggerer submits
        it there."""
        states = self.states()
        if sum(states[one] for one in ("deferred", "success", "failed")) < total:
            return False
        self.service.refresh()
        return sum(job.parent is None for job in self.service.jobs.values()) >= total

    def open(self) -> int:
        """How many runs have not ended."""
        query = "SELECT count(*) FROM dag_run WHERE state NOT IN ('success', 'failed')"
        return int(self.airflow.sql(query)[0][0])

    def until(self, what: str, probe: Callable[[], Any], timeout: float) -> None:
        """Wait for something, and tell every half minute how far it is."""
        told = time.monotonic()

        def look() -> Any:
            nonlocal told
            answer = probe()
            if not answer and time.monotonic() > told + 30:
                told = time.monotonic()
                print(f"{time.strftime('%H:%M:%S')} {what}: {dict(self.states())}", flush=True)
            return answer

        self.airflow.until(what, look, timeout=timeout, pause=2)

    def note(self, what: str, **more: Any) -> None:
        """Keep what was so at this moment."""
        self.seen.append({"what": what, "at": round(time.time() - self.began, 1), **more})
        print(f"{time.strftime('%H:%M:%S')} {what} {more or ''}", flush=True)

    def outcome(self) -> dict[str, Row]:
        """What became of the tasks."""
        self.service.refresh()
        rows = self.airflow.sql(QUERY)
        instances = [Instance(tuple(row[:4]), row[4], row[5], job_of(row[6])) for row in rows]
        jobs = [job for job in self.service.jobs.values() if job.parent is None]
        return table(instances, jobs, self.puts())

    def puts(self) -> Counter[str]:
        """How many PUTs of each job came in."""
        place = self.service.service.state / "journal.sqlite"
        with contextlib.closing(sqlite3.connect(f"file:{place}?mode=ro", uri=True, timeout=30)) as journal:
            paths = journal.execute("SELECT path FROM requests WHERE method = 'PUT'").fetchall()
        return Counter(found[1] for (path,) in paths if (found := JOB.search(path)))


def job_of(value: Any) -> str | None:
    """The job that a result names."""
    result = json.loads(value) if isinstance(value, str) else value
    return result.get("job_name") if isinstance(result, dict) else None


if __name__ == "__main__":
    os.environ.setdefault("TMPDIR", str(REPOSITORY / ".tmp"))
    raise SystemExit(main())
