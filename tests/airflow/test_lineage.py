"""What OpenLineage is told, by Airflow's own provider for it with a file transport, on both Airflow lines."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from airflow_azureml.hooks.azureml import AzureMLHook
from tests import REPOSITORY
from tests.airflow.installs import AirflowInstall

pytestmark = pytest.mark.timeout(900)

OWN = REPOSITORY / ".venvs" / "openlineage"
SPEC = Path(os.environ.get("OPENLINEAGE_SPEC", REPOSITORY.parent / "shared" / "openlineage" / "spec"))
"""The folder ``spec`` of a clone of OpenLineage."""

WAYS = ("here", "deferred")
EXAMPLE = "lineage_of_clients"


@pytest.fixture(scope="module")
def told(install: AirflowInstall) -> list[dict[str, Any]]:
    """The events of a run, in their order."""
    return events_of(install.beside("lineage"), "lineage")


def events_of(run: AirflowInstall, dag: str) -> list[dict[str, Any]]:
    """The events of a DAG's run, in their order."""
    packages = next(OWN.glob("lib/python*/site-packages"), None)
    if packages is None:
        pytest.skip(f"{OWN} is missing; `make install` makes it.")
    events = run.home / "events.jsonl"
    run.run_anew(
        dag,
        PYTHONPATH=os.pathsep.join((*os.environ.get("PYTHONPATH", "").split(os.pathsep), str(packages))).strip(":"),
        AIRFLOW__OPENLINEAGE__TRANSPORT=json.dumps({"type": "file", "log_file_path": str(events), "append": True}),
        AIRFLOW__OPENLINEAGE__NAMESPACE="tests",
    )
    return [json.loads(line) for line in events.read_text().splitlines()]


def of_task(told: list[dict[str, Any]], task: str, dag: str = "lineage") -> list[dict[str, Any]]:
    """A task's events."""
    return [event for event in told if event["job"]["name"] == f"{dag}.{task}"]


def end(told: list[dict[str, Any]], task: str) -> dict[str, Any]:
    """A task's last event."""
    return of_task(told, task)[-1]


def named(datasets: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The names of datasets."""
    return [(one["namespace"], one["name"]) for one in datasets]


@pytest.mark.parametrize("way", WAYS)
def test_each_start_has_one_end_of_the_same_run(told: list[dict[str, Any]], way: str) -> None:
    for task, last in ((f"copy_{way}", "COMPLETE"), (f"fail_{way}", "FAIL")):
        events = of_task(told, task)
        assert [event["eventType"] for event in events] == ["START"] * (len(events) - 1) + [last]
        assert len(events) == (3 if way == "deferred" else 2)
        assert len({event["run"]["runId"] for event in events}) == 1
        parents = {event["run"]["facets"]["parent"]["job"]["name"] for event in events}
        assert parents == {"lineage"}


@pytest.mark.parametrize("way", WAYS)
def test_a_job_reads_an_asset_where_it_lies_and_writes_its_output(told: list[dict[str, Any]], way: str) -> None:
    event = end(told, f"copy_{way}")
    (cards,), (copied,) = event["inputs"], event["outputs"]
    assert cards["namespace"] == copied["namespace"]
    assert cards["namespace"].startswith("abfss://azureml-blobstore-")
    assert cards["name"].endswith("/decorated.py")
    assert cards["facets"]["version"]["datasetVersion"] == "1"
    (asset,) = cards["facets"]["symlinks"]["identifiers"]
    assert asset["name"] == "data/lineage-cards"
    assert asset["namespace"].startswith("azureml://subscriptions/")
    job = event["run"]["facets"]["externalQuery"]["externalQueryId"]
    assert copied["name"] == f"azureml/{job}/copied"


@pytest.mark.parametrize("way", WAYS)
def test_what_one_job_writes_the_next_reads_by_the_same_name(told: list[dict[str, Any]], way: str) -> None:
    written = named(end(told, f"copy_{way}")["outputs"])
    assert [named(event["inputs"]) for event in of_task(told, f"fail_{way}")] == [written] * (
        3 if way == "deferred" else 2
    )


@pytest.mark.parametrize("way", WAYS)
def test_source_documentation_and_error(told: list[dict[str, Any]], way: str) -> None:
    facets = end(told, f"copy_{way}")["job"]["facets"]
    assert facets["sourceCode"]["sourceCode"].startswith("cat ${{inputs.cards}}")
    assert facets["documentation"]["description"] == "Copies cards."
    failed = end(told, f"fail_{way}")
    assert "exit" in failed["job"]["facets"]["sourceCode"]["sourceCode"]
    assert failed["run"]["facets"]["errorMessage"]["message"].startswith("Azure ML job ")


def test_a_sensor_tells_of_the_job_that_it_waited_for(told: list[dict[str, Any]], hook: AzureMLHook) -> None:
    submitted, waited = end(told, "submitted"), end(told, "waited")
    assert {event["run"]["facets"]["externalQuery"]["externalQueryId"] for event in (submitted, waited)} == {
        waited["run"]["facets"]["externalQuery"]["externalQueryId"]
    }
    assert named(submitted["inputs"]) == named(waited["inputs"]) == named(end(told, "copy_here")["inputs"])
    assert submitted["outputs"] == []
    assert len(waited["outputs"]) == 1
    assert waited["job"]["facets"]["documentation"]["description"] == "Copies cards by a step."


@pytest.mark.long
def test_the_example_is_one_chain_from_the_asset_to_the_last_output(install: AirflowInstall) -> None:
    home = install.beside("example")
    examples = REPOSITORY / "dags_examples"
    shutil.copy(examples / f"{EXAMPLE}.py", home.dags)
    shutil.copytree(examples / "credit_defaults", home.dags / "credit_defaults")
    told = events_of(home, EXAMPLE)

    sample, count, read = (of_task(told, task, EXAMPLE)[-1] for task in ("sample", "count", "read"))
    assert [event["eventType"] for event in (sample, count, read)] == ["COMPLETE"] * 3
    (clients,), (part,), (number,) = sample["inputs"], sample["outputs"], count["outputs"]
    assert clients["facets"]["symlinks"]["identifiers"][0]["name"] == "data/lineage-clients"
    assert clients["name"].endswith("/credit_card.csv")
    assert named(count["inputs"]) == named([part])
    assert named(read["inputs"]) == named([number])
    jobs = [event["run"]["facets"]["externalQuery"]["externalQueryId"] for event in (sample, count)]
    assert [one["name"] for one in (part, number)] == [f"azureml/{jobs[0]}/part", f"azureml/{jobs[1]}/number/number"]
    assert {one["namespace"] for one in (clients, part, number)} == {clients["namespace"]}


def test_nothing_secret_is_told(told: list[dict[str, Any]]) -> None:
    assert "sig=" not in json.dumps(told)


def schemas() -> Iterator[tuple[str, Any]]:
    """Every schema of OpenLineage's specification, by its own address."""
    for file in sorted(SPEC.glob("**/*.json")):
        schema = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(schema, dict) and "$id" in schema:
            yield schema["$id"], schema


def test_events_are_what_openlineages_schema_says(told: list[dict[str, Any]]) -> None:
    if not (SPEC / "OpenLineage.json").exists():
        pytest.skip(f"No specification of OpenLineage in {SPEC}; OPENLINEAGE_SPEC names another place.")
    known = dict(schemas())
    registry: Any = Registry().with_resources([(at, Resource.from_contents(schema)) for at, schema in known.items()])
    base = json.loads((SPEC / "OpenLineage.json").read_text(encoding="utf-8"))
    whole = jsonschema.Draft202012Validator(
        {"$ref": f"{base['$id']}#/$defs/RunEvent"}, registry=registry, format_checker=jsonschema.FormatChecker()
    )
    checked = set()
    for event in told:
        whole.validate(event)
        for key, facet in facets(event):
            name = facet["_schemaURL"].partition("#")[0].rpartition("/")[2]
            address = next((at for at in known if at.endswith(f"/{name}")), None)
            if address is not None and "/facets/" in address:
                checked.add(key)
                definition = facet["_schemaURL"].partition("#")[2]
                jsonschema.Draft202012Validator({"$ref": f"{address}#{definition}"}, registry=registry).validate(facet)
    ours = {"version", "symlinks", "sourceCode", "documentation", "externalQuery", "errorMessage", "parent"}
    assert ours <= checked


def facets(event: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All facets of an event."""
    for owner in (event["run"], event["job"], *event["inputs"], *event["outputs"]):
        yield from owner.get("facets", {}).items()
