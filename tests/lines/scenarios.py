"""What is tried on each line, and what has to come of it. Jobs are counted at the emulator."""

from __future__ import annotations

from collections.abc import Callable

from tests.lines.running import Run, WrongError

Scenario = Callable[[Run], None]

LIMIT, GRACE = 25, 60
"""The ``execution_timeout`` of tasks that run out of time, and Airflow's own ``[core] killed_task_cleanup_time``."""

HANGS = 20
"""Seconds for which a process that is to end a job waits for an answer."""


def expect(what: str, found: object, expected: object) -> None:
    """Compare what came of a run with what has to.

    :raises WrongError: they differ.
    """
    if found != expected:
        raise WrongError(f"{what}: {found}, expected {expected}")


def succeeds(run: Run) -> None:
    """The job completes; a sensor takes its result as well; from 3.1 on the task's page shows it."""
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Completed"])
    expect("results", [run.result(task).get("job_name") for task in ("work", "watch")], [run.jobs()[0]["name"]] * 2)
    expect("page", (run.page("job").get("value") or {}).get("status"), "Completed" if run.has_pages else None)


def is_retried(run: Run) -> None:
    """The first job fails, and the retry runs a second one."""
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Failed", "Completed"])
    expect("result", run.result().get("job_name"), run.jobs()[1]["name"])


def is_canceled(run: Run) -> None:
    """Somebody cancels the job: the task fails, without its retry."""
    run.cancel(run.wait_job(0, "Running"))
    expect("run", run.end(), "failed")
    expect("jobs", run.statuses(), ["Canceled"])
    expect("tries", run.tries(), 1)


def is_canceled_and_retried(run: Run) -> None:
    """Somebody cancels the job, and ``on_canceled="retry"`` runs a second one."""
    run.cancel(run.wait_job(0, "Running"))
    run.wait_job(1, "Running")
    run.go()
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Canceled", "Completed"])


def is_skipped(run: Run) -> None:
    """Somebody cancels the job, and ``on_canceled="skip"`` skips the task."""
    run.cancel(run.wait_job(0, "Running"))
    run.end()
    expect("task", run.state(), "skipped")
    expect("jobs", run.statuses(), ["Canceled"])


def is_out_of_time(run: Run) -> None:
    """``execution_timeout`` is up: the job is canceled, and the task fails."""
    expect("run", run.end(), "failed")
    run.wait_job(0, "Canceled")
    expect("jobs", run.statuses(), ["Canceled"])
    if "AzureMLJobTimeoutError" not in run.log() and "execution_timeout" not in run.log():
        raise WrongError("the log does not speak of the execution_timeout")


def is_cleared(run: Run) -> None:
    """A *Clear* while the task waits: its job is canceled, and another one runs."""
    run.wait_job(0, "Running")
    run.wait_waiting()
    run.clear()
    _has_another_job(run)


def is_cleared_on_a_dead_worker(run: Run) -> None:
    """A *Clear* of a task whose worker is dead: the same, once Airflow has noticed the death."""
    run.wait_job(0, "Running")
    run.wait_waiting()
    run.airflow.kill_task(run.dag, run.id, "work", supervisor=True)
    run.clear()
    _has_another_job(run)


def _has_another_job(run: Run) -> None:
    run.wait_job(0, "Canceled")
    run.wait_job(1, "Running")
    run.go()
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Canceled", "Completed"])
    expect("result", run.result().get("job_name"), run.jobs()[1]["name"])


def is_put_off(run: Run) -> None:
    """Twice there are no nodes: the same try, the only one, runs again later, and completes."""
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Failed", "Failed", "Completed"])
    expect("tries", run.tries(), 1)
    expect("result", run.result().get("job_name"), run.jobs()[2]["name"])


def is_put_off_from_a_queue(run: Run) -> None:
    """The job stays in the queue for too long: the same for it."""
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Canceled", "Completed"])
    expect("tries", run.tries(), 1)


def is_put_off_too_often(run: Run) -> None:
    """Three times there are no nodes, and a try may be put off once: the retry has one more of its own."""
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Failed", "Failed", "Failed", "Completed"])
    expect("tries", run.tries(), 2)


def loops_plain(run: Run) -> None:
    """Three iterations, three jobs, three results."""
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Completed"] * 3)
    expect("results", run.notes(), [job["name"] for job in run.jobs()])


def loops_retried(run: Run) -> None:
    """The first job of each iteration fails: each retry runs its own."""
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Failed", "Completed"] * 3)
    expect("results", run.notes(), [job["name"] for job in run.jobs()[1::2]])


def loops_found(run: Run) -> None:
    """The process of iteration 1 is killed: the retry finds the job of its iteration, and takes its result."""
    run.wait_job(1, "Running")
    run.kill_iteration("body.work", 1)
    run.until(
        "next try", lambda: run.iteration("body.work", 1).items() >= {"try_number": 2, "state": "running"}.items()
    )
    run.until("found", lambda: "Found Azure ML job" in run.log("body.work"))
    run.go()
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Completed"] * 3)
    expect("results", run.notes(), [job["name"] for job in run.jobs()])


def loops_abandoned(run: Run) -> None:
    """Iteration 0 is cleared while iteration 1 waits for its retry, and no process for its job: the new one ends it."""
    run.wait_job(1, "Running")
    run.kill_iteration("body.work", 1)
    run.until("iteration without process", lambda: run.iteration("body.work", 1)["state"] == "up_for_retry")
    expect("jobs", run.statuses(), ["Completed", "Running"])
    run.clear(task_instance_ids=[run.iteration("body.work", 0)["id"]], include_downstream=True)
    run.wait_job(1, "Canceled")
    run.go()
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Completed", "Canceled", "Completed", "Completed", "Completed"])


def loops_swept(run: Run) -> None:
    """The same, but the new iteration 0 is good enough: what the old iteration 1 has left runs on.

    The sweep says why it leaves it alone: Airflow does not tell another DAG run what a looped task has recorded.
    """
    run.wait_job(1, "Running")
    run.kill_iteration("body.work", 1)
    run.until("iteration without process", lambda: run.iteration("body.work", 1)["state"] == "up_for_retry")
    (run.place / "enough").touch()
    run.clear(task_instance_ids=[run.iteration("body.work", 0)["id"]], include_downstream=True)
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Completed", "Running", "Completed"])
    run.airflow.trigger("sweep_loops", run.id)
    run.until("sweep", lambda: run.airflow.run_state("sweep_loops", run.id) == "success")
    expect("swept", run.airflow.xcom("sweep_loops", run.id, "sweep"), [])
    said = run.airflow.log("sweep_loops", run.id, "sweep")
    expect("reason in the log", "is left alone: Airflow does not report task" in said, True)
    expect("jobs", run.statuses(), ["Completed", "Running", "Completed"])
    run.go()


def loops_cleared_alone(run: Run) -> None:
    """All iterations run at once, and iteration 0 is cleared: its job alone ends, and is replaced."""
    expect("run", run.end(), "success")
    (run.place / "again").touch()
    run.clear(task_ids=["body.work"])
    for number in (3, 4, 5):
        run.wait_job(number, "Running")
    cleared = next(job["name"] for job in run.jobs()[3:] if "-loop0-" in job["name"])
    run.until("triggers begun", lambda: run.dag.endswith("_worker") or len(run.trigger_logs("body.work")) > 5)
    run.clear(task_instance_ids=[run.iteration("body.work", 0)["id"]])
    run.until("new job", lambda: len(run.jobs()) == 7)
    run.until(f"end of {cleared}", lambda: {j["name"]: j["status"] for j in run.jobs()}[cleared] == "Canceled")
    run.go()
    expect("run", run.end(), "success")
    expect("jobs", sorted(run.statuses()), ["Canceled", *["Completed"] * 6])


def loops_cleared(run: Run) -> None:
    """The task is cleared when all is done: each of its iterations runs a second job, all at once."""
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Completed"] * 3)
    run.clear(task_ids=["body.work"])
    run.until("new jobs", lambda: len(run.jobs()) == 6)
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Completed"] * 6)


def loops_cleared_midway(run: Run) -> None:
    """Iteration 0 is cleared while iteration 1 waits: that one's job ends, and both run anew."""
    run.wait_job(1, "Running")
    run.until("second trigger begun", lambda: run.dag.endswith("_worker") or len(run.trigger_logs("body.work")) > 1)
    run.clear(task_instance_ids=[run.iteration("body.work", 0)["id"]], include_downstream=True)
    run.wait_job(1, "Canceled")
    run.until("second iteration again", lambda: len(run.jobs()) == 4)
    run.go()
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Completed", "Canceled", "Completed", "Completed", "Completed"])
    rounds = [job["name"].split("-loop")[1][0] for job in run.jobs()]
    expect("iterations", rounds, ["0", "1", "0", "1", "2"])


def loops_until(run: Run) -> None:
    """The second iteration's own result ends the loop."""
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Completed"] * 2)


def loops_mapped(run: Run) -> None:
    """Two mapped jobs in each of two iterations."""
    expect("run", run.end(), "success")
    expect("jobs", run.statuses(), ["Completed"] * 4)


def is_marked(run: Run) -> None:
    """A mark ends the job: by its trigger while deferred, and by the API server where the worker is dead."""
    run.wait_job(0, "Running")
    run.wait_waiting()
    if run.dag.endswith("_worker"):
        run.airflow.kill_task(run.dag, run.id, "work", supervisor=True)
    run.mark("failed")
    run.wait_job(0, "Canceled")
    expect("run", run.end(), "failed")
    expect("jobs", run.statuses(), ["Canceled"])


def is_marked_as_a_run(run: Run) -> None:
    """A DAG run that is marked ends the job as a task that is marked does."""
    run.wait_job(0, "Running")
    run.wait_waiting()
    if run.dag.endswith("_worker"):
        run.airflow.kill_task(run.dag, run.id, "work", supervisor=True)
    run.mark("failed", whole=True)
    run.wait_job(0, "Canceled")
    expect("run", run.end(), "failed")
    expect("jobs", run.statuses(), ["Canceled"])


def is_out_of_time_while_a_cancel_hangs(run: Run) -> None:
    """``execution_timeout`` is up, and the first request to cancel hangs: the next ends the job, before any signal."""
    is_out_of_time(run)
    expect("tries", run.tries(), 1)
    took = run.seconds_to_the_end_of_its_job()
    if not LIMIT + HANGS < took < LIMIT + GRACE:
        raise WrongError(f"the job has ended {took:.0f} s after the task's start")


def is_ended_from_outside(run: Run) -> None:
    """The task does not notice that its time is up: with Airflow's SIGTERM it ends its job, and itself, in time."""
    is_out_of_time(run)
    expect("tries", run.tries(), 1)
    said = run.log()
    for words in ("Task did not stop before execution_timeout elapsed", "AzureMLJobTimeoutError"):
        expect(words, words in said, True)
    took = run.seconds_to_the_end_of_its_job()
    if not LIMIT + GRACE < took < LIMIT + 2 * GRACE:
        raise WrongError(f"the job has ended {took:.0f} s after the task's start")


EVERYWHERE: tuple[Scenario, ...] = (
    succeeds,
    is_retried,
    is_canceled,
    is_canceled_and_retried,
    is_skipped,
    is_out_of_time,
    is_cleared,
    is_cleared_on_a_dead_worker,
    is_marked,
    is_marked_as_a_run,
)
SINCE_3_4: dict[str, Scenario] = {
    "is_out_of_time_while_a_cancel_hangs": is_out_of_time_while_a_cancel_hangs,
    "is_ended_from_outside": is_ended_from_outside,
    "is_put_off": is_put_off,
    "is_put_off_from_a_queue": is_put_off_from_a_queue,
    "is_put_off_too_often": is_put_off_too_often,
    "loops_plain": loops_plain,
    "loops_retried": loops_retried,
    "loops_cleared": loops_cleared,
    "loops_cleared_midway": loops_cleared_midway,
    "loops_cleared_alone": loops_cleared_alone,
    "loops_found": loops_found,
    "loops_abandoned": loops_abandoned,
    "loops_swept": loops_swept,
    "loops_until": loops_until,
    "loops_mapped": loops_mapped,
    "loops_grouped": loops_mapped,
}


ON_WORKERS = (
    "is_cleared_on_a_dead_worker",
    "is_ended_from_outside",
    "loops_found",
    "loops_abandoned",
    "loops_swept",
)
"""Scenarios that end the process that waits: a deferred task has none."""

FAULTS: dict[str, tuple[str, ...]] = {
    "is_out_of_time_while_a_cancel_hangs": ("timeout", "--route", "/cancel", "--times", "1"),
    "is_put_off": ("quota", "--times", "2"),
    "is_put_off_from_a_queue": ("queue", "--times", "1"),
    "is_put_off_too_often": ("quota", "--times", "3"),
}
"""What happens to the jobs of a scenario, in the words of ``azureml-emulator fault add``."""


def of(is_3_4: bool) -> dict[str, Scenario]:
    """The scenarios of a line by name."""
    return {one.__name__: one for one in EVERYWHERE} | (SINCE_3_4 if is_3_4 else {})
