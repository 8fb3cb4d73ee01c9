"""Leases of blobs and containers: what each action makes of a lease, and who may write under one.

Source: https://learn.microsoft.com/rest/api/storageservices/lease-blob and
https://learn.microsoft.com/rest/api/storageservices/lease-container, with their tables of outcomes; for renewing and
changing what is breaking or broken, the states of Microsoft's Azurite 3.35.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

AVAILABLE, LEASED, EXPIRED, BREAKING, BROKEN = "available", "leased", "expired", "breaking", "broken"
LOCKED = (LEASED, BREAKING)
INFINITE = -1


class LeaseError(Exception):
    """An action that the state of a lease does not allow; the text is the service's code."""


@dataclass(frozen=True)
class Lease:
    """A lease that was taken.

    :param duration: seconds, or ``INFINITE``.
    :param ends_at: epoch seconds; None: it does not end by itself.
    :param breaks_at: epoch seconds from which it is broken; None: nobody breaks it.
    """

    id: str
    duration: int
    ends_at: float | None = None
    breaks_at: float | None = None

    def state(self, moment: float) -> str:
        """What has become of it."""
        if self.breaks_at is not None:
            return BREAKING if moment < self.breaks_at else BROKEN
        return LEASED if self.ends_at is None or moment < self.ends_at else EXPIRED


def state_of(lease: Lease | None, moment: float) -> str:
    """The state of a lease, or of none."""
    return lease.state(moment) if lease else AVAILABLE


def acquire(lease: Lease | None, moment: float, duration: int, wanted: str) -> Lease:
    """Take a lease, or the same one again for another time."""
    state = state_of(lease, moment)
    if state in LOCKED and (lease is None or lease.id != wanted):
        raise LeaseError("LeaseAlreadyPresent")
    if state == BREAKING:
        raise LeaseError("LeaseIsBreakingAndCannotBeAcquired")
    return Lease(wanted, duration, None if duration == INFINITE else moment + duration)


def renew(lease: Lease | None, moment: float, id: str) -> Lease:
    """Let a lease begin anew; one that expired, too, as long as nobody has written since."""
    if lease is None or lease.id != id:
        raise LeaseError("LeaseIdMismatchWithLeaseOperation")
    if lease.breaks_at is not None:
        raise LeaseError("LeaseIsBrokenAndCannotBeRenewed")
    return replace(lease, ends_at=None if lease.duration == INFINITE else moment + lease.duration)


def change(lease: Lease | None, moment: float, id: str, wanted: str) -> Lease:
    """Give a lease another id; repeated, the same answer."""
    state = state_of(lease, moment)
    if lease is None or state not in LOCKED:
        raise LeaseError("LeaseNotPresentWithLeaseOperation")
    if lease.id not in (id, wanted):
        raise LeaseError("LeaseIdMismatchWithLeaseOperation")
    if state == BREAKING:
        raise LeaseError("LeaseIsBreakingAndCannotBeChanged")
    return replace(lease, id=wanted)


def release(lease: Lease | None, id: str) -> None:
    """Give a lease back, whatever has become of it."""
    if lease is None or lease.id != id:
        raise LeaseError("LeaseIdMismatchWithLeaseOperation")


def end(lease: Lease | None, moment: float, period: int | None) -> tuple[Lease, int]:
    """Break a lease; returns it and the seconds until it is broken.

    :param period: seconds that it is to go on at most; None: as long as it would have, an infinite one not at all.
    """
    if lease is None:
        raise LeaseError("LeaseNotPresentWithLeaseOperation")
    if lease.state(moment) not in LOCKED:
        return replace(lease, breaks_at=min(lease.breaks_at or moment, moment)), 0
    ends_at = lease.breaks_at if lease.breaks_at is not None else lease.ends_at
    wanted = moment + (period or 0) if period is not None or ends_at is None else ends_at
    breaks_at = wanted if ends_at is None else min(wanted, ends_at)
    return replace(lease, breaks_at=breaks_at), math.ceil(breaks_at - moment)


def check(lease: Lease | None, moment: float, id: str | None, kind: str, *, required: bool) -> None:
    """Refuse what is done without the lease that is in force, or under one that is not.

    :param id: the lease that the request names.
    :param kind: ``Blob`` or ``Container``, for the code.
    :param required: a lease in force has to be named.
    """
    state = state_of(lease, moment)
    if id is None:
        if required and state in LOCKED:
            raise LeaseError("LeaseIdMissing")
    elif lease is None or (state not in LOCKED and lease.id != id):
        raise LeaseError(f"LeaseNotPresentWith{kind}Operation")
    elif lease.id != id:
        raise LeaseError(f"LeaseIdMismatchWith{kind}Operation")
    elif state not in LOCKED:
        raise LeaseError("LeaseLost")


class Leases:
    """The leases of blobs and, under an empty name, of containers, kept in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        rows = json.loads(file.read_text()) if file.exists() else []
        self._leases = {(container, name): Lease(**lease) for container, name, lease in rows}

    def get(self, container: str, name: str = "") -> Lease | None:
        """The lease of a blob or a container, whatever has become of it."""
        return self._leases.get((container, name))

    def put(self, container: str, name: str, lease: Lease | None) -> None:
        """Keep a lease; None: there is none any more."""
        if lease is not None:
            self._leases[container, name] = lease
        elif self._leases.pop((container, name), None) is None:
            return
        self._keep()

    def move_below(self, container: str, folder: str, other: str, new: str) -> None:
        """Let the leases of what lies in a folder go with it when it gets another name."""
        moved = {
            (other, new + name.removeprefix(folder)): self._leases.pop((container, name))
            for name in self._below(container, folder)
        }
        self._leases.update(moved)
        if moved:
            self._keep()

    def forget_below(self, container: str, folder: str) -> None:
        """Forget the leases of what lies in a folder."""
        below = self._below(container, folder)
        for name in below:
            del self._leases[container, name]
        if below:
            self._keep()

    def _below(self, container: str, folder: str) -> list[str]:
        """The names of what is leased in a folder."""
        return [name for where, name in self._leases if where == container and name.startswith(f"{folder}/")]

    def forget_container(self, container: str) -> None:
        """Forget the leases of a container and of all that is in it."""
        kept = {key: lease for key, lease in self._leases.items() if key[0] != container}
        if len(kept) < len(self._leases):
            self._leases = kept
            self._keep()

    def headers(self, container: str, name: str, moment: float) -> Mapping[str, str]:
        """What a blob's or a container's properties say of its lease."""
        lease = self.get(container, name)
        state = state_of(lease, moment)
        told = {"x-ms-lease-status": "locked" if state in LOCKED else "unlocked", "x-ms-lease-state": state}
        if lease and state == LEASED:
            told["x-ms-lease-duration"] = "infinite" if lease.duration == INFINITE else "fixed"
        return told

    def _keep(self) -> None:
        rows = [[*key, asdict(lease)] for key, lease in self._leases.items()]
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(rows))
        os.replace(new, self._file)
