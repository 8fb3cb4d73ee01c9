"""What a job's status means: the table of all words the service is known to use, and what an unknown one means.

Sources: enum ``JobStatus`` of api-version 2025-12-01 and its descriptions; run history's ``SpanStatus`` for
``Pausing`` and ``Unapproved``. ``NotResponding`` and ``Paused`` can go back to any earlier state (the enum's own
text), so they end nothing, although azure-ai-ml 1.35.2 lists both among its terminal statuses.
"""

from __future__ import annotations

import enum


class Phase(enum.Enum):
    """Where a job is in its life, as far as a decision depends on it."""

    ACTIVE = "active"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_terminal(self) -> bool:
        """Whether the status can no longer change."""
        return self is not Phase.ACTIVE


ACTIVE, SUCCEEDED, FAILED, CANCELED = Phase.ACTIVE, Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELED

PHASES = {
    "NotStarted": ACTIVE,
    "Unapproved": ACTIVE,
    "Starting": ACTIVE,
    "Provisioning": ACTIVE,
    "Preparing": ACTIVE,
    "Queued": ACTIVE,
    "Running": ACTIVE,
    "Finalizing": ACTIVE,
    "CancelRequested": ACTIVE,
    "NotResponding": ACTIVE,
    "Pausing": ACTIVE,
    "Paused": ACTIVE,
    "Unknown": ACTIVE,
    "Completed": SUCCEEDED,
    "Failed": FAILED,
    "Canceled": CANCELED,
}
"""Every known status word and its phase."""

CANCEL_REQUESTED = "CancelRequested"
"""The job was asked to end; it cannot come back from that."""

FINISHING = frozenset({"Finalizing", CANCEL_REQUESTED})
"""Statuses of a job that is about to end."""

WAITING = frozenset({"NotStarted", "Starting", "Provisioning", "Preparing", "Queued"})
"""Statuses of a job whose own code has not begun."""


def phase(status: str) -> Phase:
    """The phase of a status; a word the service adds tomorrow must not end a job today."""
    return PHASES.get(status, ACTIVE)


def is_being_canceled(status: str) -> bool:
    """Whether the job is on its way to ``Canceled``: still active, but nothing to wait for or to reattach to."""
    return status == CANCEL_REQUESTED
