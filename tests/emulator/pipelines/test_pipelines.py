"""Pipelines: graphs of command jobs, inline, of a component, and inside of each other."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
import requests

from tests.emulator.pipelines.service import (
    FOLDER,
    Body,
    Pipelines,
    diamond,
    from_node,
    from_pipeline,
    literal,
    node,
    to_pipeline,
)
from tests.emulator.service import ENVIRONMENT


class TestGraph:
    """What runs when, and with what."""

    def test_data_goes_from_node_to_node_and_to_the_pipeline(
        self, service: Pipelines, name: str, write: str, join: str
    ) -> None:
        word = {"jobInputType": "literal", "value": "given"}
        outputs = {"result": {"jobOutputType": "uri_folder"}}
        job = service.finish(name, diamond(write, join), inputs={"word": word}, outputs=outputs, experimentName="e1")
        assert job["status"] == "Completed", service.details(name)
        assert job["outputs"]["result"]["uri"] is None
        assert "default" not in job["outputs"]
        shown = service.outputs(name)
        assert list(shown) == ["result"]
        step = service.steps(name)["both"]["runId"]
        assert f"azureml_{step}_output_data_both" in shown["result"]["assetId"]
        assert shown["result"]["type"] == "UriFolder"
        assert service.read(f"{shown['result']['uri']}all.txt") == b"given\nfixed\n"
        place = f"azureml/{name}/result/all.txt"
        assert service.read(f"/datastores/workspaceblobstore/paths/{place}") == b"given\nfixed\n"
        assert shown["result"]["uri"].endswith(f"/azureml/{step}/both/")

    def test_its_steps_are_runs_that_arm_shows_without_properties(
        self, service: Pipelines, name: str, write: str
    ) -> None:
        service.finish(name, {"one": node(write, {"word": literal("x")})}, experimentName="e2")
        step = service.steps(name)["one"]
        assert uuid.UUID(step["runId"])
        assert (step["parentRunId"], step["rootRunId"], step["runType"]) == (name, name, "azureml.StepRun")
        assert step["outputs"] is None
        assert service.history("GET", f"runs/{name}").body["runType"] == "azureml.PipelineRun"
        shown = service.get(f"jobs/{step['runId']}").body
        assert set(shown) == {"id", "name", "type", "systemData"}
        listed = {row["name"] for row in service.get("jobs").body["value"]}
        assert name in listed
        assert step["runId"] not in listed
        other = service.history("GET", f"experiments/e2/runs/{step['runId']}")
        assert other.status == 200
        assert service.printed(step["runId"]) == ""
        assert list(service.details(name)["logFiles"]) == ["logs/azureml/executionlogs.txt"]

    def test_a_step_says_which_component_it_runs(self, service: Pipelines, name: str) -> None:
        """Microsoft's notebook finds steps by it. Components of a node's own keep the name of their file."""
        component = service.component("true", name="prepare_rows")
        service.finish(name, {"one": node(component), "two": node(component, properties={"mine": "kept"})})
        steps = service.steps(name)
        assert {row["properties"]["azureml.moduleName"] for row in steps.values()} == {"prepare_rows"}
        assert steps["two"]["properties"]["mine"] == "kept"

    def test_a_component_of_a_node_keeps_the_name_and_version_of_its_file(self, service: Pipelines) -> None:
        """Microsoft's own test of azure-ai-ml reads them where it has put one, and where it reads that again."""
        path = f"components/azureml_anonymous/versions/{uuid.uuid4()}"
        spec = {"name": "prepare", "version": "0.0.1", "type": "command", "command": "true", "environment": ENVIRONMENT}
        for answer in (
            service.put(path, {"properties": {"componentSpec": spec, "isAnonymous": True}}),
            service.get(path),
        ):
            found = answer.body["properties"]["componentSpec"]
            assert (found["name"], found["version"]) == ("prepare", "0.0.1")

    def test_components_of_nodes_are_the_same_under_any_name_and_version(self, service: Pipelines) -> None:
        """Microsoft's client makes the version that it puts them under of the rest."""
        version = uuid.uuid4()

        def put(name: str, its_version: str, command: str) -> int:
            head = {"name": name, "version": its_version, "type": "command"}
            spec = {**head, "command": command, "environment": ENVIRONMENT}
            path = f"components/azureml_anonymous/versions/{version}"
            return service.put(path, {"properties": {"componentSpec": spec, "isAnonymous": True}}).status

        assert [put("one", "1", "true"), put("two", "1", "true"), put("two", "2", "true")] == [201, 200, 200]
        assert put("two", "2", "false") == 409

    def test_nodes_that_need_nothing_of_each_other_run_side_by_side(
        self, service: Pipelines, name: str, tmp_path: Path
    ) -> None:
        meet = "touch ${{inputs.own}}; while [ ! -e ${{inputs.other}} ]; do sleep 0.05; done"
        component = service.component(meet, {"own": {"type": "string"}, "other": {"type": "string"}})
        first, second = literal(f"{tmp_path}/1"), literal(f"{tmp_path}/2")
        jobs = {
            "one": node(component, {"own": first, "other": second}),
            "two": node(component, {"own": second, "other": first}),
        }
        assert service.finish(name, jobs)["status"] == "Completed"

    def test_a_pipeline_waits_for_all_that_its_nodes_take(
        self, service: Pipelines, name: str, write: str, join: str
    ) -> None:
        word = {"jobInputType": "literal", "value": "w"}
        outputs = {"result": {"jobOutputType": "uri_folder"}}
        service.finish(name, diamond(write, join), inputs={"word": word}, outputs=outputs)
        steps = service.steps(name)
        assert steps["both"]["startTimeUtc"] > max(steps["left"]["endTimeUtc"], steps["right"]["endTimeUtc"])

    def test_its_page_leads_to_its_steps(self, service: Pipelines, name: str, write: str) -> None:
        service.finish(name, {"one": node(write, {"word": literal("x")})})
        step = service.steps(name)["one"]["runId"]
        base = service.emulator["studio_url"]
        page = requests.get(f"{base}/runs/{name}", timeout=10).text
        assert f'href="/runs/{step}"' in page
        assert "Submitting 1 runs" in page
        assert f'href="/runs/{name}"' in requests.get(f"{base}/runs/{step}", timeout=10).text
        listed = requests.get(base, timeout=10).text
        assert name in listed
        assert step not in listed

    def test_the_second_token_is_needed(self, service: Pipelines, name: str, write: str) -> None:
        given = {"jobType": "Pipeline", "jobs": {"one": node(write, {"word": literal("x")})}}
        assert service.put(f"jobs/{name}", {"properties": given}).status == 400
        assert service.get(f"jobs/{name}").status == 404

    def test_the_same_pipeline_again_starts_nothing(self, service: Pipelines, name: str, write: str) -> None:
        jobs = {"one": node(write, {"word": literal("x")})}
        service.finish(name, jobs)
        assert service.start(name, jobs).status == 200
        assert len(service.steps(name)) == 1
        assert service.start(name, {"one": node(write, {"word": literal("y")})}).status == 400


class TestNode:
    """What a node may say, and what becomes of it."""

    def test_what_a_node_says_overrides_its_component(self, service: Pipelines, name: str) -> None:
        component = service.component(
            "echo $WORD $[[--maybe ${{inputs.maybe}}]] ${{inputs.count}} $[[${{inputs.flag}}]]",
            {
                "maybe": {"type": "string", "optional": True},
                "count": {"type": "integer", "default": "3"},
                "flag": {"type": "boolean", "default": True, "optional": "True"},
            },
            resources={"instance_count": "2"},
        )
        own = {"environment_variables": {"WORD": "of the node"}, "limits": {"job_limits_type": "Command"}}
        second = {"count": literal("4"), "maybe": from_pipeline("left_out")}
        job = service.finish(name, {"one": node(component, None, **own), "two": node(component, second)})
        assert job["status"] == "Completed"
        steps = service.steps(name)
        assert service.log(steps["one"]["runId"]).endswith("of the node 3 True\n")
        assert service.log(steps["two"]["runId"]).endswith("\n4 True\n")
        assert steps["one"]["compute"]["instanceCount"] == 2

    def test_data_reaches_a_node_from_the_pipeline_and_by_its_own_address(self, service: Pipelines, name: str) -> None:
        one, two = service.upload(f"{name}/one.txt", b"one\n"), service.upload(f"{name}/two.txt", b"two\n")
        kinds = {"a": {"type": "uri_file"}, "b": {"type": "uri_file", "mode": "direct"}}
        component = service.component("cat ${{inputs.a}}; echo ${{inputs.b}}", kinds)
        own = {"job_input_type": "uri_file", "uri": two, "mode": "Download"}
        jobs = {"one": node(component, {"a": own, "b": from_pipeline("data.file")})}
        service.finish(name, jobs, inputs={"data.file": {"jobInputType": "uri_file", "uri": one}})
        log = service.printed(service.steps(name)["one"]["runId"])
        assert log.startswith("two\n")
        assert log.endswith(f"/paths/{name}/one.txt\n")

    def test_the_pipeline_s_compute_and_a_node_s_own(self, service: Pipelines, name: str, write: str) -> None:
        jobs = {
            "one": node(write, {"word": literal("x")}),
            "two": node(write, {"word": literal("x")}, computeId="${{parent.inputs.where}}"),
        }
        service.finish(
            name,
            jobs,
            inputs={"where": {"jobInputType": "literal", "value": "gpu-cluster"}},
            settings={"default_compute": f"{service.ws}/computes/cpu-cluster"},
        )
        steps = service.steps(name)
        assert [steps[key]["target"] for key in ("one", "two")] == ["cpu-cluster", "gpu-cluster"]

    def test_an_output_with_a_name_and_one_with_an_address(self, service: Pipelines, name: str, write: str) -> None:
        place = f"azureml://datastores/workspaceblobstore/paths/{name}/out/"
        outputs = {
            "named": {"jobOutputType": "uri_folder", "assetName": name, "assetVersion": "7"},
            "placed": {"jobOutputType": "uri_folder", "uri": place, "mode": "Upload"},
        }
        jobs = {
            "one": node(write, {"word": literal("x")}, outputs={"out": to_pipeline("named")}),
            "two": node(write, {"word": literal("y")}, outputs={"out": to_pipeline("placed")}),
        }
        assert service.finish(name, jobs, outputs=outputs)["outputs"]["placed"]["uri"] == place
        assert service.read(f"{place}word.txt") == b"y\n"
        asset = service.get(f"data/{name}/versions/7").body["properties"]["dataUri"]
        assert service.read(f"{asset}word.txt") == b"x\n"
        assert set(service.outputs(name)) == {"named", "placed"}

    def test_outputs_go_to_the_pipeline_s_datastore(self, service: Pipelines, name: str, write: str) -> None:
        make = service.component("echo made > ${{outputs.f}}", None, {"f": {"type": "uri_file"}})
        jobs = {"one": node(write, {"word": literal("x")}), "two": node(make)}
        settings = {"default_datastore": f"{service.ws}/datastores/workspaceartifactstore"}
        service.finish(name, jobs, settings=settings)
        steps = service.steps(name)
        base = "/datastores/workspaceartifactstore/paths/azureml"
        assert service.read(f"{base}/{steps['one']['runId']}/out/word.txt") == b"x\n"
        assert service.read(f"{base}/{steps['two']['runId']}/f/f") == b"made\n"
        answer = service.start(f"{name}-2", jobs, settings={"default_datastore": "azureml:nowhere"})
        assert answer.status == 400
        assert "settings.default_datastore" in answer.body["error"]["message"]

    def test_one_file_is_an_output(self, service: Pipelines, name: str) -> None:
        file = {"type": "uri_file"}
        make = service.component("echo made > ${{outputs.f}}", None, {"f": file})
        show = service.component("cat ${{inputs.f}}", {"f": file})
        jobs = {
            "make": node(make, None, outputs={"f": to_pipeline("file")}),
            "show": node(show, {"f": from_node("make", "f")}),
        }
        service.finish(name, jobs, outputs={"file": {"jobOutputType": "uri_file"}})
        assert service.printed(service.steps(name)["show"]["runId"]) == "made\n"
        assert service.read(f"/datastores/workspaceblobstore/paths/azureml/{name}/file/f") == b"made\n"

    def test_the_output_artifacts_holds_what_a_step_left_in_outputs(self, service: Pipelines, name: str) -> None:
        leave = service.component("echo world > outputs/world.txt", {}, {"artifacts": FOLDER})
        read = service.component("cp ${{inputs.a}}/outputs/world.txt ${{outputs.o}}/", {"a": FOLDER}, {"o": FOLDER})
        jobs = {
            "leave": node(leave),
            "read": node(read, {"a": from_node("leave", "artifacts")}, outputs={"o": to_pipeline("o")}),
        }
        done = service.finish(name, jobs, outputs={"o": {"jobOutputType": "uri_folder"}})
        assert done["status"] == "Completed"
        assert service.read(f"{service.outputs(name)['o']['uri']}world.txt") == b"world\n"


class TestComponent:
    """Pipelines that are components."""

    @pytest.fixture
    def pair(self, service: Pipelines, write: str, join: str) -> str:
        """A pipeline component: the diamond, with a default word."""
        return service.register(
            {
                "type": "pipeline",
                "inputs": {"word": {"type": "string", "default": "default"}, "unused": {**FOLDER, "optional": True}},
                "outputs": {"result": {**FOLDER, "mode": "upload"}},
                "jobs": diamond(write, join),
                "_source": "YAML.COMPONENT",
                "sourceJobId": None,
            }
        )

    def test_a_job_of_a_pipeline_component(self, service: Pipelines, name: str, pair: str) -> None:
        job = service.finish(name, {}, componentId=pair, outputs={"result": {"jobOutputType": "uri_folder"}})
        assert job["status"] == "Completed"
        assert service.read(f"{service.outputs(name)['result']['uri']}all.txt") == b"default\nfixed\n"

    def test_pipelines_inside_of_a_pipeline(self, service: Pipelines, name: str, pair: str) -> None:
        show = service.component("cat ${{inputs.a}}/all.txt ${{inputs.b}}/all.txt", {"a": FOLDER, "b": FOLDER})
        jobs = {
            "first": {"type": "pipeline", "componentId": pair, "inputs": {"word": literal("1st")}},
            "second": {
                "type": "pipeline",
                "componentId": pair,
                "inputs": {"word": from_pipeline("word")},
                "outputs": {"result": to_pipeline("out")},
            },
            "show": node(show, {"a": from_node("first", "result"), "b": from_node("second", "result")}),
        }
        word = {"jobInputType": "literal", "value": "2nd"}
        outputs = {"out": {"jobOutputType": "uri_folder"}}
        job = service.finish(name, jobs, inputs={"word": word}, outputs=outputs)
        assert job["status"] == "Completed", service.details(name)
        steps = service.steps(name)
        assert service.printed(steps["show"]["runId"]) == "1st\nfixed\n2nd\nfixed\n"
        inner = service.steps(steps["second"]["runId"])
        assert set(inner) == {"left", "right", "both"}
        assert inner["left"]["rootRunId"] == name
        assert service.read(f"/datastores/workspaceblobstore/paths/azureml/{name}/out/all.txt") == b"2nd\nfixed\n"

    def test_a_component_made_of_a_job(self, service: Pipelines, name: str, write: str, join: str) -> None:
        word = {"jobInputType": "literal", "value": "of the job"}
        outputs = {"result": {"jobOutputType": "uri_folder"}}
        service.finish(name, diamond(write, join), inputs={"word": word}, outputs=outputs)
        spec = {"name": "azureml_anonymous", "version": "1", "type": "pipeline", "jobs": {}, "sourceJobId": name}
        body = {"properties": {"componentSpec": spec, "isAnonymous": True}}
        answer = service.put("components/azureml_anonymous/versions/1", body)
        assert answer.status == 201
        assert not answer.body["id"].endswith("/1")
        assert service.put("components/azureml_anonymous/versions/1", body).body["id"] == answer.body["id"]
        again = service.finish(
            f"{name}-2", {}, componentId=answer.body["id"], inputs={"word": {**word, "value": "new"}}
        )
        assert again["status"] == "Completed"
        assert service.read(f"{service.outputs(f'{name}-2')['result']['uri']}all.txt") == b"new\nfixed\n"

    def test_a_job_s_compute_and_types_go_into_its_component(self, service: Pipelines, name: str) -> None:
        count = service.component("echo ${{inputs.n}}", {"n": {"type": "integer"}})
        settings = {"default_compute": f"{service.ws}/computes/cpu-cluster"}
        rows = {"n": {"jobInputType": "literal", "value": "1"}}
        service.finish(name, {"one": node(count, {"n": from_pipeline("n")})}, inputs=rows, settings=settings)
        made = service.register({"type": "pipeline", "jobs": {}, "sourceJobId": f"{service.ws}/jobs/{name}"})
        assert service.get(made).body["properties"]["componentSpec"]["inputs"]["n"]["type"] == "integer"
        service.finish(f"{name}-2", {}, componentId=made)
        assert service.steps(f"{name}-2")["one"]["target"] == "cpu-cluster"
        wrong = {"n": {"jobInputType": "literal", "value": "many"}}
        assert service.start(f"{name}-3", {}, componentId=made, inputs=wrong).status == 400

    def test_a_component_of_a_job_that_is_not_there(self, service: Pipelines) -> None:
        spec = {"type": "pipeline", "jobs": {}, "source_job_id": "nobody"}
        answer = service.put("components/azureml_anonymous/versions/1", {"properties": {"componentSpec": spec}})
        assert answer.status == 400
        assert "Job nobody not found" in answer.body["error"]["message"]

    def test_it_is_answered_without_its_nodes(self, service: Pipelines, pair: str) -> None:
        assert "jobs" not in service.get(pair).body["properties"]["componentSpec"]


class TestRefusals:
    """What is refused before anything runs, by the field that is wrong."""

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"inputs": {"word": from_pipeline("nothing")}}, "jobs.one.inputs.word"),
            ({"inputs": {"word": from_node("nobody", "out")}}, "nobody"),
            ({"inputs": {}}, "jobs.one.inputs.word"),
            ({"inputs": {"word": literal("x"), "more": literal("y")}}, "jobs.one.inputs.more"),
            ({"inputs": {"word": {"job_input_type": "uri_folder", "uri": "azureml:x:1"}}}, "jobs.one.inputs.word"),
            ({"inputs": {"word": {"jobInputType": "literal", "value": "x"}}}, "jobs.one.inputs.word"),
            ({"outputs": {"out": to_pipeline("nothing")}}, "jobs.one.outputs.out"),
            ({"outputs": {"more": {"job_output_type": "uri_folder"}}}, "jobs.one.outputs.more"),
            ({"componentId": "azureml:nobody:1"}, "jobs.one.componentId"),
            ({"computeId": "no-such"}, "jobs.one.computeId"),
            ({"instanceCount": 1}, "jobs.one.instanceCount"),
            ({"type": "nonsense"}, "jobs.one.type"),
            ({"type": "pipeline"}, "jobs.one.componentId"),
        ],
    )
    def test_a_node_that_does_not_fit(
        self, service: Pipelines, name: str, write: str, change: Body, field: str
    ) -> None:
        answer = service.start(name, {"one": {**node(write, {"word": literal("x")}), **change}})
        assert answer.status == 400
        assert field in answer.body["error"]["message"]
        assert service.get(f"jobs/{name}").status == 404

    def test_a_value_of_another_type(self, service: Pipelines, name: str) -> None:
        component = service.component("true", {"n": {"type": "integer"}})
        answer = service.start(name, {"one": node(component, {"n": literal("many")})})
        assert answer.status == 400
        assert "jobs.one.inputs.n: 'many' is not of the type integer." in answer.body["error"]["message"]

    def test_nodes_in_a_circle(self, service: Pipelines, name: str) -> None:
        component = service.component("true", {"a": FOLDER}, {"o": FOLDER})
        jobs = {"x": node(component, {"a": from_node("y", "o")}), "y": node(component, {"a": from_node("x", "o")})}
        answer = service.start(name, jobs)
        assert answer.status == 400
        assert "circle" in answer.body["error"]["message"]

    def test_a_wrong_node_deep_inside(self, service: Pipelines, name: str, write: str) -> None:
        inner = service.register({"type": "pipeline", "jobs": {"deep": node(write)}})
        answer = service.start(name, {"sub": {"type": "pipeline", "componentId": inner}})
        assert answer.status == 400
        assert "jobs.sub.jobs.deep.inputs.word" in answer.body["error"]["message"]

    @pytest.mark.parametrize("kind", ["automl", "promptflow_parallel"])
    def test_nodes_that_are_not_emulated(self, service: Pipelines, name: str, kind: str) -> None:
        answer = service.start(name, {"one": {"type": kind, "name": "one"}})
        assert answer.status == 501
        assert f"jobs.one: nodes of type {kind}" in answer.body["error"]["message"]

    def test_a_pipeline_without_nodes(self, service: Pipelines, name: str) -> None:
        assert service.start(name, {}).status == 400
