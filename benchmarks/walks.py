"""How many files of ours a value passes on its way: four walks through the house, counted.

a   ``command=`` of AzureMLCommandJobOperator, until the PUT of the job leaves the process
b   the status of the ended job, from the answer that says it until the XComs are pushed
c   ``inputs.x.path`` of a node in a pipeline's YAML, until the job's body is complete
d   a job's name at the emulator, from the PUT of the job until its outputs have been read

What counts is said in ``benchmarks/tracing.py``. The service is an emulator of this checkout. It exits 1 when more
files pass a value on than a walk may have.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

EMULATOR = "azureml_emulator.console.cli"
ENVIRONMENT = "azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu:33"
SAID = "the-value-that-walks"
FILE = "walking-value.csv"
JOB = "job-that-walks"
API = {"api-version": "2025-12-01"}
LIMITS = {"a": 18, "b": 16, "c": 16, "d": 28}
"""Of the files that pass the value on."""


@contextmanager
def emulator(folder: Path, *program: str) -> Iterator[dict[str, Any]]:
    """An emulator's ``endpoint.json`` while it runs."""
    state = folder / "state"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*program, "start", "--state", state, "--pace", "0"], stdout=log, stderr=log)
    try:
        while not (state / "endpoint.json").exists():
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.1)
        yield dict(json.loads((state / "endpoint.json").read_text()))
    finally:
        process.terminate()
        process.wait()


def provider_walks(folder: Path) -> dict[str, Any]:
    """The walks a, b and c, in this process."""
    from requests.adapters import HTTPAdapter

    from airflow_azureml.hooks.azureml import AzureMLHook
    from airflow_azureml.operators.jobs import AzureMLCommandJobOperator
    from airflow_azureml.rest.status import phase
    from benchmarks.tracing import Trace
    from tests.airflow.instance import Instance

    command, status, data = Trace(SAID), Trace("Completed", phase("Completed")), Trace(FILE)
    status.whole, data.until = True, "airflow_azureml/rest/jobs.py"
    send: Callable[..., Any] = HTTPAdapter.send

    def watched(adapter: Any, request: Any, **options: Any) -> Any:
        job = "/jobs/" in str(request.url)
        if job and request.method == "PUT":
            command.end()
        response = send(adapter, request, **options)
        if job and request.method == "GET" and '"Completed"' in response.text:
            status.begin()
        return response

    HTTPAdapter.send = watched  # type: ignore[method-assign,assignment]
    command.begin()
    operator = AzureMLCommandJobOperator(
        task_id="t",
        command=f"echo {SAID}; echo 1 > ${{{{outputs.one}}}}",
        environment=ENVIRONMENT,
        compute="cpu-cluster",
        outputs={"one": {"type": "uri_file"}},
        poll_interval=1,
    )
    for run in ("one", "two", "three"):  # what a task looks at beside its job depends on the moment in which that ends
        task = Instance(run_id=run)
        operator.execute(task.context())
        status.end()
        assert task.xcoms, "nothing was pushed"

    (folder / FILE).write_text("a,b\n")
    node = {
        "type": "command",
        "command": "cat ${{inputs.x}}",
        "environment": ENVIRONMENT,
        "compute": "azureml:cpu-cluster",
        "inputs": {"x": {"type": "uri_file", "path": f"./{FILE}"}},
    }
    file = folder / "pipeline.yml"
    file.write_text(json.dumps({"type": "pipeline", "jobs": {"train": node}}))
    data.begin()
    AzureMLHook().create_job(str(file), f"p-{uuid.uuid4().hex}")
    data.end()
    return {"a": command.report(), "b": status.report(), "c": data.report()}


def run_at_emulator(endpoint: dict[str, Any]) -> None:
    """Put a job with an output, wait for its end and read the output, as a client that is a stranger to us."""
    import requests

    tenant, verify = endpoint["tenant_id"], endpoint["ca_bundle"]

    def token(audience: str) -> dict[str, str]:
        form = {"grant_type": "client_credentials", "client_id": endpoint["client_id"]}
        form |= {"client_secret": endpoint["client_secret"], "scope": f"{audience}/.default"}
        answer = requests.post(f"{endpoint['endpoint']}/{tenant}/oauth2/v2.0/token", data=form, verify=verify)
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    arm = token(endpoint["endpoint"])
    ids = (endpoint["subscription_id"], endpoint["resource_group"], endpoint["workspace_name"])
    workspace = "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.MachineLearningServices/workspaces/{}".format(
        *ids
    )

    def ask(method: str, path: str, **options: Any) -> Any:
        answer = requests.request(method, endpoint["endpoint"] + path, headers=arm, verify=verify, **options)
        answer.raise_for_status()
        return answer.json()

    environment = f"{workspace}/environments/e/versions/1"
    ask("PUT", environment, params=API, json={"properties": {"image": "x"}})
    body = {
        "jobType": "Command",
        "command": "echo said; echo 1 > ${{outputs.one}}",
        "environmentId": environment,
        "computeId": f"{workspace}/computes/cpu-cluster",
        "experimentName": "walks",
        "outputs": {"one": {"jobOutputType": "uri_file"}},
    }
    ask("PUT", f"{workspace}/jobs/{JOB}", params=API, json={"properties": body})
    while (job := ask("GET", f"{workspace}/jobs/{JOB}", params=API))["properties"]["status"] != "Completed":
        assert job["properties"]["status"] != "Failed", job
        time.sleep(0.2)
    runs = f"/history/v1.0{workspace}"
    ask("POST", f"{runs}/rundata", json={"runId": JOB, "selectRunMetadata": True})
    ask("GET", f"{runs}/experiments/walks/runs/{JOB}/details")
    container = ask("GET", f"{workspace}/datastores/workspaceblobstore", params=API)["properties"]["containerName"]
    blob = f"{endpoint['storage_url']}/{container}/azureml/{JOB}/one/one"
    storage = token("https://storage.azure.com") | {"x-ms-version": "2023-01-03"}
    content = requests.get(blob, headers=storage, verify=verify)
    assert content.text == "1\n", content.text


def main() -> int:
    """Walk and print."""
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["AIRFLOW_HOME"] = str(folder / "airflow")
        os.environ["XDG_STATE_HOME"] = str(folder / "notes")
        (folder / "one").mkdir()
        with emulator(folder / "one", sys.executable, "-m", EMULATOR) as endpoint:
            os.environ["AIRFLOW_CONN_AZUREML_DEFAULT"] = endpoint["airflow_connection"]
            found = provider_walks(folder)
        (folder / "two").mkdir()
        report = folder / "report.json"
        with emulator(folder / "two", sys.executable, str(HERE / "tracing.py"), str(report), JOB, EMULATOR) as endpoint:
            run_at_emulator(endpoint)
        found["d"] = json.loads(report.read_text())
    for name, walk in found.items():
        passes, looks = walk["passes"], sorted(set(walk["direct"]) - set(walk["passes"]))
        print(f"{name}: {len(passes)} files pass it on, {len(looks)} more look at it directly;", end=" ")
        print(f"{len(walk['passed'])} have it somewhere; {walk['functions']} functions of", end=" ")
        print(f"{walk['lines']} lines have it directly; {len(walk['ran'])} files run meanwhile")
        order = {place: at for at, place in enumerate(walk["passed"])}
        for place, function in sorted(passes.items(), key=lambda row: order.get(row[0], 0)):
            print(f"    {place} ({function})")
        for place in looks:
            print(f"  ? {place} ({walk['passed'][place]})")
    too_long = [name for name, limit in LIMITS.items() if len(found[name]["passes"]) > limit]
    for name in too_long:
        print(f"NO  {name}: at most {LIMITS[name]} files")
    return int(bool(too_long))


if __name__ == "__main__":
    sys.exit(main())
