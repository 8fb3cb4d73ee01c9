"""The run of a trial: a command that finds its inputs and outputs in the environment as well."""

from __future__ import annotations

from azureml_emulator.execution.command_run import CommandRun
from azureml_emulator.execution.staging import Stage
from azureml_emulator.sweeps.trials import variables

TRIAL_RUNNER = "SweepTrial"
"""The runner that records of trials name: their type is that of commands."""


class TrialRun(CommandRun):
    """One trial while it runs."""

    def _variables(self, stage: Stage, outputs: dict[str, str]) -> dict[str, str]:
        return {**variables({**stage.literals, **stage.inputs, **outputs}), **super()._variables(stage, outputs)}
