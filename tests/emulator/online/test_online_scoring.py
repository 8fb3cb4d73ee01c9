"""Online scoring: what a script is given, where requests go, what failures look like, and what a restart keeps."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.emulator.online.service import DOUBLER, OnlineService
from tests.emulator_fixture import RunningEmulator, Start

CONTRACT = """
import json, os, time

def init():
    print("init of", os.getpid(), flush=True)

def run(raw_data, request_headers):
    if raw_data == "none":
        return None
    if raw_data == "raise":
        raise ValueError("nobody sees this but the log")
    if raw_data == "set":
        return {1, 2}
    if raw_data == "wait":
        while not os.path.exists(os.environ["GATE"]):
            time.sleep(0.02)
    if raw_data == "die":
        os._exit(9)
    return {"raw": raw_data, "x": request_headers.get("X-Mine")}
"""


TELLER = DOUBLER.replace("    numbers =", "    print('asked for', raw_data)\n    numbers =")


@pytest.fixture(scope="module")
def service(emulator: RunningEmulator) -> OnlineService:
    """The session's emulator."""
    return OnlineService(emulator)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the endpoint's script waits for when it is told to wait."""
    return tmp_path_factory.mktemp("gate") / "open"


@pytest.fixture(scope="module")
def endpoint(service: OnlineService, gate: Path) -> str:
    """An endpoint whose script shows the contract."""
    name = service.online()
    settings, variables = {"requestTimeout": "PT3S"}, {"GATE": str(gate)}
    state = service.deploy(name, "blue", CONTRACT, requestSettings=settings, environmentVariables=variables)
    assert state == "Succeeded"
    service.set_online(name, traffic={"blue": 100})
    return name


class TestContract:
    """What azureml-inference-server-http promises a script, seen through the front end."""

    def test_run_gets_text_and_headers(self, service: OnlineService, endpoint: str) -> None:
        answer = service.scored(endpoint, content=b'{"a": 1}', headers={"X-Mine": "me"})
        assert (answer.status, answer.body) == (200, {"raw": '{"a": 1}', "x": "me"})
        assert answer.headers["azureml-model-deployment"] == "blue"
        assert answer.headers["x-ms-run-function-failed"] == "False"
        assert float(answer.headers["x-ms-run-fn-exec-ms"]) >= 0
        assert len(answer.headers["x-request-id"]) == 36

    def test_what_curl_expects_of_a_large_body_is_not_handed_on(self, service: OnlineService, endpoint: str) -> None:
        content = b'"' + b"x" * 2_000_000 + b'"'
        answer = service.scored(endpoint, content=content, headers={"Expect": "100-continue", "TE": "trailers"})
        assert (answer.status, len(answer.body["raw"])) == (200, len(content))

    def test_a_get_hands_its_query_as_json(self, service: OnlineService, endpoint: str) -> None:
        answer = service.scored(endpoint, method="GET", query="?a=1&b=%5B1%2C2%5D&c=a&d=x&d=2")
        assert answer.body["raw"] == '{"a": 1, "b": [1, 2], "c": "a", "d": ["x", 2]}'

    def test_none_becomes_an_empty_object(self, service: OnlineService, endpoint: str) -> None:
        answer = service.scored(endpoint, content=b"none")
        assert (answer.status, answer.body) == (200, {})

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"raise", "An unexpected error occurred in scoring script. Check the logs for more info."),
            (b"set", "An unexpected internal error occurred. Check the logs for more info."),
        ],
    )
    def test_what_fails_in_the_model_is_424(
        self, service: OnlineService, endpoint: str, content: bytes, message: str
    ) -> None:
        answer = service.scored(endpoint, content=content)
        assert (answer.status, answer.body) == (424, {"message": message})
        assert answer.headers["ms-azureml-model-error-statuscode"] == "500"
        assert answer.headers["ms-azureml-model-error-reason"] == "model_error"

    def test_a_body_that_is_no_text_is_the_client_s_fault(self, service: OnlineService, endpoint: str) -> None:
        answer = service.scored(endpoint, content=b"\xff")
        assert (answer.status, answer.headers["ms-azureml-model-error-statuscode"]) == (424, "400")
        assert answer.body["message"].startswith("Input cannot be decoded as UTF-8")

    def test_the_traceback_is_in_the_log(self, service: OnlineService, endpoint: str) -> None:
        service.scored(endpoint, content=b"raise")
        text = service.logs(endpoint, "blue")
        assert text.startswith("Instance status:\n")
        assert "init of" in text
        assert "nobody sees this but the log" in text
        assert len(service.logs(endpoint, "blue", tail=3).partition("Container logs:\n")[2].splitlines()) == 3
        assert "Code and model are in place" in service.logs(endpoint, "blue", containerType="StorageInitializer")

    def test_a_script_that_takes_too_long_is_408_and_a_crowd_429(
        self, service: OnlineService, endpoint: str, gate: Path
    ) -> None:
        key = service.keys(endpoint)["primaryKey"]
        with ThreadPoolExecutor(3) as pool:
            crowd = [pool.submit(service.scored, endpoint, content=b"wait", credential=key) for _ in range(3)]
        answers = {answer.status: answer for answer in (each.result() for each in crowd)}
        assert sorted(each.result().status for each in crowd) == [408, 408, 429]
        assert answers[429].headers["ms-azureml-model-error-reason"] == "too_many_pending_request"
        gate.touch()
        while service.scored(endpoint, content=b"x").status != 200:  # its process is still at what was given up
            pass

    def test_swagger_describes_it(self, service: OnlineService, endpoint: str) -> None:
        uri = service.get(f"onlineEndpoints/{endpoint}").body["properties"]["swaggerUri"]
        key = service.keys(endpoint)["primaryKey"]
        answer = service.signed(uri, Authorization=f"Bearer {key}")
        assert (answer.status, list(answer.body["paths"])) == (200, ["/score"])

    def test_a_process_that_dies_is_replaced(self, service: OnlineService, endpoint: str) -> None:
        assert service.scored(endpoint, content=b"die").status == 424
        deadline = time.monotonic() + 60
        while service.scored(endpoint, content=b"x").status != 200:
            assert time.monotonic() < deadline


class TestRouting:
    """Shares, headers, mirrored traffic."""

    def test_requests_go_by_shares_or_by_name(self, service: OnlineService) -> None:
        name = service.online()
        service.deploy(name, "blue", factor="2")
        service.deploy(name, "green", TELLER, factor="3")
        data = {"data": [1]}
        assert service.scored(name, data).status == 404
        assert service.scored(name, data, headers={"azureml-model-deployment": "green"}).body == [3]
        assert service.scored(name, data, headers={"azureml-model-deployment": "absent"}).status == 404
        service.set_online(name, traffic={"blue": 50, "green": 50})
        assert {service.scored(name, data).body[0] for _ in range(40)} == {2, 3}
        service.set_online(name, traffic={"blue": 100}, mirrorTraffic={"green": 50})
        marked = {"data": [77]}
        assert {service.scored(name, marked).body[0] for _ in range(20)} == {154}
        deadline = time.monotonic() + 60
        while "77" not in service.logs(name, "green"):
            assert time.monotonic() < deadline

    def test_an_update_serves_on_until_the_new_script_answers(self, service: OnlineService, tmp_path: Path) -> None:
        name = service.online()
        service.deploy(name, "blue", factor="2")
        service.set_online(name, traffic={"blue": 100})
        go = tmp_path / "go"
        waits = f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)\n"
        answer = service.begin_deploy(name, "blue", waits + DOUBLER, factor="5")
        assert service.scored(name, {"data": [1]}).body == [2]
        go.touch()
        assert service.ended(answer)["status"] == "Succeeded"
        assert service.scored(name, {"data": [1]}).body == [5]


class TestFailures:
    """Deployments that cannot serve."""

    @pytest.mark.parametrize(
        ("script", "words"),
        [
            ("def init():\n    raise OSError('no such weights')\ndef run(data): pass\n", "no such weights"),
            ("import absent_module\ndef init(): pass\ndef run(data): pass\n", "absent_module"),
            ("def init(): pass\n", "does not have a run() function defined"),
        ],
    )
    def test_a_script_that_cannot_begin_fails_the_deployment(
        self, service: OnlineService, script: str, words: str
    ) -> None:
        name = service.online()
        row = service.ended(service.begin_deploy(name, "bad", script))
        assert row["status"] == "Failed"
        assert row["error"]["message"].startswith("ResourceNotReady: User container has crashed or terminated")
        assert words in row["error"]["message"]
        found = service.get(f"onlineEndpoints/{name}/deployments/bad").body["properties"]
        assert found["provisioningState"] == "Failed"
        assert words in service.logs(name, "bad")
        answer = service.scored(name, {"data": []}, headers={"azureml-model-deployment": "bad"})
        assert (answer.status, answer.headers["ms-azureml-model-error-reason"]) == (424, "model_not_ready")

    def test_a_missing_module_says_what_helps(self, service: OnlineService) -> None:
        name = service.online()
        service.deploy(name, "bad", "import absent_module\n" + DOUBLER)
        assert "has no module absent_module" in service.logs(name, "bad")

    def test_an_image_that_cannot_be_built(self, service: OnlineService, emulator: RunningEmulator) -> None:
        name = service.online()
        emulator.fault("image_build_fails", route=f"{name}/bad", times=1)
        row = service.ended(service.begin_deploy(name, "bad"))
        assert (row["status"], row["error"]["message"].startswith("ImageBuildFailure: ")) == ("Failed", True)

    def test_a_script_that_is_not_there(self, service: OnlineService) -> None:
        name = service.online()
        script = {"codeId": service.code({"other.py": b""}), "scoringScript": "score.py"}
        row = service.ended(service.begin_deploy(name, "bad", codeConfiguration=script))
        assert (row["status"], "There is no scoring script at" in row["error"]["message"]) == ("Failed", True)

    def test_one_that_is_never_ready(self, service: OnlineService) -> None:
        name = service.online()
        probe = {"initialDelay": "PT0.2S", "period": "PT0.1S", "failureThreshold": 2}
        script = "import time\ndef init(): time.sleep(60)\ndef run(data): pass\n"
        row = service.ended(service.begin_deploy(name, "slow", script, readinessProbe=probe))
        assert (row["status"], "did not answer within 0.4 seconds" in row["error"]["message"]) == ("Failed", True)


def test_servers_end_with_the_emulator_and_come_back(start_emulator: Start, tmp_path: Path) -> None:
    emulator = start_emulator(state=tmp_path / "kept")
    service = OnlineService(emulator)
    name = service.online()
    script = DOUBLER + f"\nimport os\nopen({str(tmp_path / 'pids')!r}, 'a').write(str(os.getpid()) + ' ')\n"
    service.deploy(name, "blue", script)
    service.set_online(name, traffic={"blue": 100})
    key = service.keys(name)["primaryKey"]
    emulator.stop()
    (pid,) = (int(word) for word in (tmp_path / "pids").read_text().split())
    deadline = time.monotonic() + 60  # its end may have to be taken note of by the first of all processes
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    emulator.start()
    service = OnlineService(emulator)
    deadline = time.monotonic() + 60
    while (answer := service.scored(name, {"data": [3]}, credential=key)).status != 200:
        assert (answer.status, time.monotonic() < deadline) == (424, True)
    assert answer.body == [6]
