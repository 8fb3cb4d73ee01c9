"""The rules of jobs: what a PUT may say, what the same name means, lists, and run history's view."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import datetime
from typing import Any

import pytest

from tests.emulator.service import ENVIRONMENT, Service
from tests.emulator_fixture import RunningEmulator


def without_nulls(value: Any) -> Any:
    """A JSON value as Microsoft's client puts one back: without nulls."""
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return value


class TestBodies:
    """What is refused, and how."""

    @pytest.mark.parametrize(
        ("change", "path"),
        [
            ({"comand": "x"}, "properties.comand"),
            ({"command": {"a": 1}}, "properties.command"),
            ({"command": None}, "properties.command"),
            ({"inputs": []}, "properties.inputs"),
            ({"inputs": {"a": {"jobInputType": "uri_file"}}}, "properties.inputs.a.uri"),
            ({"inputs": {"a": {"jobInputType": "UriFile", "uri": "x"}}}, "properties.inputs.a.jobInputType"),
            (
                {"inputs": {"a": {"jobInputType": "uri_file", "uri": "x", "mode": "ro_mount"}}},
                "properties.inputs.a.mode",
            ),
            ({"outputs": {"a": {"jobOutputType": "uri_file", "path": "x"}}}, "properties.outputs.a.path"),
            ({"resources": {"instanceCount": "two"}}, "properties.resources.instanceCount"),
            ({"limits": {"jobLimitsType": "Command", "timeout": 60}}, "properties.limits.timeout"),
            ({"identity": {"identityType": "user_identity"}}, "properties.identity.identityType"),
            ({"isArchived": "no"}, "properties.isArchived"),
            ({"tags": {"a": {}}}, "properties.tags.a"),
            ({"jobType": "command_job"}, "properties.jobType"),
        ],
    )
    def test_a_wrong_body_is_refused_in_the_service_s_envelope(
        self, service: Service, name: str, change: dict[str, Any], path: str
    ) -> None:
        body = {"jobType": "Command", "command": "true", "environmentId": ENVIRONMENT, **change}
        answer = service.put(f"jobs/{name}", {"properties": body})
        assert answer.status == 400
        assert answer.body["error"]["code"] == "UserError"
        assert answer.inner == ["BadArgument", "ArgumentInvalid", "InvalidInputArguments"]
        rows = json.loads(answer.body["error"]["message"].partition("Errors:\n")[2])
        assert [row["PropertyName"] for row in rows] == [path]
        assert service.get(f"jobs/{name}").status == 404

    @pytest.mark.parametrize("bad", ["-a", "a.b", "a%20b", "x" * 256])
    def test_a_bad_name_is_refused(self, service: Service, bad: str) -> None:
        assert service.submit(bad, "true").status == 400

    def test_a_body_that_is_no_json_object(self, service: Service, name: str) -> None:
        assert service.put(f"jobs/{name}", ["properties"]).status == 400
        assert service.put(f"jobs/{name}", {"properties": "x"}).status == 400

    @pytest.mark.parametrize(
        ("change", "field", "said"),
        [
            ({"computeId": "{ws}/computes/nope"}, "computeId", "'nope'"),
            ({"computeId": "/subscriptions/x/computes/cpu-cluster"}, "computeId", "not a compute of this workspace"),
            ({"environmentId": "{ws}/environments/nope/versions/1"}, "environmentId", "nope:1"),
            ({"environmentId": "azureml:nope@latest"}, "environmentId", "nope:latest"),
            ({"environmentId": "{ws}/environments/labeled/labels/stable"}, "environmentId", "labeled:stable"),
            ({"environmentId": "azureml://registries/mine/environments/x/versions/1"}, "environmentId", "'mine'"),
            ({"environmentId": "what"}, "environmentId", "'what'"),
            ({"codeId": "{ws}/codes/nope/versions/1"}, "codeId", "codes/nope:1"),
            (
                {"inputs": {"d": {"jobInputType": "uri_file", "uri": "{ws}/data/nope/versions/1"}}},
                "inputs.d.uri",
                "nope",
            ),
            (
                {"inputs": {"m": {"jobInputType": "mlflow_model", "uri": "azureml:nope:1"}}},
                "inputs.m.uri",
                "models/nope",
            ),
            ({"command": "echo ${{inputs.x}} ${{outputs.y}}"}, "command", "inputs.x, outputs.y"),
            (
                {"computeId": "{ws}/computes/cpu-cluster", "resources": {"instanceCount": 99}},
                "resources.instanceCount",
                "at most 4",
            ),
        ],
    )
    def test_what_a_job_names_must_exist(
        self, service: Service, name: str, change: dict[str, Any], field: str, said: str
    ) -> None:
        service.put("environments/labeled/versions/1", {"properties": {"image": "x"}})
        known = json.loads(json.dumps(change).replace("{ws}", service.ws))
        properties = {"jobType": "Command", "command": "true", "environmentId": ENVIRONMENT, **known}
        answer = service.put(f"jobs/{name}", {"properties": properties})
        assert answer.status == 400
        assert answer.body["error"]["code"] == "UserError"
        assert answer.body["error"]["message"].startswith(f"{field}: ")
        assert said in answer.body["error"]["message"]
        assert service.get(f"jobs/{name}").status == 404

    def test_other_kinds_of_job_are_not_emulated(self, service: Service, name: str) -> None:
        answer = service.put(f"jobs/{name}", {"properties": {"jobType": "AutoML"}})
        assert (answer.status, answer.body["error"]["code"]) == (501, "NotEmulated")

    def test_user_identity_needs_the_second_token(self, service: Service, name: str) -> None:
        properties = {
            "jobType": "Command",
            "command": "true",
            "environmentId": ENVIRONMENT,
            "identity": {"identityType": "UserIdentity"},
        }
        assert service.put(f"jobs/{name}", {"properties": properties}).status == 400
        wrong = {"x-azureml-token": service.token(service.base)}
        assert service.put(f"jobs/{name}", {"properties": properties}, headers=wrong).status == 401
        right = {"x-azureml-token": service.token("https://ml.azure.local")}
        assert service.put(f"jobs/{name}", {"properties": properties}, headers=right).status == 201
        assert service.put(f"jobs/{name}", {"properties": {**properties, "isArchived": True}}).status == 200


class TestSameName:
    """A second PUT of a name."""

    def test_the_same_body_and_the_fetched_one_start_nothing(self, service: Service, name: str) -> None:
        given = {"inputs": {"a": {"jobInputType": "literal", "value": "1"}}, "tags": {"a": "b"}, "experimentName": "e"}
        first = service.submit(name, "date +%N", **given)
        assert first.status == 201
        service.wait(name)
        log = service.log(name)
        again = service.submit(name, "date +%N", **given)
        fetched = without_nulls(service.get(f"jobs/{name}").body)
        back = service.put(f"jobs/{name}", fetched)
        assert (again.status, back.status) == (200, 200)
        assert back.body["systemData"]["createdAt"] == first.body["systemData"]["createdAt"]
        assert back.body["properties"]["status"] == "Completed"
        assert service.log(name) == log

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"command": "false"}, "command"),
            ({"environmentVariables": {"A": "1"}}, "environmentVariables"),
            ({"experimentName": "other"}, "experimentName"),
            ({"computeId": "{ws}/computes/gpu-cluster"}, "computeId"),
            ({"resources": {"instanceCount": 2}}, "resources"),
        ],
    )
    def test_another_definition_is_a_conflict(
        self, service: Service, name: str, change: dict[str, Any], named: str
    ) -> None:
        compute = {"computeId": f"{service.ws}/computes/cpu-cluster"}
        base = {"jobType": "Command", "command": "true", "environmentId": ENVIRONMENT, **compute}
        assert service.put(f"jobs/{name}", {"properties": base}).status == 201
        other = {**base, **json.loads(json.dumps(change).replace("{ws}", service.ws))}
        answer = service.put(f"jobs/{name}", {"properties": other})
        assert answer.status == 400
        assert answer.body["error"]["message"].startswith("A job with this name already exists.")
        assert answer.inner == ["Immutable", "JobPropertyImmutable"]
        rows = {row["type"]: row["info"] for row in answer.body["error"]["additionalInfo"]}
        assert rows["MessageParameters"]["value"]["property"] == named

    def test_tags_are_merged_and_properties_only_added(self, service: Service, name: str) -> None:
        service.submit(name, "true", tags={"a": "1", "b": "2"}, properties={"p": "1"})
        changed = service.submit(name, "true", tags={"b": "3"}, properties={"p": "2", "q": "3"}, displayName="new")
        assert changed.status == 200
        properties = changed.body["properties"]
        assert properties["tags"] == {"a": "1", "b": "3"}
        assert (properties["properties"]["p"], properties["properties"]["q"]) == ("1", "3")
        assert properties["displayName"] == "new"


class TestReading:
    """GET, list, delete."""

    def test_a_job_shows_what_the_service_fills_in(
        self, service: Service, name: str, emulator: RunningEmulator
    ) -> None:
        inputs = {"d": {"jobInputType": "uri_folder", "uri": "azureml://datastores/workspaceblobstore/paths/x/"}}
        services = {"jl": {"jobServiceType": "JupyterLab"}}
        service.submit(name, "true", inputs=inputs, environmentId="azureml:AzureML-sklearn:33", services=services)
        job = service.job(name)
        assert job["experimentName"] == "Default"
        assert job["displayName"] == name
        assert job["environmentId"] == "azureml://registries/azureml/environments/AzureML-sklearn/versions/33"
        assert job["computeId"] is None
        assert job["queueSettings"]["jobTier"] == "Standard"
        assert (job["resources"]["instanceCount"], job["resources"]["shmSize"]) == (1, "2g")
        assert job["inputs"]["d"]["mode"] == "ReadOnlyMount"
        assert job["identity"] == {"identityType": "AMLToken"}
        assert job["services"]["Studio"]["endpoint"].startswith(
            f"{emulator['studio_url'].rstrip('/')}/runs/{name}?wsid="
        )
        assert set(job["services"]) == {"jl", "Studio", "Tracking"}

    def test_a_missing_job_is_the_recorded_404(self, service: Service) -> None:
        answer = service.get("jobs/no-such-job")
        assert answer.status == 404
        assert answer.body["error"]["message"] == "Job no-such-job not found."
        assert answer.inner == ["NotFound", "JobNotFound"]

    def test_names_are_told_apart_by_case(self, service: Service, name: str) -> None:
        service.submit(name, "true")
        assert service.get(f"jobs/{name.upper()}").status == 404

    def test_lists_are_cut_into_pages_and_filtered(self, fresh_emulator: RunningEmulator) -> None:
        service = Service(fresh_emulator)
        for number in range(53):
            tags = {"odd": "1"} if number % 2 else {}
            answer = service.submit(
                f"j{number}", "true", tags=tags, properties={"n": str(number)}, isArchived=number == 0
            )
            assert answer.status == 201
        first = service.get("jobs").body
        second = service.get(first["nextLink"]).body
        names = [row["name"] for row in first["value"] + second["value"]]
        assert names == [f"j{number}" for number in range(52, 0, -1)]
        assert "nextLink" not in second
        odd = service.get("jobs", tag="odd").body["value"]
        assert [row["name"] for row in odd] == [f"j{number}" for number in range(51, 0, -2)]
        assert service.get("jobs", tag="dd").body["value"] == []
        assert [row["name"] for row in service.get("jobs", properties="n=7").body["value"]] == ["j7"]
        assert [row["name"] for row in service.get("jobs", listViewType="ArchivedOnly").body["value"]] == ["j0"]
        assert service.get("jobs", jobType="Pipeline").body["value"] == []

    def test_only_an_ended_job_is_deleted(self, service: Service, name: str) -> None:
        service.submit(name, "sleep 100")
        assert service.request("DELETE", f"jobs/{name}").status == 400
        service.post(f"jobs/{name}/cancel")
        service.wait(name)
        assert service.request("DELETE", f"jobs/{name}").status == 200
        assert service.get(f"jobs/{name}").status == 404
        assert service.request("DELETE", f"jobs/{name}").status == 204


class TestRunHistory:
    """The same jobs as runs."""

    def test_runs_have_a_number_that_grows(self, service: Service, name: str) -> None:
        """azureml-core 1.61 cannot have a run without one: ``Run.get_context()`` ended the job."""
        service.run(name, "true")
        runs = [service.history("GET", f"runs/{name}{of}").body for of in ("", "/details")]
        made = datetime.fromisoformat(runs[0]["createdUtc"][:19] + "+00:00")
        assert [run["runNumber"] for run in runs] == [int(made.timestamp())] * 2

    def test_only_rundata_tells_outputs(self, service: Service, name: str, emulator: RunningEmulator) -> None:
        service.run(name, "true", outputs={"o": {"jobOutputType": "uri_file"}})
        run = service.history("GET", f"runs/{name}").body
        assert (run["status"], run["outputs"], run["inputs"]) == ("Completed", None, None)
        assert run["dataContainerId"] == f"dcid.{name}"
        asked = {"runId": name, "selectRunMetadata": True}
        outputs = service.history("POST", "rundata", asked).body["runMetadata"]["outputs"]
        start = f"azureml://locations/{emulator['region']}/workspaces/"
        assert outputs["o"]["assetId"].startswith(start)
        assert outputs["o"]["assetId"].endswith(f"/data/azureml_{name}_output_data_o/versions/1")
        assert outputs["o"]["type"] == "UriFile"
        assert set(outputs) == {"o", "default"}

    def test_details_tell_times_and_logs(self, service: Service, name: str) -> None:
        service.run(name, "true")
        details = service.details(name)
        assert details["startTimeUtc"] < details["endTimeUtc"]
        assert details["duration"].startswith("00:00:0")
        assert set(details["logFiles"]) == {"user_logs/std_log.txt"}

    def test_an_unknown_run_is_a_404_of_run_history(self, service: Service) -> None:
        answer = service.history("GET", "runs/no-such-run")
        assert answer.status == 404
        assert answer.body["componentName"] == "run-history"

    def test_many_runs_in_one_request(self, service: Service, name: str) -> None:
        service.run(name, "true", experimentName=f"e-{name}")
        requests = {key: {"runId": run, "selectRunMetadata": True} for key, run in (("a", name), ("b", "nope"))}
        answer = service.history("POST", "batchrundata", {"requests": requests}).body
        assert answer["successfulResults"]["a"]["runMetadata"]["status"] == "Completed"
        assert "nope" in answer["failedResults"]["b"]["error"]["message"]
        by_ids = service.history("POST", f"experiments/e-{name}/runs/runIds", {"runIds": [name, "nope"]}).body
        assert (list(by_ids["runs"]), list(by_ids["errors"])) == ([name], ["nope"])

    @pytest.mark.parametrize(
        ("condition", "found"),
        [
            ("RunId eq {name} or RunId eq other", True),
            ("(Status eq Completed) and (Tags/k eq v)", True),
            ("(Status eq Running) or (Tags/k eq v)", True),
            ("Tags/k eq 'it''s'", False),
            ("Properties/p eq 1", True),
            ("(ParentRunId eq null) and (CreatedUtc ge 2020-01-01T00:00:00Z)", True),
            ("CreatedUtc ge 2999-01-01T00:00:00Z", False),
            ("(Target eq cpu-cluster)", False),
            ("", True),
        ],
    )
    def test_queries(self, service: Service, name: str, condition: str, found: bool) -> None:
        service.run(name, "true", experimentName=f"e-{name}", tags={"k": "v"}, properties={"p": "1"})
        body = {"filter": condition.format(name=name), "top": 500, "orderBy": "RunId desc", "continuationToken": None}
        rows = service.history("POST", f"experiments/e-{name}/runs:query", body).body["value"]
        assert [row["runId"] for row in rows] == [name] * found

    def test_an_experiment_is_queried_by_its_id_too(self, service: Service, name: str) -> None:
        service.run(name, "true", experimentName=f"e-{name}")
        of_job = service.history("GET", f"runs/{name}").body["experimentId"]
        for identity, found in ((of_job, [name]), ("11111111-1111-1111-1111-111111111111", [])):
            rows = service.history("POST", f"experimentids/{identity}/runs:query", {}).body["value"]
            assert [row["runId"] for row in rows] == found

    @pytest.mark.parametrize(
        "condition", ["Status", "Status eq", "(Status eq Running", "Color eq red", "Status like R"]
    )
    def test_a_filter_that_cannot_be_read_is_a_400(self, service: Service, condition: str) -> None:
        assert service.history("POST", "experiments/x/runs:query", {"filter": condition}).status == 400

    def test_edits(self, service: Service, name: str) -> None:
        service.submit(name, "true", tags={"a": "1"}, properties={"p": "1"})
        where = f"experiments/Default/runs/{name}"
        edit = {"displayName": "shown", "description": "d", "tags": {"b": "2"}, "properties": {"p": "9", "q": "2"}}
        assert service.history("PATCH", where, edit).status == 200
        job = service.job(name)
        assert (job["displayName"], job["description"], job["tags"]) == ("shown", "d", {"a": "1", "b": "2"})
        assert (job["properties"]["p"], job["properties"]["q"]) == ("1", "2")
        assert service.history("PATCH", where, {"hidden": True}).body["hidden"] is True
        assert service.job(name)["isArchived"] is True
        assert service.history("PATCH", where, {"status": "Completed"}).status == 400
        assert service.history("PATCH", f"experiments/other/runs/{name}", {"hidden": False}).status == 404
        for key, value in (("tags", "x"), ("properties", [1]), ("displayName", {}), ("hidden", "yes")):
            refused = service.history("PATCH", where, {key: value})
            assert (refused.status, key in refused.body["error"]["message"]) == (400, True)
        assert service.history("POST", "experiments/Default/runs/runIds", {"runIds": [{"a": 1}]}).status == 400

    def test_two_edits_at_once_are_both_kept(self, service: Service, name: str) -> None:
        service.submit(name, "true", tags={"a": "1"})
        where, late = f"/history/v1.0{service.ws}/runs/{name}", json.dumps({"tags": {"b": "2"}}).encode()
        with contextlib.closing(service.connection()) as connection:
            connection.putrequest("PATCH", where)
            connection.putheader("Authorization", f"Bearer {service.token(service.base)}")
            connection.putheader("Content-Length", str(len(late)))
            connection.endheaders()
            deadline = time.monotonic() + 60
            while [row["status"] for row in service.emulator.journal(where)] != [None]:
                assert time.monotonic() < deadline
            assert service.history("PATCH", f"runs/{name}", {"tags": {"c": "3"}}).status == 200
            connection.send(late)
            assert connection.getresponse().status == 200
        assert service.job(name)["tags"] == {"a": "1", "b": "2", "c": "3"}

    def test_cancel_with_a_reason(self, service: Service, name: str) -> None:
        service.submit(name, "sleep 100")
        where = f"experiments/Default/runs/{name}/cancel"
        assert service.history("POST", where, CancelationReason="enough").status == 200
        assert service.wait(name)["status"] == "Canceled"
        assert service.history("GET", f"runs/{name}").body["cancelationReason"] == "enough"

    def test_what_a_script_logs_is_told(self, service: Service, name: str) -> None:
        script = """
import json, os, ssl, urllib.request
def call(path, body):
    tracking = os.environ["MLFLOW_TRACKING_URI"].replace("azureml://", "https://")
    url = f"{tracking}/api/2.0/mlflow/runs/{path}"
    head = {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"}
    body = json.dumps({"run_id": os.environ["MLFLOW_RUN_ID"], **body}).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, head))
call("log-metric", {"key": "loss", "value": 0.5, "timestamp": 1700000000000, "step": 1})
call("log-metric", {"key": "loss", "value": 0.25, "timestamp": 1700000001000, "step": 2})
call("log-parameter", {"key": "depth", "value": "3"})
call("set-tag", {"key": "kind", "value": "tree"})
call("update", {"status": "FINISHED"})
"""
        code = service.code({"log.py": script.encode()})
        assert service.run(name, "python log.py", codeId=code)["status"] == "Completed", service.log(name)
        metric = f"/metric/v2.0{service.ws}/runs/{name}"
        rows = service.post(f"{metric}/list", {"metricNamespace": None}).body["value"]
        assert [row["metricKey"]["name"] for row in rows] == ["loss"]
        points = service.post(f"{metric}/full", {"metricName": "loss"}).body["value"]
        assert [(point["step"], point["data"]["loss"]) for point in points] == [(1, 0.5), (2, 0.25)]
        assert points[0]["createdUtc"].startswith("2023-11-14T22:13:20")
        assert service.post(f"{metric}/full", {"metricName": "gain"}).status == 404
        job = service.job(name)
        assert (job["parameters"], job["tags"]) == ({"depth": "3"}, {"kind": "tree"})

    def test_a_new_job_may_be_unknown_for_a_while(self, fresh_emulator: RunningEmulator) -> None:
        service = Service(fresh_emulator)
        fresh_emulator.fault("run_lag", delay=600)
        service.submit("late", "true")
        assert service.history("GET", "runs/late").status == 404
        assert service.get("jobs/late").status == 200
        service.wait("late")
        fresh_emulator.clear_faults()
        assert service.history("GET", "runs/late").status == 200

    def test_outputs_may_come_back_null(self, fresh_emulator: RunningEmulator) -> None:
        service = Service(fresh_emulator)
        service.run("n", "true")
        fresh_emulator.fault("null_outputs", times=1)
        assert service.job("n")["outputs"]["default"]["uri"] is None
        assert service.job("n")["outputs"]["default"]["uri"] is not None
