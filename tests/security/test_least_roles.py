"""The least role of each operator: the table in the documentation is what the emulator counts from their requests."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.client import kept_client
from airflow_azureml.hooks.azureml import AzureMLHook
from azureml_emulator.console.inspection import JOURNAL
from azureml_emulator.console.permissions import BLOBS, SCOPE
from azureml_emulator.control.journal import Journal
from azureml_emulator.control.role_actions import WORKSPACE, role
from tests.airflow.conftest import hook
from tests.emulator_fixture import RunningEmulator, job_environments
from tests.security.scenarios import SCENARIOS, Scenario, acted, prepare

__all__ = ["hook"]

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "permissions.md"
HEAD = "| operator | asked for |\n| --- | --- |\n"


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    """One that has nothing yet: what is there already need not be written."""
    running = RunningEmulator(tmp_path_factory.mktemp("emulator") / "state", *job_environments())
    yield running
    running.stop()


@pytest.mark.timeout(1800)
def test_the_table_says_what_was_asked_for(hook: AzureMLHook, emulator: RunningEmulator, tmp_path: Path) -> None:
    """Each operator does all that the scenarios have it do, in a process that knows nothing yet."""
    actions: dict[str, set[str]] = defaultdict(set)

    @contextlib.contextmanager
    def around(operator: str) -> Iterator[None]:
        kept_client._CLIENTS.forget()
        before = len(asked(emulator))
        try:
            yield
        finally:
            definition, unknown = role("least", SCOPE, asked(emulator)[before:], BLOBS)
            assert not unknown
            needed: Any = definition["Actions"]
            actions[operator] |= {action.removeprefix(f"{WORKSPACE}/") for action in needed}

    for name in SCENARIOS:
        (tmp_path / name).mkdir()
        one = Scenario(tmp_path / name, around)
        prepare(name, one)
        acted(name, one)
    rows = []
    for operator in sorted(actions):
        shown = ", ".join(f"`{action}`" for action in sorted(actions[operator], key=str.lower))
        title = f"`{operator}`" if operator.isidentifier() else f"*{operator}*"
        rows.append(f"| {title} | {shown} |")
    table = HEAD + "\n".join(rows) + "\n"
    assert table in PAGE.read_text(encoding="utf-8"), f"The table should be\n{table}"


def asked(emulator: RunningEmulator) -> list[tuple[str, str]]:
    """What clients, not jobs, have asked so far and were not refused for want of a token."""
    with contextlib.closing(Journal(emulator.state / JOURNAL)) as journal:
        return [(one.method, one.path) for one in journal.entries("") if one.caller and one.status != 401]
