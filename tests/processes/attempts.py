"""A run whose job is submitted again within a try."""

from __future__ import annotations

import contextlib
from typing import Any

from azureml_emulator.core.store import Store
from azureml_emulator.jobs.models import Jobs
from tests.processes.slow_run import TASK, SlowRun


class Attempts(SlowRun):
    """A run of one of the DAGs of ``dags/resubmission.py``."""

    def trigger(self, **conf: Any) -> None:
        """Start the DAG run."""
        self.airflow.trigger(self.dag, self.run, conf=conf)

    def fault(self, kind: str, *words: str) -> None:
        """Ask for a fault of this run's jobs."""
        self.service.fault(kind, "--scope", self.run, *words)

    def ends(self, state: str) -> str:
        """Wait for the end of the run; what the task's log says."""
        assert self.airflow.wait_run(self.dag, self.run, timeout=300) == state
        return self.airflow.log(self.dag, self.run, TASK)

    def computes(self) -> list[str]:
        """The computes that the bodies of the jobs name, as the service received them."""
        with contextlib.closing(Store(self.service.state / "state.sqlite")) as store:
            bodies = [job.definition for job in Jobs(store).of_experiment(self.dag)]
        return [str(body.get("computeId") or "serverless").rpartition("/")[2] for body in bodies]
