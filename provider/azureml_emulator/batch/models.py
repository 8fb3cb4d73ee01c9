"""Endpoints: batch endpoints and their deployments as the workspace holds them, and the short time that creating,
changing or deleting one takes. No HTTP."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.store import Store

Record = dict[str, Any]

ENDPOINT, DEPLOYMENT = "batch_endpoint", "batch_deployment"
"""Kinds of records; keys are names in lower case, a deployment's behind its endpoint's and a slash."""

GONE = "Deleting"


@dataclass(frozen=True)
class Operation:
    """A long-running operation.

    :param going_on: whether it has not ended yet.
    :param failed: whether it ends without having reached what it was for.
    """

    started_at: str
    state: str
    going_on: bool
    failed: bool = False

    @property
    def status(self) -> str:
        """The word for how it is going."""
        return self.state if self.going_on else "Failed" if self.failed else "Succeeded"


class Endpoints:
    """Batch endpoints and deployments. What an operation began is finished by the first look after its time.

    :param pause: seconds that an operation takes.
    """

    def __init__(self, store: Store, pause: float) -> None:
        self._store = store
        self._pause = pause

    def get(self, name: str) -> Record | None:
        """An endpoint's record, or None. Names are compared without regard to case."""
        return self._read(ENDPOINT, name.lower())

    def all(self) -> list[Record]:
        """Every endpoint, the oldest first."""
        return self._list(ENDPOINT, "")

    def deployment(self, endpoint: str, name: str) -> Record | None:
        """A deployment's record, or None."""
        return self._read(DEPLOYMENT, f"{endpoint}/{name}".lower())

    def deployments(self, endpoint: str) -> list[Record]:
        """The deployments of an endpoint, the oldest first."""
        return self._list(DEPLOYMENT, f"{endpoint}/".lower())

    def begin(self, kind: str, key: str, value: Record, state: str, *, longer: float = 0.0, fails: bool = False) -> str:
        """Write a record that is about to settle, and answer the operation's id.

        :param state: ``Creating``, ``Updating`` or ``Deleting``.
        :param longer: seconds that it takes beside those of every operation.
        :param fails: it ends with ``Failed``; what was to be deleted stays.
        """
        moment = now()
        value["state"], value["fails"] = state, fails
        value["settles"] = moment.timestamp() + self._pause + longer
        value["modified_at"] = stamp(moment)
        value.setdefault("created_at", stamp(moment))
        operation = str(uuid.uuid4())
        row = {
            "kind": kind,
            "key": key.lower(),
            "state": state,
            "started": stamp(moment),
            "ends": value["settles"],
            "fails": fails,
        }
        with self._store.transaction():
            self._store.put(kind, key.lower(), value)
            self._store.put("endpoint_operation", operation, row)
        return operation

    def operation(self, name: str) -> Operation | None:
        """An operation, or None when there is none of this id."""
        row = self._store.get("endpoint_operation", name)
        if row is None:
            return None
        self._read(row["kind"], row["key"])
        return Operation(row["started"], row["state"], now().timestamp() < row["ends"], row.get("fails", False))

    def _list(self, kind: str, prefix: str) -> list[Record]:
        rows = (self._settled(kind, key, value) for key, value in self._store.list(kind, prefix))
        return [row for row in rows if row]

    def _read(self, kind: str, key: str) -> Record | None:
        value: Record | None = self._store.get(kind, key)
        return self._settled(kind, key, value) if value else None

    def _settled(self, kind: str, key: str, value: Record) -> Record | None:
        if value.get("settles") is None or now().timestamp() < value["settles"]:
            return value
        if value["state"] == GONE and not value.get("fails"):
            self._remove(kind, key)
            return None
        value.update(settles=None, state="Failed" if value.get("fails") else "Succeeded")
        self._store.put(kind, key, value)
        return value

    def _remove(self, kind: str, key: str) -> None:
        """Forget a record: with an endpoint go its deployments, and an endpoint forgets a default that is gone.

        Source of the former: the command line's documentation of ``batch-endpoint delete``. What becomes of a default
        whose deployment is deleted is unproven.
        """
        with self._store.transaction():
            self._store.delete(kind, key)
            if kind == ENDPOINT:
                for each in self._store.keys(DEPLOYMENT, f"{key}/"):
                    self._store.delete(DEPLOYMENT, each)
                return
            endpoint, _, name = key.partition("/")
            holder = self._store.get(ENDPOINT, endpoint)
            default = ((holder or {}).get("properties", {}).get("defaults") or {}).get("deploymentName")
            if holder and str(default).lower() == name:
                holder["properties"]["defaults"] = {"deploymentName": None}
                self._store.put(ENDPOINT, endpoint, holder)
