"""The two drivers: how effects are carried out, how errors come back into a flow, and what is asked only once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from airflow_azureml.client import AsyncMLClient, Interrupted, MLClient, share
from airflow_azureml.rest import history, jobs, workspace
from airflow_azureml.rest.errors import AzureMLError, NotFoundError
from airflow_azureml.rest.flow import Call, LocalFiles, Look, News, Pause, Plane, Reply, StorageLocation, Transfer
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.settings import Settings
from tests.client.conftest import WORKSPACE, Drive, run_in
from tests.client.stub import DROP, Answer, Stub
from tests.emulator_fixture import RunningEmulator

MISSING = {"error": {"code": "UserError", "message": "Job j1 not found."}}


def thing(method: str = "GET", path: str = "/thing", **options: Any) -> Call[Any]:
    return Call(method, path, Reply.json, **options)


def tell_of_workspace(stub: Stub) -> None:
    """Script a workspace whose data plane is the stub itself."""
    stub.script(f"GET {WORKSPACE.path}\\?", Answer(value={"properties": {"discoveryUrl": f"{stub.url}/discovery"}}))
    stub.script("GET /discovery", Answer(value={"api": stub.url}))


def test_a_flow_gets_its_answers_and_gives_its_value(drive: Drive, stub: Stub) -> None:
    stub.script("GET /one", Answer(value={"n": 1}))
    stub.script("GET /two", Answer(value={"n": 2}))

    def flow() -> Any:
        first = yield from thing(path="/one")
        second = yield from thing(path="/two")
        return first["n"] + second["n"]

    assert drive(flow()) == 3


def test_an_error_comes_back_at_the_point_of_asking(drive: Drive, stub: Stub) -> None:
    stub.script("GET .*/jobs/j1", Answer(404, MISSING))
    stub.script("PUT .*/jobs/j1", Answer(201, {"name": "j1", "properties": {"status": "Queued"}}))

    def get_or_create() -> Any:
        try:
            return (yield from jobs.get(WORKSPACE, "j1"))
        except NotFoundError:
            return (yield from jobs.create(WORKSPACE, "j1", {"properties": {}}))

    assert drive(get_or_create()).job.status == "Queued"
    assert [line.split()[0] for line in stub.lines("/jobs/")] == ["GET", "PUT"]


def test_an_error_that_a_flow_does_not_catch_leaves_the_run_and_closes_the_flow(drive: Drive, stub: Stub) -> None:
    stub.script("GET /thing", Answer(404, MISSING))
    closed = []

    def flow() -> Any:
        try:
            yield from thing()
        finally:
            closed.append(True)

    with pytest.raises(NotFoundError, match="Job j1 not found"):
        drive(flow())
    assert closed == [True]


def test_an_error_of_the_flows_own_leaves_the_run(drive: Drive) -> None:
    def flow() -> Any:
        yield Pause(0)
        raise ValueError("own")

    with pytest.raises(ValueError, match="own"):
        drive(flow())


def test_a_pause_lasts(drive: Drive) -> None:
    def flow() -> Any:
        began = time.monotonic()
        yield Pause(0.2)
        return time.monotonic() - began

    assert 0.2 <= drive(flow()) < 2


def test_a_look_reads_the_job(drive: Drive, stub: Stub) -> None:
    stub.script("GET .*/jobs/j1", Answer(value={"name": "j1", "properties": {"status": "Running"}}))

    def flow() -> Any:
        return (yield Look("j1"))

    assert drive(flow()).status == "Running"


def test_news_reach_the_listener_in_order_and_are_nobodys_business_without_one(drive: Drive) -> None:
    def flow() -> Any:
        yield News("one")
        yield News("two")

    heard: list[Any] = []
    drive(flow(), news=heard.append)
    drive(flow())
    assert heard == ["one", "two"]


def everything(url: str) -> Iterator[Any]:
    """A flow that touches each plane and several faults."""
    yield from workspace.get(WORKSPACE)
    yield from thing("POST", "/data/x", plane=Plane.DATA, body={"a": [1, "é"]}, repeatable=True)
    yield from thing(path="/data/y", plane=Plane.DATA_ML)
    yield from thing("POST", f"{url}/jobs", plane=Plane.SCORING, body={})
    yield from thing("PUT", "/thing", body={}, user_token=True)
    yield from thing(path=f"{url}/log?sig=a%2Bb", plane=Plane.SIGNED)
    try:
        yield from thing(path="/gone")
    except NotFoundError:
        yield from thing("DELETE", "/thing")


def test_both_drivers_send_the_same_requests(settings: Settings, stub: Stub) -> None:
    tell_of_workspace(stub)
    stub.script("/gone", Answer(404))
    journals = []
    for colour in ("sync", "async"):
        stub.script("/data/x", Answer(503), Answer(200))
        before = len(stub.requests())
        run_in(colour, settings, everything(stub.url))
        journals.append([comparable(seen) for seen in stub.requests()[before:]])
    assert journals[0] == journals[1]
    assert len(journals[0]) == 11


def test_both_drivers_leave_the_same_traces_in_the_emulator(emulator: RunningEmulator) -> None:
    extra = json.loads(emulator["airflow_connection"])["extra"]
    settings = Settings(
        Workspace(extra["subscription_id"], extra["resource_group"], extra["workspace_name"]),
        auth="client_secret",
        tenant_id=extra["tenant_id"],
        client_id=emulator["client_id"],
        client_secret=emulator["client_secret"],
        endpoint=extra["endpoint"],
        verify=extra["verify"],
    )
    ws = settings.workspace

    def flow() -> Any:
        store = yield from workspace.default_datastore(ws)
        yield from workspace.secret(ws, store.name)
        for call in (jobs.get(ws, "nothing"), history.details(ws, "nothing"), history.run_data(ws, "nothing")):
            with contextlib.suppress(NotFoundError):
                yield from call
        return (yield from jobs.list(ws))

    journals = []
    for colour in ("sync", "async"):
        before = len(emulator.journal())
        run_in(colour, settings, flow())
        rows = [(row["method"], row["path"], row["status"]) for row in emulator.journal()[before:]]
        # msal, which the synchronous credential is made of, asks where the token endpoint is; its twin knows.
        journals.append([row for row in rows if "openid-configuration" not in row[1]])
    assert journals[0] == journals[1]
    assert len(journals[0]) >= 8


def comparable(seen: Any) -> Any:
    """A request without what differs from one to the next, or between HTTP libraries."""
    plain = {name.lower(): value for name, value in seen.headers.items()}
    kept = {name: plain.get(name) for name in ("accept", "content-type", "content-length", "user-agent", "range")}
    secret = {name: name in plain for name in ("authorization", "x-azureml-token", "x-ms-client-request-id")}
    return seen.line, seen.body, kept, secret


def test_addresses_and_tokens_are_asked_for_once(drive: Drive, stub: Stub) -> None:
    tell_of_workspace(stub)

    def flow() -> Any:
        for _ in range(3):
            yield from thing(path="/data/x", plane=Plane.DATA)
            yield from thing()

    drive(flow())
    assert len(stub.lines("/discovery")) == 1
    assert sum(seen.path.startswith("/metadata/endpoints") for seen in stub.seen) == 1
    assert stub.tokens == 1


def test_a_token_that_is_refused_with_a_challenge_is_replaced(drive: Drive, stub: Stub) -> None:
    # What continuous access evaluation asks for: the claims are "{}" in base64.
    challenge = {"WWW-Authenticate": 'Bearer error="insufficient_claims", claims="e30="'}
    stub.script("GET /thing", Answer(401, {}, challenge), Answer(value={"n": 1}))
    assert drive(thing()) == {"n": 1}
    assert len(stub.lines("/thing")) == 2
    assert stub.tokens == 2


def test_many_coroutines_share_addresses_and_token(settings: Settings, stub: Stub) -> None:
    tell_of_workspace(stub)

    async def go() -> None:
        async with AsyncMLClient(settings) as client:
            await asyncio.gather(*(client.run(thing(path="/data/x", plane=Plane.DATA)) for _ in range(20)))

    asyncio.run(go())
    assert len(stub.lines("/data/x")) == 20
    assert len(stub.lines("/discovery")) == 1
    assert stub.tokens == 1


def test_many_threads_share_addresses_and_token(settings: Settings, stub: Stub) -> None:
    tell_of_workspace(stub)
    with MLClient(settings) as client:
        runs = [threading.Thread(target=client.run, args=(thing(path="/data/x", plane=Plane.DATA),)) for _ in range(10)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
    assert len(stub.lines("/data/x")) == 10
    assert len(stub.lines("/discovery")) == 1
    assert stub.tokens == 1


def test_news_of_one_coroutine_do_not_reach_another(settings: Settings) -> None:
    def flow(name: str) -> Any:
        for _ in range(3):
            yield Pause(0.01)
            yield News(name)

    async def go() -> tuple[list[Any], list[Any]]:
        heard: tuple[list[Any], list[Any]] = ([], [])
        async with AsyncMLClient(settings) as client:
            await asyncio.gather(
                client.run(flow("a"), news=heard[0].append), client.run(flow("b"), news=heard[1].append)
            )
        return heard

    assert asyncio.run(go()) == (["a"] * 3, ["b"] * 3)


@pytest.mark.parametrize("where", ["pause", "retry"])
def test_a_stop_ends_a_run_at_once(settings: Settings, stub: Stub, where: str) -> None:
    stub.script("/thing", Answer(429, {}, {"Retry-After": "60"}))
    stop, closed = threading.Event(), []

    def flow() -> Any:
        try:
            if where == "pause":
                yield Pause(60)
            yield from thing()
        finally:
            closed.append(True)

    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    with MLClient(settings) as client, pytest.raises(Interrupted):
        client.run(flow(), stop=stop)
    assert time.monotonic() - began < 10
    assert closed == [True]


@pytest.mark.parametrize(
    ("call", "sent"),
    [
        (Call("PUT", "/thing", Reply.json, body={}), False),
        (Call("PATCH", "/thing", Reply.json, body={}), False),
        (Call("POST", "/thing", Reply.json, body={}), False),
        (Transfer(LocalFiles(()), StorageLocation("https://nowhere.example")), False),
        (Call("GET", "/thing", Reply.json), True),
        (jobs.begin_cancel(WORKSPACE, "thing"), True),
    ],
    ids=lambda value: getattr(value, "method", None),
)
def test_a_stopped_run_begins_nothing_new_but_ends_what_it_was_to_end(
    settings: Settings, stub: Stub, call: Any, sent: bool
) -> None:
    # The stop comes while the news of a job's name is being heard, with no pause before the request.
    stop = threading.Event()

    def flow() -> Any:
        yield News("the name")
        yield call

    with MLClient(settings) as client, contextlib.nullcontext() if sent else pytest.raises(Interrupted):
        client.run(flow(), news=lambda _: stop.set(), stop=stop)
    assert (stub.requests("thing") != []) == sent


def test_a_cancelled_coroutine_closes_its_flow_and_leaves_the_client_usable(settings: Settings, stub: Stub) -> None:
    closed = []

    def flow() -> Any:
        try:
            yield Pause(60)
        finally:
            closed.append(True)

    async def go() -> Any:
        async with AsyncMLClient(settings) as client:
            task = asyncio.ensure_future(client.run(flow()))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await client.run(thing())

    assert asyncio.run(go()) == {}
    assert closed == [True]


def test_equal_settings_share_one_client_until_the_last_share_is_given_back(settings: Settings, stub: Stub) -> None:
    async def go() -> None:
        first, second, other = share(settings), share(replace(settings)), share(replace(settings, client_id="other"))
        assert first is second
        assert first is not other
        await asyncio.gather(first.run(thing()), second.run(thing()))
        await first.close()
        assert await second.run(thing()) == {}
        await second.close()
        assert share(settings) is not first
        for client in (other, share(settings), share(settings)):
            await client.close()

    asyncio.run(go())
    assert stub.tokens == 1


def test_each_event_loop_has_its_own_shared_client(settings: Settings) -> None:
    async def go() -> Any:
        async with share(settings) as client:
            await client.run(thing())
            return client

    assert asyncio.run(go()) is not asyncio.run(go())


def test_what_is_loaded_is_left_out_of_garbage_collections_once(settings: Settings) -> None:
    """In a process of its own, for this one has shared clients before."""
    script = f"""
import asyncio, gc
from airflow_azureml.client import share
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.settings import Settings

async def go():
    async with share({settings!r}):
        return gc.get_freeze_count(), len(gc.get_objects())

first, later = asyncio.run(go()), asyncio.run(go())
assert first[0] > 20_000 > first[1], first
assert later[0] <= first[0], later
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_nothing_is_asked_before_the_first_effect(settings: Settings, stub: Stub) -> None:
    MLClient(settings).close()
    asyncio.run(AsyncMLClient(settings).close())
    assert stub.seen == []


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_each_request_that_leaves_is_counted_with_its_plane_and_answer(
    settings: Settings, stub: Stub, colour: str
) -> None:
    tell_of_workspace(stub)
    stub.script("/data/x", Answer(503), Answer(429), Answer(200))
    stub.script("/gone", Answer(404))
    stub.script("/cut", DROP)
    counted: list[tuple[str, int | None]] = []

    def flow() -> Any:
        yield from thing(path="/data/x", plane=Plane.DATA)
        for call in (thing(path="/gone"), thing("POST", "/cut")):
            with contextlib.suppress(AzureMLError):
                yield from call

    run_in(colour, settings, flow(), count=lambda plane, status: counted.append((plane, status)))

    assert [one for one in counted if one[0] != "open"] == [
        ("arm", 200),  # the data plane's address
        ("data", 503),
        ("data", 429),
        ("data", 200),
        ("arm", 404),
        ("arm", None),
    ]
