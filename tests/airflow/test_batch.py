"""Invocations of batch endpoints by the operator: every kind of input, every type of literal, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCreateDataAssetOperator
from airflow_azureml.rest import workspace
from airflow_azureml.rest.ids import Workspace
from tests.airflow.instance import Instance
from tests.airflow.scoring import deployment, endpoint, invoker, register, scorer, unique
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.usefixtures("hook")

STORE = "workspaceblobstore"


@dataclass(frozen=True)
class Numbers:
    """A folder with the file ``a.txt`` of the numbers 1 and 2, in storage and here."""

    ws: Workspace
    local: Path
    asset: str
    path: str
    https: str

    @property
    def store(self) -> str:
        """The id of the datastore that the folder is in."""
        return f"{self.ws.path}/datastores/{STORE}"

    def url(self, scheme: str, service: str) -> str:
        """The address of the folder as Hadoop-like tools write it."""
        host, account, container, rest = self.https.removeprefix("https://").split("/", 3)
        return f"{scheme}://{container}@{host}/{account.replace('.blob.', f'.{service}.')}/{rest}"


@pytest.fixture(scope="module")
def connected(emulator: RunningEmulator) -> Iterator[AzureMLHook]:
    """A hook for what the tests of this file share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_AZUREML_DEFAULT", emulator["airflow_connection"])
        yield AzureMLHook()


@pytest.fixture(scope="module")
def numbers(connected: AzureMLHook, tmp_path_factory: pytest.TempPathFactory) -> Numbers:
    """Something to score, as a data asset too."""
    folder = tmp_path_factory.mktemp("data") / "numbers"
    folder.mkdir()
    (folder / "a.txt").write_text("1\n2\n")
    name = unique("numbers")
    made = AzureMLCreateDataAssetOperator(task_id="t", name=name, path=str(folder)).execute({})
    path = made["path"].partition("/paths/")[2]
    ws = connected.settings().workspace
    with connected.client() as client:
        address = client.run(workspace.datastore(ws, STORE)).address(path)
    assert address is not None
    return Numbers(ws, folder, name, path, address.https_url)


@pytest.fixture(scope="module")
def scoring(connected: AzureMLHook, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An endpoint whose default deployment multiplies by 10, and whose deployment ``green`` multiplies by 100."""
    folder = tmp_path_factory.mktemp("model")
    name = unique("ep")
    endpoint(name=name)
    for label, factor in (("blue", "10"), ("green", "100")):
        given = scorer(folder, register(folder, factor))
        deployment(name=label, endpoint_name=name, set_default=label == "blue", **given)
    return name


def scores(hook: AzureMLHook, result: dict[str, Any], folder: Path) -> list[str]:
    """The rows of a scoring job's result."""
    files = hook.download_output(result["job_name"], "score", folder)
    assert len(files) == 1, files
    return Path(files[0]).read_text().split("\n")[:-1]


KINDS: dict[str, Callable[[Numbers], dict[str, Any]]] = {
    "asset by id": lambda n: {"inputs": {"x": f"{n.ws.path}/data/{n.asset}/versions/1"}},
    "asset by version": lambda n: {"inputs": {"x": f"azureml:{n.asset}:1"}},
    "asset by label": lambda n: {"inputs": {"x": {"type": "uri_folder", "path": f"azureml:{n.asset}@latest"}}},
    "asset by label, with a slash": lambda n: {"inputs": {"x": f"azureml:/{n.asset}@latest"}},
    "asset by location": lambda n: {
        "inputs": {"x": f"azureml://locations/eastus/workspaces/{n.ws.name}/data/{n.asset}/versions/labels/latest"}
    },
    "datastore by id": lambda n: {"inputs": {"x": f"{n.store}/paths/{n.path}"}},
    "datastore by id, prefixed": lambda n: {"inputs": {"x": {"path": f"azureml:{n.store}/paths/{n.path}"}}},
    "datastore, short": lambda n: {"inputs": {"x": f"azureml://datastores/{STORE}/paths/{n.path}"}},
    "datastore, long": lambda n: {"input": f"azureml:/{n.store}/paths/{n.path}"},
    "https": lambda n: {"inputs": {"x": n.https}},
    "wasbs": lambda n: {"inputs": {"x": n.url("wasbs", "blob")}},
    "abfss": lambda n: {"inputs": {"x": n.url("abfss", "dfs")}},
    "local folder": lambda n: {"inputs": {"x": {"type": "uri_folder", "path": str(n.local)}}},
    "local file": lambda n: {"inputs": {"x": {"type": "uri_file", "path": str(n.local / "a.txt")}}},
    "short form": lambda n: {"input": str(n.local)},
    "short form of a file": lambda n: {"input": f"{n.https}a.txt", "input_type": "uri_file"},
    "output of a task": lambda n: {
        "inputs": {
            "x": {
                "type": "uri_folder",
                "path": f"azureml:/{n.store}/paths/{n.path}",
                "https_url": None,
                "abfss_url": None,
            }
        }
    },
    "output of a task, short form": lambda n: {"input": {"type": "uri_file", "path": f"{n.https}a.txt"}},
    "the service's words": lambda n: {
        "inputs": {"x": {"JobInputType": "UriFolder", "Uri": f"azureml://datastores/{STORE}/paths/{n.path}"}}
    },
    "a file": lambda n: {"file": f"inputs:\n  x:\n    type: uri_folder\n    path: {n.local}\n"},
    "a file, set": lambda n: {
        "file": {"inputs": {"x": {"type": "uri_file", "path": str(n.local)}}},
        "set": ["inputs.x.type=uri_folder"],
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_scores_every_kind_of_input(
    kind: str, numbers: Numbers, scoring: str, hook: AzureMLHook, tmp_path: Path
) -> None:
    ti = Instance()
    result = invoker(endpoint_name=scoring, **KINDS[kind](numbers)).execute(ti.context())
    assert (result["status"], result["experiment_name"]) == ("Completed", scoring)
    score = result["outputs"]["score"]
    assert ti.xcoms["score"] == score
    assert score["type"] == "uri_file"
    assert score["path"].endswith("/predictions.csv")
    assert scores(hook, result, tmp_path) == ["a.txt 10", "a.txt 20"]
