"""MLflow's registry, where plain MLflow shall be enough: it answers as MLflow's own store does."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.conftest import Call
from tests.emulator.mlflow.test_mlflow_direct import MLFLOW, emulator, run_script
from tests.emulator_fixture import RunningEmulator

__all__ = ["emulator"]

ANSWERS = Path(__file__).with_name("registry_answers.json")
"""What these calls gave with the store of MLflow 3.13.0 (``MLFLOW_TRACKING_URI=sqlite:///…``), mark ``abcdef12``."""

CALLS = """
import json, sys
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
client, mark, seen = MlflowClient(), sys.argv[1], []
one, two = f"one-{mark}", f"two-{mark}"
client.set_experiment_tag(client.create_experiment(f"e-{mark}"), "a", "b")
run = client.create_run(client.get_experiment_by_name(f"e-{mark}").experiment_id)
source = f"{run.info.artifact_uri}/model"

def plain(value):
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if hasattr(value, "latest_versions"):
        aliases = {key: str(version) for key, version in sorted(value.aliases.items())}
        return [value.name, value.description or "", value.tags, aliases]
    if hasattr(value, "current_stage"):
        return [value.name, str(value.version), value.current_stage, value.tags, sorted(value.aliases)]
    return value

def do(what, *given, **named):
    try:
        answer = getattr(client, what)(*given, **named)
        if what == "search_model_versions":  # MLflow's server leaves their aliases out
            seen.append([what, [each[:-1] for each in plain(answer)]])
        else:
            seen.append([what, plain(answer)])
    except MlflowException as error:
        seen.append([what, error.error_code])

def models(text="", **more):
    do("search_registered_models", filter_string=f"name LIKE '%{mark}'" + text, **more)

def versions(text="", **more):
    do("search_model_versions", filter_string=f"name ILIKE '%{mark.upper()}'" + text, **more)

for name, tags in ((one, {"team": "risk"}), (two, {})):
    do("create_registered_model", name, tags=tags, description="d")
do("create_registered_model", one)
for name in (one, one, two):
    client.create_model_version(name, source, run.info.run_id, tags={"of": name[:3]})
do("set_registered_model_alias", one, "champion", "1")
do("set_registered_model_alias", one, "challenger", "2")
do("get_model_version_by_alias", one, "champion")
do("set_registered_model_alias", one, "champion", "2")
do("get_model_version_by_alias", one, "champion")
do("get_model_version", one, "2")
do("get_registered_model", one)
do("get_model_version_by_alias", one, "nobody")
do("set_registered_model_alias", one, "nobody", "9")
do("delete_registered_model_alias", one, "challenger")
do("delete_registered_model_alias", one, "nobody")
do("get_registered_model", one)
do("set_model_version_tag", one, "1", "quality", "good")
do("delete_model_version_tag", one, "1", "of")
do("set_registered_model_tag", two, "team", "fraud")
do("set_registered_model_tag", two, "gone", "x")
do("delete_registered_model_tag", two, "gone")
do("update_registered_model", two, "other")
do("transition_model_version_stage", one, "1", "Production")
do("get_latest_versions", one, ["Production"])
models()
models(" AND tags.team = 'fraud'")
models(order_by=["name DESC"])
versions(order_by=["name ASC", "version_number ASC"])
versions(" AND version_number > 1")
versions(" AND tags.quality = 'good'")
versions(f" AND run_id = '{run.info.run_id}'", order_by=["name DESC", "version_number DESC"], max_results=2)
do("search_registered_models", filter_string="colour = 'red'")
do("search_registered_models", filter_string="metrics.auc > 1")
do("rename_registered_model", two, one)
do("rename_registered_model", one, f"new-{mark}")
do("get_model_version_by_alias", f"new-{mark}", "champion")
do("get_registered_model", one)
do("delete_registered_model_alias", f"new-{mark}", "champion")
do("delete_model_version", f"new-{mark}", "2")
do("get_model_version", f"new-{mark}", "2")
do("delete_registered_model", two)
do("delete_registered_model", two)
models()
print(json.dumps(seen))
"""


def test_the_registry_answers_as_mlflows_own_store(
    emulator: RunningEmulator,
    workspace: str,
    forked_jobs_python: Path,
    bearer: Callable[..., dict[str, str]],
) -> None:
    token = bearer()["Authorization"].split()[1]
    ours = run_script(emulator, workspace, forked_jobs_python, CALLS, token, "abcdef12")

    assert ours == json.loads(ANSWERS.read_text(encoding="utf-8"))


@pytest.mark.parametrize("alias", ["latest", "v2", "a b"])
def test_an_alias_that_means_something_else_is_refused(call: Call, alias: str) -> None:
    name = f"model-{uuid.uuid4().hex[:8]}"
    call("POST", f"{MLFLOW}/registered-models/create", {"name": name})
    source = "azureml://datastores/workspaceblobstore/paths/models/a"
    call("POST", f"{MLFLOW}/model-versions/create", {"name": name, "source": source})
    status, answer = call("POST", f"{MLFLOW}/registered-models/alias", {"name": name, "alias": alias, "version": "1"})
    assert (status, answer["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert repr(alias) in str(answer)


def test_logged_models_are_searched_by_metrics_tags_and_in_order(call: Call) -> None:
    experiment = call("POST", f"{MLFLOW}/experiments/create", {"name": f"e-{uuid.uuid4().hex[:8]}"})[1]["experiment_id"]
    run = call("POST", f"{MLFLOW}/runs/create", {"experiment_id": experiment})[1]["run"]["info"]["run_id"]
    ids = []
    for number in (1, 2, 3):
        body = {"experiment_id": experiment, "name": f"m{number}", "source_run_id": run}
        ids.append(call("POST", f"{MLFLOW}/logged-models", body)[1]["model"]["info"]["model_id"])
        for step, value in ((1, number / 10), (0, 9)):
            point = {"key": "auc", "value": value, "step": step, "timestamp": 1, "model_id": ids[-1]}
            assert call("POST", f"{MLFLOW}/runs/log-metric", {"run_id": run, **point})[0] == 200

    def found(**more: Any) -> list[str]:
        answer = call("POST", f"{MLFLOW}/logged-models/search", {"experiment_ids": [experiment], **more})[1]
        return [each["info"]["name"] for each in answer["models"]]

    assert found() == ["m3", "m2", "m1"]
    assert found(filter="metrics.auc < 0.25") == ["m2", "m1"]
    assert found(order_by=[{"field_name": "metrics.auc", "ascending": True}], max_results=2) == ["m1", "m2"]
    data = call("GET", f"{MLFLOW}/logged-models/{ids[0]}")[1]["model"]["data"]
    assert [(row["key"], row["value"], row["run_id"]) for row in data["metrics"]] == [("auc", 0.1, run)]
    path = f"{MLFLOW}/logged-models/{ids[0]}"
    call("PATCH", f"{path}/tags", {"tags": [{"key": "a", "value": "b"}]})
    assert call("DELETE", f"{path}/tags/a")[0] == 200
    assert call("GET", path)[1]["model"]["info"]["tags"] == []
    assert call("GET", f"{path}/artifacts/directories")[1]["files"] == []
    assert call("DELETE", path)[0] == 200
    assert call("GET", path)[0] == 404
    assert found() == ["m3", "m2"]
