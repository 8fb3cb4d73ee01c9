"""Spark jobs, and Spark nodes of pipelines: handed to the ``spark-submit`` of pyspark, or of a stand-in."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.emulator.pipelines.service import Body, Pipelines, node
from tests.emulator.service import ENVIRONMENT, Answer
from tests.emulator_fixture import RunningEmulator

SUBMIT = b"""#!/bin/bash
echo "submitted: $*"
while [[ $1 != *.py ]]; do shift; done
exec python "$@"
"""
ENTRY = b"""
import pathlib, sys
source, target = sys.argv[1:]
pathlib.Path(target).mkdir()
pathlib.Path(target, "part-0").write_text(pathlib.Path(source).read_text().upper())
pathlib.Path(target, ".part-0.crc").write_text("x")
"""
CODE = {"pyspark/__init__.py": b"", "pyspark/bin/spark-submit": SUBMIT, "count.py": ENTRY}
CONF = {"spark.driver.memory": "1g", "spark.master": "yarn"}
ARGS = "${{inputs.text}} ${{outputs.words}}"


@pytest.fixture
def service(emulator: RunningEmulator) -> Pipelines:
    """The session's emulator."""
    return Pipelines(emulator)


@pytest.fixture
def name(service: Pipelines) -> str:
    """A job name that was never used, which is the name of a text, too."""
    name = f"spark-{uuid.uuid4().hex[:12]}"
    service.upload(f"{name}.txt", b"a b")
    return name


def address(path: str) -> str:
    """An address in the default datastore."""
    return f"azureml://datastores/workspaceblobstore/paths/{path}"


def spark(service: Pipelines, name: str, **changes: Any) -> Body:
    """A Spark job as Microsoft's client sends it, with a stand-in for pyspark in its code."""
    return {
        "jobType": "Spark",
        "codeId": service.code(CODE),
        "entry": {"sparkJobEntryType": "SparkJobPythonEntry", "file": "count.py"},
        "args": ARGS,
        "conf": CONF,
        "environmentVariables": {"PYTHONPATH": "."},
        "identity": {"identityType": "UserIdentity"},
        "resources": {"instanceType": "standard_e4s_v3", "runtimeVersion": "3.4"},
        "inputs": {"text": {"jobInputType": "uri_file", "uri": address(f"{name}.txt"), "mode": "Direct"}},
        "outputs": {"words": {"jobOutputType": "uri_folder", "uri": address(f"{name}/words/"), "mode": "Direct"}},
        **changes,
    }


def start(service: Pipelines, name: str, **changes: Any) -> Answer:
    """PUT a Spark job, which runs under its user's identity."""
    headers = {"x-azureml-token": service.token("https://ml.azure.local")}
    return service.put(f"jobs/{name}", {"properties": spark(service, name, **changes)}, headers=headers)


def test_a_job_is_submitted_to_the_spark_of_this_machine(service: Pipelines, name: str) -> None:
    assert start(service, name, pyFiles=["a.zip"]).status == 201
    done = service.wait(name)
    log = service.log(name)
    assert done["status"] == "Completed", log
    assert "--master local[*] --conf spark.driver.memory=1g --py-files a.zip count.py" in log
    assert service.read(address(f"{name}/words/part-0")) == b"A B"
    job = service.job(name)
    assert (job["jobType"], job["conf"], job["outputs"]["words"]["mode"]) == ("Spark", CONF, "Direct")
    assert service.get(f"jobs/{name}").body["properties"]["args"] == ARGS


def test_an_interpreter_without_pyspark_is_named(service: Pipelines, name: str) -> None:
    start(service, name, environmentVariables={})
    assert service.wait(name)["status"] == "Failed"
    assert "Spark jobs run with the pyspark of the job's interpreter, and " in service.log(name)


def test_a_node_is_a_spark_job_without_the_compute_of_the_pipeline(service: Pipelines, name: str) -> None:
    spec = {
        "type": "spark",
        "code": f"azureml:{service.code(CODE)}",
        "entry": {"file": "count.py"},
        "conf": {"spark.driver.memory": "1g", "spark.driver.cores": 1},
        "args": ARGS,
        "environment": ENVIRONMENT,
        "inputs": {"text": {"type": "uri_file", "mode": "direct"}},
        "outputs": {"words": {"type": "uri_folder", "mode": "direct"}},
    }
    data = {"job_input_type": "uri_file", "uri": address(f"{name}.txt"), "mode": "Direct"}
    resources = {"instance_type": "standard_e4s_v3", "runtime_version": "3.4"}
    count = {**node(service.register(spec), {"text": data}, conf={"spark.driver.cores": 2}), "resources": resources}
    service.start(name, {"count": {**count, "type": "spark"}}, settings={"default_compute": "cpu-cluster"})
    service.wait(name)
    step = service.steps(name)["count"]
    assert (step["runType"], step["target"]) == ("azureml.StepRun", "serverless")
    assert "Spark jobs run with the pyspark of the job's interpreter" in service.log(step["runId"])


REFUSED: list[tuple[Body, int, str]] = [
    ({"args": "${{inputs.none}}"}, 400, "The arguments name"),
    ({"entry": {"sparkJobEntryType": "SparkJobScalaEntry", "className": "a.B"}}, 501, "whose entry is a class"),
    ({"codeId": "none"}, 400, "codeId"),
    ({"computeId": "none"}, 400, "The compute 'none' was not found"),
    ({"confs": {}}, 400, "confs"),
]


@pytest.mark.parametrize(("changes", "status", "said"), REFUSED, ids=lambda value: str(value)[:30])
def test_what_does_not_fit_is_named(service: Pipelines, name: str, changes: Body, status: int, said: str) -> None:
    answer = start(service, name, **changes)
    assert (answer.status, said in answer.body["error"]["message"]) == (status, True), answer.body
