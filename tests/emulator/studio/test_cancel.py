"""Canceling from a page: what a browser's form can do, and what other sites cannot."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.emulator.conftest import Call, wait_for_job
from tests.emulator.studio.pages import get, put
from tests.emulator_fixture import RunningEmulator

Post = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def post(emulator: RunningEmulator) -> Post:
    """Send the form of a job's page, with other headers or fields where they are given."""

    def send(name: str, token: str, origin: str | None = emulator["studio_url"], **headers: str) -> requests.Response:
        given = {"Origin": origin} if origin else {}
        url = f"{emulator['studio_url']}/runs/{name}/cancel"
        return requests.post(url, {"token": token}, headers={**given, **headers}, allow_redirects=False, timeout=10)

    return send


@pytest.fixture
def running(emulator: RunningEmulator, call: Call) -> Iterator[str]:
    """A job that runs."""
    name = put(call, "sleep 60")
    yield name
    call("POST", f"{{ws}}/jobs/{name}/cancel?api-version=2025-12-01")
    wait_for_job(call, name)


def token(emulator: RunningEmulator, name: str) -> str:
    found = re.search(r'name="token" value="(\w+)"', get(emulator, f"/runs/{name}").text)
    assert found
    return found[1]


def test_the_form_of_its_page_cancels_a_job(emulator: RunningEmulator, call: Call, running: str, post: Post) -> None:
    given = token(emulator, running)
    answer = post(running, given)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/runs/{running}")
    assert wait_for_job(call, running)["properties"]["status"] == "Canceled"
    text = get(emulator, f"/runs/{running}").text
    assert 'data-said="Canceled"' in text
    assert "<form" not in text
    again = post(running, given)
    assert again.status_code == 409
    assert "cannot be canceled" in again.text


@pytest.mark.parametrize("origin", [None, "null", "https://attacker.example", "http://localhost:1", "http://127.0.0.1"])
def test_other_origins_cancel_nothing(
    emulator: RunningEmulator, call: Call, running: str, post: Post, origin: str | None
) -> None:
    assert post(running, token(emulator, running), origin).status_code == 403
    assert status(call, running) != "CancelRequested"


def test_a_rebound_name_cancels_nothing(emulator: RunningEmulator, call: Call, running: str, post: Post) -> None:
    host = f"attacker.example:{emulator['studio_url'].rsplit(':', 1)[1]}"
    assert post(running, token(emulator, running), f"http://{host}", Host=host).status_code == 403
    assert status(call, running) != "CancelRequested"


def test_the_token_of_the_jobs_own_page_is_needed(
    emulator: RunningEmulator, call: Call, running: str, post: Post
) -> None:
    other = put(call, "sleep 60")
    for wrong in ("", "x" * 64, "\u00e4", token(emulator, other)):
        assert post(running, wrong).status_code == 403
    assert status(call, running) != "CancelRequested"
    assert post(other, token(emulator, other)).status_code == 303
    wait_for_job(call, other)


def test_what_is_no_form_cancels_nothing(emulator: RunningEmulator, running: str, call: Call, post: Post) -> None:
    given = token(emulator, running)
    assert post(running, given, **{"Content-Type": "text/plain"}).status_code == 400
    assert post(running, "x" * 5000).status_code == 400
    assert get(emulator, f"/runs/{running}/cancel?token={given}").status_code == 501
    assert post("nobody", given).status_code == 404
    assert status(call, running) != "CancelRequested"


def status(call: Call, name: str) -> str:
    return str(call("GET", f"{{ws}}/jobs/{name}?api-version=2025-12-01")[1]["properties"]["status"])
