"""Loops: how often, and with what, the bodies of ``do_while`` and ``parallel_for`` run."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from azureml_emulator.jobs.models import Job
from azureml_emulator.pipelines.control_nodes import (
    all_rounds,
    condition_output,
    is_true,
    most_rounds,
    next_inputs,
)
from azureml_emulator.pipelines.graph import Row
from azureml_emulator.pipelines.plans import Plan
from azureml_emulator.pipelines.results import Results

Round = Callable[[str, Mapping[str, Row], str], Awaitable[Job]]
"""Runs the body (its name) with what is given to it, under a title; its job when that has ended."""


async def do_while(plan: Plan, loop: str, run: Round, results: Results) -> str:
    """Run the body until it says that there is no other round, or the last has been; how the loop ends.

    :raises BindingError: the body has completed without the value of its condition, or of what the next round needs.
    """
    body, condition = plan.body(loop), condition_output(plan, loop)
    given: Mapping[str, Row] = {}
    for number in range(1, most_rounds(plan, loop) + 1):
        job = await run(body, given, f"{body}_{number}")
        if job.status != "Completed":
            return job.status
        if condition is not None and not is_true(str(results.row(body, condition)["value"])):
            break
        given = next_inputs(plan, loop, plan.scope(results.row))
    return "Completed"


async def parallel_for(plan: Plan, loop: str, run: Round, results: Results, *, going_on: bool) -> str:
    """Run the body for each item, as many at once as the loop allows; how the loop ends.

    :param going_on: begin further rounds although one has not completed.
    """
    rounds = all_rounds(plan, loop, plan.scope(results.row)) or {}
    body = plan.body(loop)
    slots = asyncio.Semaphore(plan.graph.nodes[loop].get("max_concurrency") or len(rounds))
    ended: dict[str, Job] = {}
    broken: list[str] = []

    async def one(key: str, given: Mapping[str, Row]) -> None:
        async with slots:
            if broken and not going_on:
                return
            job = ended[key] = await run(body, given, f"{body}_{key}")
            if job.status != "Completed":
                broken.append(job.status)

    done = await asyncio.gather(*(one(key, given) for key, given in rounds.items()), return_exceptions=True)
    for error in done:
        if error is not None:
            raise error
    if broken:
        return broken[0]
    await results.gather(plan, loop, {key: ended[key] for key in rounds})
    return "Completed"
