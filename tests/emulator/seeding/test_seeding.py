"""Files of the CLI that are registered at the start: the same properties as Microsoft's client sends for them."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.console.control_client import RefusedError, call
from azureml_emulator.seeding.backend import datastore_properties
from azureml_emulator.seeding.files import SeedError, kind_of, read_folder
from tests import REPOSITORY
from tests.emulator.console.test_command_line import complains, run
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator, Start

SAMPLES = REPOSITORY / "tests" / "samples"
ALL = ("data", "model", "environment", "component", "compute", "command", "batch-endpoint", "batch-deployment")
ADDRESSES = {"dataUri", "modelUri", "codeUri", "isArchived"}


def sent(sample: str) -> dict[str, Any]:
    """The properties that Microsoft's client sent in its last request for a sample."""
    recorded = json.loads((SAMPLES / sample / "recorded.json").read_text())
    puts = [row["request"] for row in recorded["exchanges"] if row["request"]["method"] == "PUT"]
    return dict(puts[-1]["body"]["properties"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with samples of each kind that can be registered, and with a job."""
    place = tmp_path / "seeds"
    for sample in ALL:
        shutil.copytree(SAMPLES / sample, place / sample)
    for file in (place / "component" / "component.yml", place / "batch-deployment" / "batch-deployment.yml"):
        file.write_text(file.read_text().replace("botany:3", "botany:4"))
    return place


def test_a_start_with_a_folder(folder: Path, start_emulator: Start) -> None:
    emulator = start_emulator("--seed", str(folder))
    service, greeting = Service(emulator), emulator.log.read_text()
    for line in ("seeded    data petals:3", "seeded    compute cpu-cluster\n", "seeded    component count_petals:5"):
        assert line in greeting
    assert "command/job.yml: files of the schema commandJob are not registered" in greeting
    for sample, path in (
        ("data", "data/petals/versions/3"),
        ("model", "models/flowers/versions/2"),
        ("environment", "environments/botany/versions/4"),
    ):
        kept, wanted = service.get(path).body["properties"], sent(sample)
        for key in set(wanted) - ADDRESSES - {"condaFile"}:
            assert kept[key] == wanted[key], (sample, key)
    conda = json.loads(service.get("environments/botany/versions/4").body["properties"]["condaFile"])
    assert conda["dependencies"] == ["python=3.11", {"pip": ["pandas"]}]
    spec = service.get("components/count_petals/versions/5").body["properties"]["componentSpec"]
    wanted = sent("component")["componentSpec"]
    assert {"command", "inputs", "outputs", "type", "name", "display_name"} <= set(spec)
    assert (spec["command"], sorted(spec["inputs"])) == (wanted["command"], sorted(wanted["inputs"]))
    (file,) = (SAMPLES / "data" / "field").iterdir()
    data = service.get("data/petals/versions/3").body["properties"]["dataUri"]
    assert service.read(f"{data}{file.name}") == file.read_bytes()
    endpoint = service.get("batchEndpoints/flowers").body["properties"]
    assert endpoint["defaults"] == {"deploymentName": "blue"}
    assert endpoint["description"] == sent("batch-endpoint")["description"]
    deployment, wanted = (
        service.get("batchEndpoints/flowers/deployments/blue").body["properties"],
        sent("batch-deployment"),
    )
    for key in ("errorThreshold", "maxConcurrencyPerInstance", "miniBatchSize", "outputAction"):
        assert deployment[key] == wanted[key], key
    assert (deployment["outputFileName"], deployment["retrySettings"]["maxRetries"]) == ("flowers.csv", 2)
    assert deployment["codeConfiguration"]["scoringScript"] == "score.py"
    scale = service.get("computes/cpu-cluster").body["properties"]["properties"]["scaleSettings"]
    assert scale["nodeIdleTimeBeforeScaleDown"] == "PT300S"


def test_a_seeded_environment_and_data_run_a_job(folder: Path, emulator: RunningEmulator, name: str) -> None:
    service = Service(emulator)
    for file in (folder / "data" / "data.yml", folder / "environment" / "environment.yml"):
        text = file.read_text().replace("petals", name).replace("botany", name)
        file.write_text("\n".join(line for line in text.splitlines() if not line.startswith("version")))
    for unused in set(ALL) - {"data", "environment"}:
        shutil.rmtree(folder / unused)
    for _ in range(2):
        rows = seed(emulator, folder)["value"]
        assert [(row["kind"], row["version"]) for row in rows] == [("environment", "1"), ("data", "1")]
    (folder / "data" / "field" / "new.csv").write_text("1,2\n")
    assert seed(emulator, folder)["value"][1]["version"] == "2"
    uri = service.get(f"data/{name}/versions/2").body["properties"]["dataUri"]
    inputs = {"field": {"jobInputType": "uri_folder", "uri": uri}}
    job = service.run(name, "cat ${{inputs.field}}/new.csv", environmentId=f"azureml:{name}:1", inputs=inputs)
    assert (job["status"], service.printed(name)) == ("Completed", "1,2\n")


SCORE = "def init(): pass\ndef run(text): return text.upper()\n"


def test_a_seeded_online_endpoint_answers(tmp_path: Path, emulator: RunningEmulator, name: str) -> None:
    endpoint = f"e{name[-12:].replace('_', '')}"
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text(SCORE)
    (tmp_path / "src" / "model.txt").write_text("m")
    (tmp_path / "endpoint.yml").write_text(
        "$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json\n"
        f"name: {endpoint}\nauth_mode: key\ntraffic: {{blue: 100}}\ntags: {{a: b}}\n"
    )
    (tmp_path / "blue.yml").write_text(
        "$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json\n"
        f"name: blue\nendpoint_name: {endpoint}\nmodel: {{path: ./src/model.txt}}\n"
        "code_configuration: {code: ./src, scoring_script: score.py}\n"
        "environment: azureml:AzureML-minimal:1\ninstance_type: Standard_DS3_v2\ninstance_count: 2\n"
        "request_settings: {request_timeout_ms: 3000}\nliveness_probe: {initial_delay: 1, failure_threshold: 9}\n"
    )
    service = Service(emulator)
    for _ in range(2):
        kinds = [row["kind"] for row in seed(emulator, tmp_path)["value"]]
        assert kinds == ["online endpoint", "online deployment"]
    shown = service.get(f"onlineEndpoints/{endpoint}").body["properties"]
    assert (shown["traffic"], shown["authMode"]) == ({"blue": 100}, "Key")
    deployment = service.get(f"onlineEndpoints/{endpoint}/deployments/blue").body
    properties = deployment["properties"]
    assert (deployment["sku"]["capacity"], properties["requestSettings"]["requestTimeout"]) == (2, "PT3S")
    assert (properties["livenessProbe"]["initialDelay"], properties["livenessProbe"]["failureThreshold"]) == ("PT1S", 9)
    deadline = time.monotonic() + 60
    while (
        service.get(f"onlineEndpoints/{endpoint}/deployments/blue").body["properties"]["provisioningState"]
        != "Succeeded"
    ):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    key = service.post(f"onlineEndpoints/{endpoint}/listKeys").body["primaryKey"]
    answer = service.request("POST", shown["scoringUri"] + "?", "abc", headers={"Authorization": f"Bearer {key}"})
    assert (answer.status, answer.body) == (200, '"ABC"')


def seed(emulator: RunningEmulator, folder: Path) -> Any:
    return call(emulator.endpoint, "POST", "/emulator/seed", {"folder": str(folder)})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$schema: x/data.schema.json\nnam: a", ("nam: data has no such key", "Accepted: ", "path")),
        ("$schema: x/data.schema.json\nname: a\npath: ./nowhere", ("path: './nowhere' does not exist as a folder",)),
        ("type: uri_file\nname: a\npath: .", ("path: '.' does not exist as a file", "Accepted: a file")),
        ("$schema: x/data.schema.json\npath: .", ("name: None is not accepted. Accepted: a text.",)),
        ("a: [", ("seed.yml:", "this is no YAML")),
        ("name: a\nimage: i\nconda_file: gone.yml", ("conda_file: 'gone.yml' is not readable",)),
        ("type: amlcompute\nname: a\ntier: spot", ("tier: 'spot' is not accepted. Accepted: dedicated, low_priority",)),
        (
            "$schema: x/modelBatchDeployment.schema.json\nname: blue\nendpoint_name: gone",
            ("endpoint_name: 'gone' is no batch endpoint",),
        ),
        ("name: a b\nimage: i", ("seed.yml: ", "a b")),
        ("$schema: x/pipelineComponent.schema.json\nname: a\ntype: pipeline", ("jobs: None is not accepted.",)),
        (
            "$schema: x/pipelineComponent.schema.json\nname: a\ntype: pipeline\njobs: {s: {type: sweep}}",
            ("jobs.s.type: 'sweep' is not read here. Accepted: command, pipeline",),
        ),
        (
            "$schema: x/pipelineComponent.schema.json\nname: a\ntype: pipeline\njobs: {s: {component: ./gone.yml}}",
            ("jobs.s.component: './gone.yml' is no file",),
        ),
        ("$schema: x/schedule.schema.json\nname: a\ntrigger: {type: daily}", ("trigger.type: 'daily' is not",)),
        (
            "$schema: x/schedule.schema.json\nname: a\ntrigger: {type: cron, expression: '0 4 * * *'}",
            ("create_job: None is not accepted. Accepted: a job, its file, azureml:JOB.",),
        ),
        (
            "$schema: x/schedule.schema.json\nname: a\ntrigger: {type: cron, expression: '* *'}\ncreate_job: azureml:x",
            ("trigger.expression",),
        ),
        ("$schema: x/managedOnlineEndpoint.schema.json\nname: abc\nauth_mode: none", ("auth_mode: 'none' is not",)),
        ("$schema: x/managedOnlineEndpoint.schema.json\nname: abc\ntraffic: {red: 100}", ("no deployment 'red'",)),
        (
            "$schema: x/managedOnlineDeployment.schema.json\nname: blue\nendpoint_name: gone",
            ("endpoint_name: 'gone' is no online endpoint",),
        ),
    ],
)
def test_what_cannot_be_registered_is_told_in_a_line(
    text: str, words: tuple[str, ...], tmp_path: Path, emulator: RunningEmulator
) -> None:
    (tmp_path / "seed.yml").write_text(text)
    with pytest.raises(RefusedError) as refused:
        seed(emulator, tmp_path)
    assert "\n" not in str(refused.value)
    assert all(word in str(refused.value) for word in words)


def test_a_start_with_a_file_that_cannot_be_registered(tmp_path: Path) -> None:
    (tmp_path / "seed.yml").write_text("type: uri_file\nname: a\npath: ./gone.csv")
    done = run("start", "--state", str(tmp_path / "state"), "--seed", str(tmp_path))
    complains(
        done, 1, "azureml-emulator: --seed: ", "seed.yml: path: './gone.csv' does not exist as a file. Accepted: "
    )
    assert not (tmp_path / "state" / "endpoint.json").exists()


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="is not a folder"):
        read_folder(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"$schema": "https://x/latest/environment.schema.json"}, "environment"),
        ({"type": "mlflow_model", "name": "a", "path": "b"}, "model"),
        ({"type": "command", "command": "c", "version": 1}, "component"),
        ({"type": "command", "command": "c"}, "no description of something to register"),
        ({"$schema": "https://x/latest/pipelineJob.schema.json"}, "files of the schema pipelineJob are not registered"),
        ({"type": "uri_folder", "path": "b"}, "no description of something to register"),
        (["a"], "no mapping"),
    ],
)
def test_which_files_describe_something(content: Any, kind: str) -> None:
    assert kind_of(content) == kind


@pytest.mark.parametrize(
    "schema", ["", "$schema: https://azuremlschemas.azureedge.net/latest/azureDataLakeGen2.schema.json\n"]
)
def test_a_datastore_of_the_data_lake(tmp_path: Path, schema: str) -> None:
    text = f"{schema}name: lake\ntype: azure_data_lake_gen2\naccount_name: acct\nfilesystem: raw\n"
    (tmp_path / "lake.yml").write_text(text)
    [file], _ = read_folder(tmp_path)
    expected = {"datastoreType": "AzureDataLakeGen2", "accountName": "acct", "filesystem": "raw"}
    assert datastore_properties(file) == expected
