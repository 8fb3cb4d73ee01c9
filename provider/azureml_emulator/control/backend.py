"""The backend of the control routes."""

from __future__ import annotations

from dataclasses import dataclass

from azureml_emulator.control.faults import Faults
from azureml_emulator.core.callers import Applications
from azureml_emulator.core.transitions import Transitions


@dataclass(frozen=True)
class Control:
    """What can be changed while the emulator runs: faults, the clocks of what changes with time, and who may ask."""

    faults: Faults
    transitions: Transitions
    applications: Applications
