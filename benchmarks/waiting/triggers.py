"""Waiters of one kind in one event loop, measured: the process that ``benchmarks/waiters.py`` starts for each row.

Call: ``python -m benchmarks.waiting.triggers KIND UNTIL PLAN FILE``, with the provider that is measured on
``PYTHONPATH`` and its connection in ``AIRFLOW_CONN_AZUREML_DEFAULT``. ``KIND`` is ``trigger`` for the provider's own,
``client`` for one client for each trigger; ``UNTIL`` is the moment, in seconds after the plan's beginning, at which it
stops. It writes a JSON object into the file.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import ssl
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_azureml.triggers import AzureMLJobTrigger
from benchmarks.waiting.service import Plan

INTERVAL = 30.0
STARTED = 20.0
"""Seconds after which all triggers have begun."""
BEAT = 0.01
"""Seconds between two looks at whether the loop is blocked."""
IDLE = 3.0
"""Seconds for which the process is measured before anybody waits, at least."""


class ClientTrigger(BaseTrigger):
    """A trigger with a client of its own, as the official provider's trigger for Data Factory has.

    Source: apache-airflow-providers-microsoft-azure 15.2.0, ``triggers/data_factory.py``: a hook for each trigger, a
    client and a credential for each hook, one request in each interval, and an event for each error.
    """

    def __init__(self, job_name: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.job_name = job_name

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Say how to make this trigger again."""
        return "benchmarks.waiting.triggers.ClientTrigger", {"job_name": self.job_name}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Ask in each interval."""
        from airflow_azureml.client import AsyncMLClient
        from airflow_azureml.hooks import AzureMLHook
        from airflow_azureml.rest import jobs
        from airflow_azureml.rest.errors import AzureMLError

        settings = await asyncio.to_thread(AzureMLHook().settings)
        async with AsyncMLClient(settings) as client:
            while True:
                try:
                    job = await client.run(jobs.get(client.workspace, self.job_name))
                except AzureMLError as error:
                    yield TriggerEvent({"job_name": self.job_name, "status": "error", "message": str(error)})  # type: ignore[no-untyped-call]
                    return
                if job.phase.is_terminal:
                    yield TriggerEvent({"job_name": self.job_name, "status": job.status})  # type: ignore[no-untyped-call]
                    return
                await asyncio.sleep(INTERVAL)


KINDS: dict[str, Callable[[str], BaseTrigger]] = {
    "trigger": lambda name: AzureMLJobTrigger(job_name=name, poll_interval=INTERVAL),
    "client": ClientTrigger,
}


def resident() -> float:
    """Kilobytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4.0


def looked(plan: Plan) -> bool:
    """Whether the stand-in has been asked for a job."""
    endpoint = json.loads(os.environ["AIRFLOW_CONN_AZUREML_DEFAULT"])["extra"]["endpoint"]
    context = ssl.create_default_context(cafile=f"{plan.folder}/ca.pem")
    with urllib.request.urlopen(f"{endpoint}/counts", context=context) as answer:
        return bool(json.load(answer)["looks"])


class Measurement:
    """What happens in this process while triggers wait."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.delays: dict[str, float] = {}
        self.twice = 0
        self.errors = 0
        self.message = ""
        self.block = 0.0
        self.block_later = 0.0
        self.work = 0.0
        self.collection = 0.0
        self._collected = 0.0
        self._collecting = 0.0

    async def wait(self, trigger: Any, number: int) -> None:
        """Take the event of a trigger."""
        async for event in trigger.run():
            name = f"job-{number}"
            self.twice += name in self.delays
            if event.payload["status"] != "Completed":
                self.errors += 1
                self.message = str(event.payload)
            self.delays[name] = time.time() - self.plan.end_of(number)

    async def watch(self) -> None:
        """Find the longest time for which the loop served nobody."""
        while True:
            before, processor, collected = time.perf_counter(), time.thread_time(), self._collected
            await asyncio.sleep(BEAT)
            block = time.perf_counter() - before - BEAT
            self.block = max(self.block, block)
            # A machine that is busy otherwise does not lengthen this one.
            worked = time.thread_time() - processor - (self._collected - collected)
            self.work = max(self.work, worked)
            if time.time() > self.plan.begin + STARTED:
                self.block_later = max(self.block_later, block)

    def on_collection(self, phase: str, about: dict[str, int]) -> None:
        """Time a garbage collection: a full one goes over all objects of Airflow, whoever has set it off."""
        if phase == "start":
            self._collecting = time.thread_time()
            return
        took = time.thread_time() - self._collecting
        self._collected += took
        self.collection = max(self.collection, took)

    async def idle(self, until: float) -> float:
        """The share of a core that this process takes with nobody waiting, for its beat above all."""
        began, processor = time.perf_counter(), time.process_time()
        await asyncio.sleep(max(until - time.time(), IDLE))
        return (time.process_time() - processor) / (time.perf_counter() - began)


async def measure(kind: str, until: float, plan: Plan) -> dict[str, Any]:
    """Have all wait, from the plan's beginning on."""
    measurement = Measurement(plan)
    # What the first of all triggers loads is Airflow's and Azure's, and no waiter's.
    first = asyncio.create_task(measurement.wait(KINDS[kind]("job-0"), 0))
    while not await asyncio.to_thread(looked, plan):
        await asyncio.sleep(1)
    await asyncio.sleep(3)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    triggers = [KINDS[kind](f"job-{number}") for number in range(plan.jobs)]
    gc.collect()
    before = resident()
    watch = asyncio.create_task(measurement.watch())
    idle = await measurement.idle(plan.begin)
    measurement.block = measurement.work = 0.0
    gc.callbacks.append(measurement.on_collection)
    began, processor = time.perf_counter(), time.process_time()
    tasks = [asyncio.create_task(measurement.wait(trigger, number)) for number, trigger in enumerate(triggers)]
    await asyncio.sleep(plan.begin + plan.first - 1 - time.time())
    memory = (resident() - before) / plan.jobs
    start = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - processor}
    await asyncio.sleep(plan.begin + until - time.time())
    seconds, cpu = time.perf_counter() - began, time.process_time() - processor
    watch.cancel()
    now, told = time.time(), dict(measurement.delays)
    missing = [number for number in range(plan.jobs) if f"job-{number}" not in told and plan.end_of(number) < now]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, watch, return_exceptions=True)
    return {
        "cpu": cpu / seconds - idle,
        "cpu_later": (cpu - start["cpu"]) / (seconds - start["seconds"]) - idle,
        "kilobytes": memory,
        "block": measurement.block,
        "block_later": measurement.block_later,
        "work": measurement.work,
        "collection": measurement.collection,
        "delays": sorted([*told.values(), *(now - plan.end_of(number) for number in missing)]),
        "untold": len(missing),
        "twice": measurement.twice,
        "errors": measurement.errors,
        "message": measurement.message,
    }


if __name__ == "__main__":
    figures = asyncio.run(measure(sys.argv[1], float(sys.argv[2]), Plan.read(sys.argv[3])))
    Path(sys.argv[4]).write_text(json.dumps(figures), encoding="utf-8")
