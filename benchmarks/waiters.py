"""What it costs to wait for many jobs: ours, ours as it was before one loop looked at all, and a client per trigger.

Call: ``python benchmarks/waiters.py [JOBS ...]``, 100 to 10,000 by default. For each number of jobs, with and without
the limit of Azure Resource Manager (25 requests a second, 250 at once), the three kinds wait at the same time, each in
a process of its own, against a stand-in of its own that answers at once. Prints a table, and writes
``docs/benchmarks/waiters.json`` and ``docs/benchmarks/waiters.svg``.

Nothing is compressed: jobs are looked at every 30 seconds of real time. Each row lasts two minutes; what a kind has not
told of by then counts with the delay that it has had so far, so long delays are understated.

The commit before is taken from this repository's history by ``git archive``; where it is not there, as in a shallow
clone, its rows are left out, and that is said.
"""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

import trustme  # noqa: E402

from benchmarks.waiting import plot  # noqa: E402
from benchmarks.waiting.service import Plan  # noqa: E402
from tests.upgrades.__main__ import sources  # noqa: E402

BEFORE = "32c0b2c"
"""The last commit in which each deferred task looked at its job by itself."""

SIZES = (100, 1000, 2000, 5000, 10_000)
FIRST, LAST, UNTIL = 45.0, 85.0, 120.0
"""Seconds from the beginning to the first job's end, to the last one's, and to the end of the measurement."""

PREPARATION = 40.0
"""Seconds for imports, before the beginning."""

RATE, BUCKET = 25.0, 250.0
OURS, OLD, CLIENTS = "ours", f"ours at {BEFORE}", "a client per trigger"
MOST_CLIENTS = 2000
"""Triggers with clients of their own, at most: each holds some 100 KB and opens its connection anew for each look."""

OUTPUT = REPOSITORY / "docs" / "benchmarks"


@dataclass(frozen=True)
class Row:
    """The figures of one kind, for one number of jobs.

    ``delays`` are from a job's end to its event, in seconds; ``cpu`` in percent of a core, without what the process
    takes while nobody waits, ``cpu_later`` of the time in which jobs end; ``block``: for how long the event loop served
    nobody, in milliseconds, ``block_later`` without the beginning, in which all triggers start together. ``work``: the
    longest piece of work between two beats, in milliseconds of processor time and without garbage collections, which a
    busy machine lengthens less; ``collection``: the longest garbage collection, likewise.
    """

    kind: str
    jobs: int
    limited: bool
    batches: bool
    mean: float
    busiest: int
    throttled: int
    median: float
    p99: float
    longest: float
    untold: int
    wrong: int
    cpu: float
    cpu_later: float
    kilobytes: float
    block: float
    block_later: float
    work: float
    collection: float


def measure(kind: str, checkout: Path, plan: Plan) -> Row:
    """Have the triggers of one kind wait, and put together what they and the stand-in counted."""
    service = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.waiting.service", json.dumps(asdict(plan))],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert service.stdout is not None
        address = f"https://127.0.0.1:{int(service.stdout.readline())}"
        measured = wait(kind, checkout, plan, address)
        counts = ask(f"{address}/counts", plan)
    finally:
        service.terminate()
        service.wait()
    moments = sorted(moment for moment in counts["moments"] if moment >= plan.begin)
    delays = measured["delays"]
    return Row(
        kind=kind,
        jobs=plan.jobs,
        limited=plan.rate is not None,
        batches=plan.batches,
        mean=len(moments) / UNTIL,
        busiest=busiest_second(moments),
        throttled=counts["statuses"].get("429", 0),
        median=delays[len(delays) // 2],
        p99=delays[int(len(delays) * 0.99)],
        longest=delays[-1],
        untold=measured["untold"],
        wrong=measured["errors"] + measured["twice"],
        cpu=100 * measured["cpu"],
        cpu_later=100 * measured["cpu_later"],
        kilobytes=measured["kilobytes"],
        block=1000 * measured["block"],
        block_later=1000 * measured["block_later"],
        work=1000 * measured["work"],
        collection=1000 * measured["collection"],
    )


def wait(kind: str, checkout: Path, plan: Plan, address: str) -> dict[str, Any]:
    """The triggers of one kind, in a process of their own."""
    folder = Path(tempfile.mkdtemp(dir=plan.folder))
    extra = {
        "subscription_id": "sub",
        "resource_group": "rg",
        "workspace_name": "ws",
        "tenant_id": "tenant",
        "endpoint": address,
        "verify": f"{plan.folder}/ca.pem",
    }
    connection = {"conn_type": "azureml", "login": "client", "password": "secret", "extra": extra}
    environment = {
        **os.environ,
        "PYTHONPATH": f"{checkout / 'provider'}:{REPOSITORY}",
        "AIRFLOW_CONN_AZUREML_DEFAULT": json.dumps(connection),
        "AIRFLOW_HOME": str(folder),
    }
    which = "client" if kind == CLIENTS else "trigger"
    result = folder / "result.json"
    command = [sys.executable, "-m", "benchmarks.waiting.triggers", which, str(UNTIL), json.dumps(asdict(plan))]
    command.append(str(result))
    with (folder / "log").open("w", encoding="utf-8") as log:
        done = subprocess.run(command, cwd=folder, env=environment, stdout=log, stderr=log)
    if done.returncode:
        raise SystemExit(f"{kind}, {plan.jobs} jobs: {(folder / 'log').read_text(encoding='utf-8')[-2000:]}")
    measured: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
    return measured


def ask(url: str, plan: Plan) -> Any:
    """What the stand-in says."""
    context = ssl.create_default_context(cafile=f"{plan.folder}/ca.pem")
    with urllib.request.urlopen(url, context=context) as answer:
        return json.load(answer)


def busiest_second(moments: list[float]) -> int:
    """The most requests in any second, wherever it begins."""
    first = most = 0
    for last, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        most = max(most, last - first + 1)
    return most


def table(rows: list[Row]) -> str:
    """The figures, as a page of text."""
    titles = (
        f"{'jobs':>6} {'limit':>5} {'many':>4} {'kind':<21}{'mean/s':>7}{'busiest':>8}{'429':>7}"
        f"{'median s':>9}{'p99':>7}{'max':>7}{'untold':>7}{'wrong':>6}{'CPU %':>7}{'later':>7}{'KB each':>8}"
        f"{'block ms':>9}{'later':>7}{'work':>6}{'GC':>6}"
    )
    lines = [
        f"{row.jobs:>6} {'25/s' if row.limited else '-':>5} {'yes' if row.batches else 'no':>4} {row.kind:<21}"
        f"{row.mean:>7.1f}{row.busiest:>8}{row.throttled:>7}{row.median:>9.1f}{row.p99:>7.1f}{row.longest:>7.1f}"
        f"{row.untold:>7}{row.wrong:>6}{row.cpu:>7.1f}{row.cpu_later:>7.1f}{row.kilobytes:>8.1f}"
        f"{row.block:>9.0f}{row.block_later:>7.0f}{row.work:>6.0f}{row.collection:>6.0f}"
        for row in rows
    ]
    return "\n".join([titles, *lines])


def write(rows: list[Row]) -> None:
    """Leave the figures, and how they grow."""
    load = os.getloadavg()[0]
    print(f"Load of the machine: {load:.1f}, {os.cpu_count()} processors.", flush=True)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    found = [asdict(row) for row in sorted(rows, key=lambda row: (row.jobs, row.limited, not row.batches))]
    figures = {"before": BEFORE, "load": load, "processors": os.cpu_count(), "rows": found}
    (OUTPUT / "waiters.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (OUTPUT / "waiters.svg").write_text(plot.svg(found, (OURS, OLD, CLIENTS)), encoding="utf-8")


def main(sizes: list[int]) -> int:
    """Measure all kinds side by side; 0 when ours keeps what the documentation promises."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="waiters-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        kinds = {OURS: REPOSITORY, CLIENTS: REPOSITORY}
        try:
            kinds[OLD] = stack.enter_context(sources(BEFORE)).parent
        except LookupError:
            print(f"Commit {BEFORE} is not in this clone's history: its rows are left out.")
        cases = [(jobs, limited, True) for jobs in sizes for limited in (False, True)]
        cases += [(1000, True, False)] if 1000 in sizes else []
        print(table([]))
        for jobs, limited, batches in cases:
            begin = time.time() + PREPARATION
            rate = RATE if limited else None
            plan = Plan(jobs, begin, FIRST, LAST, rate, BUCKET, batches, str(folder))
            chosen = [kind for kind in kinds if kind == OURS or (batches and (kind == OLD or jobs <= MOST_CLIENTS))]
            with ThreadPoolExecutor(len(chosen)) as threads:
                rows += threads.map(lambda kind: measure(kind, kinds[kind], plan), chosen)  # noqa: B023
            print("\n".join(table(rows).splitlines()[-len(chosen) :]), flush=True)
            write(rows)
    kept = all(row.mean <= 6 and row.busiest <= 10 and not row.throttled for row in rows if row.kind == OURS)
    kept &= not any(row.untold or row.wrong for row in rows if row.kind == OURS and row.batches)
    print("Budget: 6 requests/s, 10 in any second, no 429, no event lost.", "Kept." if kept else "Exceeded.")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]] or list(SIZES)))
