"""Records whose operations have addresses of their own. No HTTP."""

from __future__ import annotations

from typing import ClassVar

from azureml_emulator.core.operations import ManagedRecords


class OperatedRecords(ManagedRecords):
    """Records whose writes and deletes are operations with an address.

    :cvar writing: what the ids of operations that write begin with.
    :cvar deleting: what those of operations that delete begin with.
    """

    writing: ClassVar[str]
    deleting: ClassVar[str]
