"""The clients that a process keeps: one per workspace, connections that are not too old, nothing across forks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from airflow_azureml.client import MLClient, kept_client, lend
from airflow_azureml.rest import workspace
from airflow_azureml.rest.settings import Settings
from tests.client.stub import Stub


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The seconds that have passed; nothing is kept beyond the test."""
    seconds = [0.0]
    monkeypatch.setattr(kept_client, "monotonic", lambda: seconds[0])
    yield seconds
    kept_client.forget()


def ask(settings: Settings) -> MLClient:
    """Borrow a client, read the workspace, and give it back."""
    with lend(settings) as client:
        client.run(workspace.get(client.workspace))
    return client


def test_the_next_one_has_the_token_and_the_connection_of_the_first(stub: Stub, settings: Settings) -> None:
    first = ask(settings)
    tokens, opened = stub.tokens, stub.connections
    assert ask(settings) is first
    assert (stub.tokens, stub.connections) == (tokens, opened)


def test_connections_that_were_long_unused_are_opened_anew(stub: Stub, settings: Settings, clock: list[float]) -> None:
    first = ask(settings)
    tokens, opened = stub.tokens, stub.connections
    clock[0] += kept_client.IDLE + 1
    assert ask(settings) is first
    assert (stub.tokens, stub.connections) == (tokens, opened + 1)


def test_connections_stay_while_anybody_has_the_client(stub: Stub, settings: Settings, clock: list[float]) -> None:
    with lend(settings) as client:
        client.run(workspace.get(client.workspace))
        opened = stub.connections
        clock[0] += kept_client.IDLE + 1
        assert ask(settings) is client
    assert stub.connections == opened


def test_other_settings_have_another_client(settings: Settings) -> None:
    assert lend(settings) is not lend(replace(settings, client_secret="another"))


def test_clients_that_nobody_has_are_not_collected_without_end(settings: Settings) -> None:
    made = [lend(replace(settings, client_id=str(number))) for number in range(2 * kept_client.MOST)]
    for client in made:
        client.close()
    assert lend(replace(settings, client_id=str(len(made) - 1))) is made[-1]
    assert lend(replace(settings, client_id="0")) is not made[0]


def test_a_forked_process_begins_with_none(stub: Stub, settings: Settings) -> None:
    """Also one that is forked while somebody borrows a client."""
    kept = ask(settings)
    with kept_client._CLIENTS.lock:
        child = os.fork()
        if child == 0:
            try:
                os._exit(0 if ask(settings) is not kept else 1)
            except BaseException:  # noqa: BLE001 - the test's own process is not to go on twice
                os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ask(settings) is kept


def test_what_is_forgotten_is_not_lent_again(settings: Settings) -> None:
    first = ask(settings)
    kept_client.forget()
    assert ask(settings) is not first
