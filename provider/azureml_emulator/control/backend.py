"""The backend of the control routes."""

from __future__ import annotations

from dataclasses import dataclass

from azureml_emulator.control.faults import Faults


@dataclass(frozen=True)
class Control:
    """What can be changed while the emulator runs: the faults that were asked for."""

    faults: Faults
