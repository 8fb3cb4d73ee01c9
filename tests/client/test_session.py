"""What a client does for a flow, step by step and without sockets: the generator is driven by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest

from airflow_azureml.client.interruption import Interrupted
from airflow_azureml.client.session import Authenticate, Discovery, GetToken, Once, Send, Session, Step
from airflow_azureml.rest import jobs
from airflow_azureml.rest.errors import (
    AzureMLError,
    NoAnswerError,
    NotFoundError,
    SettingsError,
    TransientServiceError,
    UnauthorizedError,
    UntrustedHostError,
)
from airflow_azureml.rest.flow import Call, LocalFiles, Look, News, Pause, Peek, Plane, Reply, StorageLocation, Transfer
from airflow_azureml.rest.links import follow
from airflow_azureml.rest.settings import Settings
from tests.client.conftest import WORKSPACE
from tests.rest.driving import job_json, reply

T = TypeVar("T")

ARM, ML = "https://management.azure.com", "https://ml.azure.com"
DATA_PLANE = "https://westeurope.api.azureml.ms"
PUBLIC = Settings(WORKSPACE)


def thing(method: str = "GET", path: str = "/thing", **options: Any) -> Call[Any]:
    return Call(method, path, Reply.json, **options)


def respond(url: str) -> Reply:
    """A service with a data plane, that answers every other address with the address."""
    if url.endswith(WORKSPACE.path):
        return reply(200, {"properties": {"discoveryUrl": f"{DATA_PLANE}/discovery"}})
    if url.endswith("/discovery"):
        return reply(200, {"api": DATA_PLANE})
    return reply(200, {"from": url})


@dataclass
class Driver:
    """Carries steps out by looking answers up; remembers them in the order in which they were asked for."""

    answers: Callable[[str], Reply | AzureMLError] = respond
    steps: list[Step] = field(default_factory=list)

    def drive(self, steps: Generator[Step, Any, T]) -> T:
        try:
            step = next(steps)
            while True:
                try:
                    answer = self.do(step)
                except AzureMLError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(answer)
        except StopIteration as end:
            value: T = end.value
            return value

    def do(self, step: Step) -> Any:
        self.steps.append(step)
        if isinstance(step, Once):
            return self.drive(step.steps)
        if isinstance(step, GetToken):
            return f"token for {step.scope}"
        if isinstance(step, Send):
            answer = self.answers(step.request.url)
            if isinstance(answer, AzureMLError):
                raise answer
            return answer
        return None

    @property
    def sent(self) -> list[tuple[str, str, str | None]]:
        """Method, address and audience of all requests."""
        requests = [step.request for step in self.steps if isinstance(step, Send)]
        return [(request.http.method, request.url, request.audience) for request in requests]

    @property
    def kinds(self) -> list[type]:
        return [type(step) for step in self.steps]


def test_the_first_call_asks_for_addresses_and_credential_before_it_is_sent() -> None:
    session, driver = Session(PUBLIC), Driver()
    assert driver.drive(session.call(thing())) == {"from": f"{ARM}/thing"}
    assert driver.kinds == [Once, Authenticate, Send]
    assert driver.sent == [("GET", f"{ARM}/thing", ARM)]
    driver.steps.clear()
    driver.drive(session.call(thing()))
    assert driver.kinds == [Send]


def test_a_control_plane_of_its_own_is_asked_without_a_token() -> None:
    known = {"authentication": {"loginEndpoint": "https://azure.local"}, "portal": "https://portal.azure.local"}
    described = [{"resourceManager": "https://azure.local", **known}]
    driver = Driver(lambda url: reply(200, described if url.endswith("/metadata/endpoints") else {}))
    driver.drive(Session(replace(PUBLIC, endpoint="https://azure.local")).call(thing()))
    assert driver.kinds == [Once, Send, Authenticate, Send]
    assert driver.sent[0] == ("GET", "https://azure.local/metadata/endpoints", None)
    assert driver.sent[1] == ("GET", "https://azure.local/thing", "https://azure.local")


@pytest.mark.parametrize(("plane", "audience"), [(Plane.DATA, ARM), (Plane.DATA_ML, ML)])
def test_the_data_plane_is_found_through_the_workspace_and_asked_for_once(plane: Plane, audience: str) -> None:
    session, driver = Session(PUBLIC), Driver()
    driver.drive(session.call(thing(plane=plane)))
    assert driver.sent == [
        ("GET", f"{ARM}{WORKSPACE.path}", ARM),
        ("GET", f"{DATA_PLANE}/discovery", None),
        ("GET", f"{DATA_PLANE}/thing", audience),
    ]
    assert [step.discovery for step in driver.steps if isinstance(step, Once)] == [
        Discovery.CONTROL_PLANE,
        Discovery.DATA_PLANE,
    ]
    driver.steps.clear()
    driver.drive(session.call(thing(plane=plane)))
    assert driver.kinds == [Send]


@pytest.mark.parametrize("plane", [Plane.OPEN, Plane.SIGNED])
def test_what_needs_no_token_asks_for_nothing_else(plane: Plane) -> None:
    driver = Driver()
    driver.drive(Session(PUBLIC).call(thing(path="https://acct.blob.core.windows.net/log?sig=x", plane=plane)))
    assert driver.kinds == [Send]
    assert driver.sent == [("GET", "https://acct.blob.core.windows.net/log", None)]


def test_a_scoring_address_gets_the_token_of_azure_ml() -> None:
    driver = Driver()
    driver.drive(
        Session(PUBLIC).call(thing("POST", "https://e.westeurope.inference.ml.azure.com/jobs", plane=Plane.SCORING))
    )
    assert driver.sent == [("POST", "https://e.westeurope.inference.ml.azure.com/jobs", ML)]


def test_the_users_own_token_is_asked_for_and_sent_beside_the_other() -> None:
    driver = Driver()
    driver.drive(Session(PUBLIC).call(thing("PUT", body={}, user_token=True)))
    assert driver.kinds == [Once, Authenticate, GetToken, Send]
    assert isinstance(driver.steps[-1], Send)
    assert driver.steps[-1].request.http.headers["x-azureml-token"] == f"token for {ML}/.default"


@pytest.mark.parametrize(
    ("call", "options"),
    [
        (thing(), {"retry_on_methods": frozenset({"GET"})}),
        (thing("PUT"), {"retry_on_methods": frozenset({"PUT"})}),
        (thing("POST"), {"retry_total": 0}),
        (thing("PUT", repeatable=False), {"retry_total": 0}),
        (thing("POST", repeatable=True), {"retry_on_methods": frozenset({"POST"})}),
    ],
)
def test_only_what_may_be_repeated_is_repeated(call: Call[Any], options: Any) -> None:
    driver = Driver()
    driver.drive(Session(PUBLIC).call(call))
    assert isinstance(driver.steps[-1], Send)
    assert driver.steps[-1].request.options == {**options, "plane": "arm"}


@pytest.mark.parametrize("address", ["https://a.azure.com:99999/x", "https://[1:2]/x", "https://[a/x", "https://a:b/x"])
def test_an_answer_that_names_what_is_no_address_is_sent_nothing(address: str) -> None:
    driver = Driver()
    with pytest.raises(UntrustedHostError, match=r"is not an address to send requests to"):
        driver.drive(Session(PUBLIC).call(follow(f"{address}?a=b", lambda reply: reply)))
    assert driver.kinds == [Once, Authenticate]


def test_a_host_that_nobody_vouched_for_is_sent_nothing() -> None:
    driver = Driver()
    with pytest.raises(UntrustedHostError, match=r"evil\.example"):
        driver.drive(
            Session(PUBLIC).call(thing(path="https://evil.example/jobs", plane=Plane.SCORING, user_token=True))
        )
    assert driver.kinds == [Once, Authenticate]


@pytest.mark.parametrize(
    ("answer", "error"),
    [(reply(401), UnauthorizedError), (reply(404), NotFoundError), (NoAnswerError("broken"), NoAnswerError)],
)
def test_a_failure_comes_back_where_the_flow_asked(answer: Any, error: type[AzureMLError]) -> None:
    def flow() -> Any:
        try:
            yield from thing(path="/gone")
        except error:
            return (yield from thing())

    driver = Driver(lambda url: answer if url.endswith("/gone") else respond(url))
    assert driver.drive(Session(PUBLIC).run(flow())) == {"from": f"{ARM}/thing"}


def test_a_failure_that_the_flow_does_not_catch_leaves_it_closed() -> None:
    closed = []

    def flow() -> Any:
        try:
            yield from thing()
        finally:
            closed.append(True)

    with pytest.raises(NotFoundError):
        Driver(lambda _: reply(404)).drive(Session(PUBLIC).run(flow()))
    assert closed == [True]


def test_two_that_need_the_addresses_at_once_ask_for_them_once() -> None:
    session, driver = Session(PUBLIC), Driver()
    first, second = session.call(thing(plane=Plane.DATA)), session.call(thing(plane=Plane.DATA))
    one, two = next(first), next(second)
    assert isinstance(one, Once)
    assert isinstance(two, Once)
    # The driver lets one in; the other waits, and has nothing left to do when its turn comes.
    control = driver.drive(one.steps)
    assert driver.kinds == [Authenticate]
    driver.steps.clear()
    assert driver.drive(two.steps) is control
    one, two = first.send(control), second.send(control)
    assert isinstance(one, Once)
    assert isinstance(two, Once)
    assert driver.steps == []
    address = driver.drive(one.steps)
    assert len(driver.sent) == 2
    assert driver.drive(two.steps) == address == DATA_PLANE
    assert len(driver.sent) == 2
    assert isinstance(first.send(address), Send)
    assert isinstance(second.send(address), Send)


def test_what_could_not_be_found_out_is_asked_for_again() -> None:
    session = Session(replace(PUBLIC, endpoint="https://azure.local"))
    with pytest.raises(NoAnswerError):
        Driver(lambda _: NoAnswerError("broken")).drive(session.call(thing()))
    with pytest.raises(SettingsError, match="does not describe"):
        Driver(lambda _: reply(200, [])).drive(session.call(thing()))
    assert session.control is None


def test_a_credential_that_cannot_be_made_leaves_nothing_behind() -> None:
    session = Session(PUBLIC)
    steps = session.call(thing())
    once = next(steps)
    assert isinstance(once, Once)
    assert isinstance(next(once.steps), Authenticate)
    with pytest.raises(SettingsError):
        once.steps.throw(SettingsError("auth"))
    assert session.control is None


def test_a_run_that_is_given_up_closes_its_flow_wherever_it_is() -> None:
    closed = []

    def flow() -> Any:
        try:
            yield Pause(1)
            yield from thing()
        finally:
            closed.append(True)

    session = Session(PUBLIC)
    resting = session.run(flow())
    assert next(resting) == Pause(1)
    resting.close()
    asking = session.run(flow())
    next(asking)
    assert isinstance(asking.send(None), Once)
    asking.close()
    assert closed == [True, True]


def test_other_effects_are_handed_on_as_they_are() -> None:
    location = StorageLocation("https://acct.blob.core.windows.net/c/x")
    effects = [Pause(2.5), Peek(location), Transfer(LocalFiles(()), location)]

    def flow() -> Any:
        yield from effects

    driver = Driver()
    driver.drive(Session(PUBLIC).run(flow()))
    assert driver.steps == effects


def test_a_look_is_left_to_the_driver_and_news_are_no_step() -> None:
    def flow() -> Any:
        yield News("one")
        yield News((yield Look("j")))

    heard: list[Any] = []
    driver = Driver()
    driver.drive(Session(PUBLIC).run(flow(), heard.append))
    assert heard == ["one", None]
    assert driver.steps == [Look("j")]
    driver.drive(Session(PUBLIC).run(flow()))
    assert heard == ["one", None]


def test_a_look_by_itself_is_a_call_when_it_is_wanted() -> None:
    driver = Driver(lambda _: reply(200, job_json("j", "Queued")))
    assert driver.drive(Session(PUBLIC).look(Look("j"))).status == "Queued"
    assert driver.kinds == [Once, Authenticate, Send]
    driver = Driver(lambda _: reply(200, job_json("j", "Queued")))
    driver.drive(Session(PUBLIC, clock=lambda: 7.0).look(Look("j", pause=2.5, interval=30)))
    assert driver.steps[0] == Pause(2.5)
    assert driver.kinds == [Pause, Once, Authenticate, Send]


@dataclass
class Looking(Driver):
    """Carries looks out on a clock that pauses move."""

    now: float = 100.0
    looked_at: list[float] = field(default_factory=list)

    def do(self, step: Step) -> Any:
        if isinstance(step, Pause):
            self.now += step.seconds
        elif isinstance(step, Send):
            self.looked_at.append(self.now)
            assert step.request.options["retry_total"] == 0, "the session decides when to ask again"
        return super().do(step)

    def look(self, look: Look, budget: float = 5.0) -> jobs.Job:
        """Look at a job."""
        return self.drive(Session(PUBLIC, budget, lambda: self.now).look(look))


def answering(*answers: Reply) -> Callable[[str], Reply]:
    """Give answers in order."""
    left = iter(answers)
    return lambda url: next(left)


QUEUED, RUNNING = (reply(200, job_json("j", status)) for status in ("Queued", "Running"))


def test_looks_go_on_while_they_are_news_to_nobody() -> None:
    driver = Looking(answering(QUEUED, QUEUED, RUNNING))
    pauses = {"Queued": 4.0, "Running": None}
    seen = driver.look(Look("j", pause=1.0, interval=30, again=lambda job: pauses[job.status]))
    assert (seen.status, driver.looked_at) == ("Running", [101, 105, 109])


def test_looks_keep_within_their_budget() -> None:
    driver = Looking(answering(QUEUED, QUEUED, RUNNING))
    driver.look(Look("j", interval=30, again=lambda job: 0.01 if job.status == "Queued" else None), budget=0.5)
    assert driver.looked_at == [100, 102, 104]


def test_one_look_that_fails_is_made_again_in_silence() -> None:
    driver = Looking(answering(reply(503), RUNNING))
    assert driver.look(Look("j")).status == "Running"
    assert driver.looked_at == [100, 101]


def test_a_service_that_asks_to_be_left_alone_is() -> None:
    driver = Looking(answering(reply(429, headers={"Retry-After": "40"}), RUNNING))
    driver.look(Look("j", interval=30))
    assert driver.looked_at == [100, 140]
    driver = Looking(answering(reply(429, headers={"Retry-After": "40"}), RUNNING))
    driver.look(Look("j", interval=30, latest=15))
    assert driver.looked_at == [100, 115], "the deadline's look is not put off"


def test_looks_that_go_on_failing_are_told_of_and_grow_rarer() -> None:
    driver = Looking(lambda url: reply(503))
    session = Session(PUBLIC, clock=lambda: driver.now)
    for _ in range(4):
        with pytest.raises(TransientServiceError):
            driver.drive(session.look(Look("j", interval=30)))
    assert driver.looked_at == [100, 101, 103, 107, 115]


def test_a_job_that_is_not_there_is_told_of_at_once() -> None:
    driver = Looking(answering(reply(404)))
    with pytest.raises(NotFoundError):
        driver.look(Look("j", interval=30))


@pytest.mark.parametrize(
    ("effect", "goes_on"),
    [
        (thing("PUT", body={}), False),
        (thing("POST", body={}), False),
        (Transfer(LocalFiles(()), StorageLocation("https://acct.blob.core.windows.net/c")), False),
        (thing(), True),
        (jobs.begin_cancel(WORKSPACE, "j"), True),
    ],
)
def test_once_it_was_told_to_stop_a_run_begins_nothing_new(effect: Any, goes_on: bool) -> None:
    stop, driver = threading.Event(), Driver()
    stop.set()

    def flow() -> Any:
        yield effect

    if goes_on:
        driver.drive(Session(PUBLIC).run(flow(), stop=stop))
        assert len(driver.sent) == 1
    else:
        with pytest.raises(Interrupted):
            driver.drive(Session(PUBLIC).run(flow(), stop=stop))
        assert driver.steps == []
