"""Runs the harness: a bed, many tasks in flight, faults on all of them, and a table at the end."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import queue
import signal
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests import REPOSITORY
from tests.chaos import plan
from tests.chaos.airflows_own import cause
from tests.chaos.batch_endpoints import deploy
from tests.chaos.drive import drive
from tests.chaos.evidence import evidence
from tests.chaos.judge import LEFT_OVER, judge, left_to_the_sweep
from tests.chaos.picture import draw
from tests.chaos.plan import Case
from tests.chaos.report import moments, read, table, totals
from tests.chaos.service import ChaosService
from tests.chaos.storms import Storms
from tests.chaos.world import World
from tests.distributed.bed import KINDS, Bed, bed
from tests.distributed.servers import MissingError

DAGS = Path(__file__).with_name("dags")
UNNAMED = "tests.chaos.unnamed"
KEPT = REPOSITORY / ".tmp" / "chaos"
CONNECTION = "AIRFLOW_CONN_AZUREML_DEFAULT"
FOREVER = 7 * 24 * 60.0


def main() -> int:
    """Run a session, or tell of earlier ones."""
    parser = argparse.ArgumentParser("python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=100, help="tasks to run (default 100)")
    parser.add_argument("--seed", type=int, help="what is to happen (default: the time)")
    parser.add_argument("--bed", choices=KINDS, default=KINDS[0], help=f"where (default {KINDS[0]})")
    parser.add_argument("--in-flight", type=int, default=30, help="tasks at a time (default 30)")
    parser.add_argument("--minutes", type=float, help="begin no further task after so many minutes")
    text = "cut off what has not ended after so many minutes; it counts as no run"
    parser.add_argument("--all-within", type=float, metavar="MINUTES", help=text)
    parser.add_argument("--first", type=int, default=0, help="the number of the first task (default 0)")
    parser.add_argument("--calm", action="store_true", help="nothing falls on all at once")
    parser.add_argument("--unnamed", action="store_true", help="without the names of jobs: the harness must fail")
    parser.add_argument("--keep", action="store_true", help="leave the bed's folder, with all logs")
    parser.add_argument("--tell", nargs="+", type=Path, metavar="JSON", help="only the table of earlier sessions")
    parser.add_argument("--picture", type=Path, metavar="SVG", help="with --tell: draw how often what was done")
    options = parser.parse_args()
    if options.tell:
        reports = read(options.tell)
        print(table(reports))
        if options.picture:
            options.picture.write_text(draw(moments(reports)), encoding="utf-8")
        return 0
    seed = int(time.time()) if options.seed is None else options.seed
    print(f"seed {seed}", flush=True)
    try:
        report = session(options, seed)
    except MissingError as missing:
        print(missing, file=sys.stderr)
        return 2
    KEPT.mkdir(parents=True, exist_ok=True)
    name = f"{report['bed']}-{seed}-{options.first}{'' if report['named'] else '-unnamed'}.json"
    (KEPT / name).write_text(json.dumps(report, indent=1, default=str), encoding="utf-8")
    print(table([report]))
    for row in report["cases"]:
        for word, why in row["wrong"]:
            print(f"{row['run']} ({row['dag']}): {word}: {why}")
        if row["airflow"]:
            print(f"{row['run']} ({row['dag']}): Airflow's own: {row['airflow']}")
    print(f"kept: {KEPT / name}; again: --seed {seed}")
    return int(any(row["wrong"] for row in report["cases"]))


def session(options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Run one session."""
    names = slots(options.in_flight, options.bed)
    settings = {"CHAOS_DAGS": ",".join(names), "AIRFLOW__CORE__PARALLELISM": "48"}
    preload = (UNNAMED,) if options.unnamed else ()
    with bed(options.bed, {"chaos": DAGS}, settings=settings, preload=preload, keep=options.keep) as running:
        began = time.time()
        os.environ["AIRFLOW_HOME"] = str(running.place / "own")
        os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"
        os.environ[CONNECTION] = running.airflow.environment[CONNECTION]
        deploy((name for name in names if name.split("_")[1] == plan.BATCH), running.place / "batch")
        service = ChaosService(running.service)
        world = World(running, service)
        storms = Storms(running, service, seed, world.running_tasks)
        world.start()
        end = threading.Timer((options.all_within or FOREVER) * 60, world.cut.set)
        end.daemon = True
        end.start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: world.cut.set())
        if not options.calm:
            storms.start()
        driven = in_flight(world, options, seed, names, running.place / "gates")
        end.cancel()
        storms.ends.set()
        if not options.calm:
            storms.join()
        world.fresh()
        world.ends.set()
        world.join()
        service.refresh()
        rows = [told(case, service, running, storms) for case in driven]
    return {
        "bed": options.bed,
        "seed": seed,
        "first": options.first,
        "named": not options.unnamed,
        "seconds": time.time() - began,
        "totals": totals(rows),
        "storms": storms.seen,
        "cases": rows,
    }


def slots(count: int, kind: str) -> list[str]:
    """The DAGs of a session: each has one run at a time."""
    shares = {one: share for one, share in plan.KINDS.items() if kind != "airflow2" or one != plan.TRIGGERER}
    found = [
        f"chaos_{one}_{number:02d}" for one, share in shares.items() for number in range(max(1, round(count * share)))
    ]
    return found


def in_flight(world: World, options: argparse.Namespace, seed: int, names: list[str], gates: Path) -> list[Case]:
    """Drive all cases, as many at a time as there are DAGs of their kinds."""
    gates.mkdir(parents=True, exist_ok=True)
    free: dict[str, queue.Queue[str]] = {one: queue.Queue() for one in plan.KINDS}
    for name in names:
        free[name.split("_")[1]].put(name)
    deadline = time.monotonic() + options.minutes * 60 if options.minutes else None
    driven: list[Case] = []
    counts: Counter[str] = Counter()
    lock = threading.Lock()

    def one(case: Case) -> None:
        case.dag = free[case.kind].get()
        try:
            if world.cut.is_set() or (deadline is not None and time.monotonic() > deadline):
                return
            drive(world, case, gates)
        finally:
            free[case.kind].put(case.dag)
        with lock:
            driven.append(case)
            counts[case.kind] += 1
            said = f"{len(driven)} of {options.runs}"
        print(f"{time.strftime('%H:%M:%S')} {said}: {case.run} {case.kind} {outcome(case)}", flush=True)

    drawn = itertools.islice(
        plan.cases(seed, older=options.bed == "airflow2"), options.first, options.first + options.runs
    )
    with ThreadPoolExecutor(len(names)) as pool:
        for future in [pool.submit(one, case) for case in drawn]:
            future.result()
    return driven


def outcome(case: Case) -> str:
    """A case in a line."""
    words = [f"{row.get('point', '')}: {row['what']}" for row in case.history if "point" in row]
    return f"{'; '.join(words)} -> {case.history[-1]['what']} {case.history[-1].get('state')}"


def told(case: Case, service: ChaosService, running: Bed, storms: Storms) -> dict[str, Any]:
    """A case as the report has it: what is Airflow's own, or left to the sweep, does not count as wrong."""
    wrong = judge(case, service)
    own = cause(case)
    if own is not None:
        wrong = [(word, evidence) for word, evidence in wrong if word not in ("task stuck", "task failed")]
    sweep = left_to_the_sweep(case, storms.seen) if LEFT_OVER in (word for word, _ in wrong) else None
    if sweep is not None:
        wrong = [(word, why) for word, why in wrong if word != LEFT_OVER]
    jobs = service.of_run(case.run)
    facts = [{"name": job.name, "status": job.status, "walk": job.walk} for job in jobs]
    row = {**case.to_dict(), "wrong": wrong, "airflow": own, "sweep": sweep, "jobs": len(jobs), "facts": facts}
    return {**row, "evidence": evidence(running, case)} if wrong or own or sweep else row


if __name__ == "__main__":
    os.environ.setdefault("TMPDIR", str(REPOSITORY / ".tmp"))
    raise SystemExit(main())
