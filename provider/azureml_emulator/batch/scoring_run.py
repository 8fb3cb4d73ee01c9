"""The run of the one job that a model deployment's batch job has, which scores."""

from __future__ import annotations

from typing import NoReturn

from azureml_emulator.execution.command_run import CommandRun
from azureml_emulator.jobs.job_run import Stop

SCORING_RUNNER = "BatchScoringStep"
"""The runner that records of these jobs name: their type is that of commands."""

NO_CAPACITY = "The nodes of this job got pre-empted, and there is no capacity available for it to run."
"""Why the service canceled a batch job. The words are the emulator's."""


class ScoringRun(CommandRun):
    """One scoring job while it runs."""

    def preempted(self) -> NoReturn:
        """A batch job whose nodes are all taken away is canceled.

        Source: the warning of https://learn.microsoft.com/en-us/azure/machine-learning/how-to-use-low-priority-batch.
        """
        self._jobs.change(self.name, status="CancelRequested", cancel_reason=NO_CAPACITY)
        raise Stop("cancel")
