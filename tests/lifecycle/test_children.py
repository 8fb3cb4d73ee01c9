"""The lines about a job's children: one for each change, and ever fewer questions while nothing changes."""

from __future__ import annotations

from typing import Any

from airflow_azureml.lifecycle.children import RAREST, Children
from airflow_azureml.lifecycle.job_log import LogCopy, LogFollower
from airflow_azureml.lifecycle.news import ChildChange, lines
from airflow_azureml.rest.flow import Call, Plane, Turn
from tests.rest.driving import WS, Drive, reply


class Parent:
    """A job whose children have the statuses that the test gives them."""

    def __init__(self) -> None:
        self.children: dict[str, str] = {}
        self.drive = Drive(self)

    def __call__(self, call: Any) -> Any:
        assert isinstance(call, Call)
        if call.path.endswith("/children"):
            runs = [
                {"runId": f"run-{name}", "displayName": name, "status": status}
                for name, status in self.children.items()
            ]
            return reply(200, {"value": runs})
        return reply(200, {"runId": "j", "logFiles": {}})

    @property
    def told(self) -> list[str]:
        """The lines about children."""
        return [text for record in self.drive.news if isinstance(record, ChildChange) for _, text in lines(record)]

    @property
    def asked(self) -> int:
        """How often run history was asked for them."""
        return len([call for call in self.drive.calls if call.endswith("/children")])


def test_each_change_is_told_once() -> None:
    parent = Parent()
    follower = LogFollower(WS, "j", LogCopy(kind="Pipeline"))
    for children in ({"train": "Running"}, {"train": "Completed", "score": "Queued"}):
        parent.children = children
        parent.drive.run(follower.keep_up())
    parent.children = {"train": "Completed", "score": "Failed"}
    parent.drive.run(follower.finish())
    assert parent.told == [
        "Azure ML job j: train is Running.",
        "Azure ML job j: train is Completed.",
        "Azure ML job j: score is Queued.",
        "Azure ML job j: score is Failed.",
    ]


def test_other_kinds_of_job_are_not_asked() -> None:
    parent = Parent()
    parent.drive.run(LogFollower(WS, "j", LogCopy(kind="Command")).finish())
    assert parent.asked == 0


def test_run_history_is_asked_more_and_more_rarely_until_something_changes() -> None:
    parent, asked_at = Parent(), []
    children = Children(WS, "j")
    for number in range(40):
        before = parent.asked
        if number == 31:
            parent.children = {"train": "Running"}
        parent.drive.run(children.look())
        asked_at += [number] * (parent.asked - before)
    assert asked_at == [0, 2, 6, 14, 22, 30, 38, 39]
    assert asked_at[5] - asked_at[4] == RAREST
    assert [effect.plane for effect in parent.drive.effects if isinstance(effect, Turn)] == [Plane.DATA] * parent.asked
