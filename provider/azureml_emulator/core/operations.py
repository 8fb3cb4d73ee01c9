"""Long-running operations, and the records whose states they change: computes, batch endpoints, deployments."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from azureml_emulator.core.clock import now, stamp
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import Transitions

Record = dict[str, Any]

SUCCEEDED, FAILED, DELETING = "Succeeded", "Failed", "Deleting"
OPERATION = "long_running_operation"
"""The kind under which the store keeps operations."""


@dataclass(frozen=True)
class Operation:
    """A long-running operation.

    :param kind: the kind under which the store keeps its resource, and ``key`` the key.
    :param state: the state of its resource meanwhile: ``Creating``, ``Updating`` or ``Deleting``.
    :param began: epoch seconds.
    :param longer: seconds that it takes beside those of its kind's clock.
    :param looks: how often a client looked at it or its resource.
    :param fails: it ends without having reached what it was for.
    :param error: why it failed, as ARM answers it; None: an injected fault.
    """

    kind: str
    key: str
    state: str
    started_at: str
    began: float
    longer: float = 0.0
    looks: int = 0
    fails: bool = False
    over: bool = False
    error: dict[str, Any] | None = None

    @property
    def status(self) -> str:
        """``Succeeded`` or ``Failed`` once it is over, the state until then."""
        return self.state if not self.over else FAILED if self.fails else SUCCEEDED


class ManagedRecords:
    """Records of one kind in the store, each with a ``state`` that operations change.

    An operation ends when somebody looks after its time. Reads for the emulator's own sake are no looks. Keys are
    compared without regard to case.

    :param kind: the kind under which the store keeps the records.
    :param clock: the kind whose clock sets how long an operation takes.
    :param forget: what else happens when a record is removed, with its key in lower case.
    :param busy: ``busy(key)``: whether work for a record goes on, beyond its clock; its operation is over after it.
    """

    def __init__(
        self,
        store: Store,
        transitions: Transitions,
        kind: str,
        clock: str,
        forget: Callable[[str], None] = lambda key: None,
        busy: Callable[[str], bool] = lambda key: False,
    ) -> None:
        self._store = store
        self._transitions = transitions
        self._kind = kind
        self._clock = clock
        self._forget = forget
        self._busy = busy

    def get(self, key: str, *, look: bool = False) -> Record | None:
        """A record, or None; in its lasting state when the time of its operation is over.

        :param look: a client looks at it.
        """
        value: Record | None = self._store.get(self._kind, key.lower())
        return self._settled(key.lower(), value, look) if value else None

    def all(self, prefix: str = "") -> list[Record]:
        """The records whose keys begin with a prefix, the oldest first."""
        rows = self._store.list(self._kind, prefix.lower())
        return [row for row in (self._settled(key, value, False) for key, value in rows) if row]

    def begin(self, key: str, value: Record, state: str, *, longer: float = 0.0, fails: bool = False) -> str:
        """Write a record in a passing state, and answer the id of the operation that ends it.

        :param state: ``Creating``, ``Updating`` or ``Deleting``.
        :param longer: seconds that it takes beside those of its kind's clock.
        :param fails: it ends with ``Failed``; what was to be deleted stays.
        """
        moment = now()
        name = str(uuid.uuid4())
        operation = Operation(self._kind, key.lower(), state, stamp(moment), moment.timestamp(), longer, fails=fails)
        value.update(state=state, operation=name, modified_at=operation.started_at)
        value.setdefault("created_at", operation.started_at)
        with self._store.transaction():
            self._store.put(self._kind, key.lower(), value)
            self._store.put(OPERATION, name, asdict(operation))
        return name

    def operation(self, name: str) -> Operation | None:
        """An operation on one of these records, looked at by a client; None when there is none of this id."""
        operation = self._operation(name, look=True)
        if operation and operation.over:
            self.get(operation.key)
        return operation

    def fail(self, key: str, error: dict[str, Any]) -> None:
        """Let the operation that a record is in end with ``Failed``.

        :param error: ``code`` and ``message``, as ARM answers them.
        """
        value = self._store.get(self._kind, key.lower())
        name = value.get("operation") if value else None
        if name:
            self._store.put(OPERATION, name, {**self._store.get(OPERATION, name), "fails": True, "error": error})

    def _operation(self, name: str, look: bool) -> Operation | None:
        row = self._store.get(OPERATION, name)
        if row is None or row["kind"] != self._kind:
            return None
        if not row["over"]:
            row["looks"] += look
            passed = now().timestamp() - row["began"] - row["longer"]
            clock_is_over = passed >= 0 and self._transitions.clock(self._clock).is_over(passed, row["looks"])
            row["over"] = clock_is_over and not self._busy(row["key"])
            self._store.put(OPERATION, name, row)
        return Operation(**row)

    def _settled(self, key: str, value: Record, look: bool) -> Record | None:
        operation = self._operation(value["operation"], look) if value.get("operation") else None
        if operation is None or not operation.over:
            return value
        with self._store.transaction():
            if operation.state == DELETING and not operation.fails:
                self._store.delete(self._kind, key)
                self._forget(key)
                return None
            value.update(state=operation.status, operation=None)
            self._store.put(self._kind, key, value)
        return value
