"""A task instance as an operator sees it, for tests that are about one process and no more."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4


class Instance:
    """Ids, tries and XComs of one task instance.

    :param tries_before: tries made before the last *Clear*; 0 for a task that was never cleared.
    """

    def __init__(
        self, task_id: str = "t", *, run_id: str | None = None, retries: int = 0, tries_before: int = 0
    ) -> None:
        self.dag_id, self.task_id, self.run_id = "d", task_id, run_id or f"run-{uuid4().hex[:8]}"
        self.map_index, self.try_number = -1, tries_before + 1
        self.max_tries = tries_before + retries
        self.start_date = datetime.now(timezone.utc)
        self.task = object()
        self.xcoms: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        """Keep an XCom."""
        self.xcoms[key] = value

    def xcom_pull(self, *, key: str = "return_value", **_: Any) -> Any:
        """Give an XCom back."""
        return self.xcoms.get(key)

    def context(self) -> dict[str, Any]:
        """What ``execute`` is given."""
        started = datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=7)
        run = type("Run", (), {"start_date": started})()
        return {"ti": self, "dag_run": run}
