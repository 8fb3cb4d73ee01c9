"""References to other tasks' outputs, as a task that starts in the triggerer is stored with them.

Airflow 3.3 does not resolve its own there (they arrive as objects without a value), but answers for a single XCom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MARK = "$output"
"""The key of the mapping that stands for a reference in JSON; no keyword of ours has one of this name."""


class MissingOutputError(Exception):
    """A reference leads to nothing; a worker says so properly."""


@dataclass(frozen=True)
class StoredReference:
    """The XCom of one task of the same DAG run that is not mapped."""

    task_id: str
    key: str

    @classmethod
    def of(cls, reference: Any) -> StoredReference | None:
        """Take ``task.output`` or ``task.output[...]`` of a task that is not mapped; None for any other reference."""
        task, key = getattr(reference, "operator", None), getattr(reference, "key", None)
        if task is None or not isinstance(key, str) or task.is_mapped:
            return None
        if any(True for _ in task.iter_mapped_task_groups()):
            return None
        return cls(task.task_id, key)

    def to_json(self) -> dict[str, Any]:
        """The same as JSON has it."""
        return {MARK: [self.task_id, self.key]}

    def resolve(self, ti: Any) -> Any:
        """Read the XCom.

        :raises MissingOutputError: there is none.
        """
        value = ti.xcom_pull(task_ids=self.task_id, key=self.key, map_indexes=-1)
        if value is None:
            raise MissingOutputError(f"Task {self.task_id} has left no XCom {self.key}.")
        return value


def restored(value: Any) -> Any:
    """A keyword as it was read from JSON, with the references that it has."""
    if isinstance(value, Mapping):
        if set(value) == {MARK}:
            return StoredReference(*value[MARK])
        return {key: restored(item) for key, item in value.items()}
    return [restored(item) for item in value] if isinstance(value, list) else value
