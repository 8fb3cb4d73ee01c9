"""URIs of assets in Azure ML, and what the events of outlets say."""

from __future__ import annotations

import sys
from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import Asset, AssetAlias
from airflow.sdk.definitions.asset import Model
from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

from airflow_azureml.asset_uris import create_asset, normal, without_version
from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.task.outlets import describe

GUID = "AAAABBBB-1111-2222-3333-444455556666"
LONG = f"azureml://subscriptions/{GUID}/resourcegroups/Rg/workspaces/Ws"
HOME = LONG.lower()
ARM = f"subscriptions/{GUID}/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"


@pytest.mark.parametrize(
    ("written", "uri"),
    [
        (f"{LONG}/datastores/blob/paths/A/b/", f"{HOME}/datastores/blob/paths/A/b"),
        (f"{LONG}/datastores/blob/A/b", f"{HOME}/datastores/blob/paths/A/b"),
        (f"AZUREML://Subscriptions/{GUID}/resourceGroups/RG/workspaces/WS/datastores/b", f"{HOME}/datastores/b/paths"),
        (f"azureml:/{ARM}/models/Credit", f"{HOME}/models/Credit"),
        (f"azureml://{ARM}/models/Credit/versions/3", f"{HOME}/models/Credit/versions/3"),
        (f"{LONG}/Data/cards/versions/labels/latest/", f"{HOME}/data/cards/labels/latest"),
        ("azureml://azureml_default@datastores/blob/paths/a", "azureml://datastores/blob/paths/a"),
        ("azureml://feeds/Shared/models/m", "azureml://registries/shared/models/m"),
        (f"azureml://locations/WestEurope/workspaces/{GUID}/data/d", f"azureml://locations/westeurope/workspaces/{GUID.lower()}/data/d"),
        ("azureml://elsewhere/Path", "azureml://elsewhere/Path"),
    ],
)  # fmt: skip
def test_airflow_spells_a_place_in_one_way(written: str, uri: str) -> None:
    assert Asset(written).uri == uri
    assert Asset(uri) == Asset(Asset(written).uri), "it is stable"
    assert Asset(normal(written)).uri == uri


def test_names_of_assets_and_paths_keep_their_case() -> None:
    assert Asset(f"{LONG}/models/Credit").uri != Asset(f"{LONG}/models/credit").uri
    assert Asset(f"{LONG}/datastores/d/paths/A").uri != Asset(f"{LONG}/datastores/d/paths/a").uri


@pytest.mark.parametrize(
    ("uri", "namespace", "name"),
    [
        (f"{LONG}/datastores/d/a/", HOME, "datastores/d/paths/a"),
        (f"{LONG}/models/m", HOME, "models/m"),
        ("azureml://datastores/d/paths/a", "azureml", "datastores/d/paths/a"),
    ],
)
def test_openlineage_is_told_workspace_and_place(
    monkeypatch: pytest.MonkeyPatch, uri: str, namespace: str, name: str
) -> None:
    events = SimpleNamespace(Dataset=lambda **given: SimpleNamespace(**given))
    monkeypatch.setitem(sys.modules, "openlineage.client.event_v2", events)
    convert = providers().asset_to_openlineage_converters["azureml"]
    found = convert(Asset(uri), None)
    assert (found.namespace, found.name) == (namespace, name)


def providers() -> Any:
    """What Airflow knows of all providers, in a task."""
    return ProvidersManagerTaskRuntime()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("given", [None, "", " ", 5, ["a"], {"path": "a"}, AssetAlias("a")])
def test_what_is_no_path_is_refused_by_name(given: Any) -> None:
    with pytest.raises(AzureMLSpecError, match=r"^path: .* is not accepted. Accepted: a URI that begins with azureml:"):
        create_asset(path=given)


def test_the_factory_takes_what_results_hold() -> None:
    make = providers().asset_factories["azureml"]
    made = make(path=f"/{ARM}/models/m/versions/1", extra={"a": 1})
    assert made == make(path=f"{LONG}/models/m/versions/1/", extra={"a": 1}), "equal in name, too"
    assert made.uri == f"{HOME}/models/m/versions/1"
    assert (type(made), made.group) == (Model, "model")
    assert type(make(path=f"{LONG}/data/models")) is Asset


def told(outlets: list[Any], result: Any) -> dict[Any, Any]:
    """What the events of outlets say of a result."""
    events: dict[Any, Any] = defaultdict(lambda: SimpleNamespace(extra={"mine": 1}, added=[]))
    for outlet in outlets:
        event = events[outlet.name]
        event.add = lambda asset, extra, event=event: event.added.append((asset.uri, extra["version"]))
    by_name = type("Events", (), {"__getitem__": lambda _, outlet: events[outlet.name]})()
    describe({"outlet_events": by_name}, outlets, result)
    return events


JOB = {
    "job_name": "j-1",
    "status": "Completed",
    "studio_url": "https://ml.azure.com/j-1",
    "experiment_name": "e",
    "metrics": {"auc": 0.9},
    "outputs": {
        "default": {"type": "uri_folder", "path": f"{LONG}/datastores/a/paths/ExperimentRun/dcid.j-1/"},
        "model": {
            "type": "mlflow_model",
            "path": f"{LONG}/datastores/blob/paths/m/",
            "asset_id": f"/{ARM}/models/credit/versions/7",
        },
    },
}


@pytest.mark.parametrize(
    "uri", [f"{LONG}/models/credit", f"{LONG}/datastores/blob/paths/m", f"/{ARM}/models/credit/versions/7"]
)
def test_an_outlet_is_told_version_path_and_metrics_of_what_it_names(uri: str) -> None:
    model = Model(name="m", uri=normal(uri))
    extra = told([model], JOB)["m"].extra
    assert (extra["version"], extra["path"], extra["output"]) == ("7", f"{LONG}/datastores/blob/paths/m/", "model")
    assert (extra["metrics"], extra["job_name"], extra["mine"]) == ({"auc": 0.9}, "j-1", 1)


def test_an_outlet_that_names_nothing_of_the_job_is_told_of_the_job() -> None:
    extra = told([Asset(name="o", uri="s3://elsewhere/x")], JOB)["o"].extra
    assert extra["job_name"] == "j-1"
    assert {"path", "version"} & set(extra) == set()


def test_an_alias_stands_for_what_was_registered() -> None:
    assert told([AssetAlias("a")], JOB)["a"].added == [(f"{HOME}/models/credit", "7")]


def test_an_outlet_of_a_registration_is_told_its_version() -> None:
    made = {
        "id": f"/{ARM}/data/cards/versions/4",
        "name": "cards",
        "version": "4",
        "path": f"{LONG}/datastores/b/paths/c/",
    }
    outlets = [Asset(name="known", uri=f"{LONG}/data/cards"), Asset("other"), AssetAlias("alias")]
    events = told(outlets, made)
    for name in ("known", "other"):
        assert (events[name].extra["version"], events[name].extra["path"]) == ("4", made["path"])
    assert events["alias"].added == [(without_version(made["id"]), "4")]


@pytest.mark.parametrize("result", [None, ["a"], "text", {"a": 1}])
def test_other_results_say_nothing(result: Any) -> None:
    assert told([Asset("o")], result)["o"].extra == {"mine": 1}
