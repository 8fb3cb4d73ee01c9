"""What a process of Airflow calls its host: the address that the bed has given its machine."""

from __future__ import annotations

import os

VARIABLE = "BED_ADDRESS"


def name() -> str:
    """The address, for ``[core] hostname_callable``."""
    return os.environ[VARIABLE]
