"""The pipelines that Microsoft's client sends, all of the golden requests, read as graphs of jobs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from azureml_emulator.assets.references import Resolver
from azureml_emulator.assets.versions import Versions
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.resource_body import read_properties
from azureml_emulator.core.settings import Settings, load_settings
from azureml_emulator.core.store import Store
from azureml_emulator.jobs.artifacts import job_output
from azureml_emulator.jobs.models import Jobs
from azureml_emulator.pipelines.components import Port, check_inputs, find_spec
from azureml_emulator.pipelines.plans import read_plan
from azureml_emulator.pipelines.schemas import PIPELINE_JOB
from azureml_emulator.workspace.datastores import Datastores
from tests.corpus.cases import place

COMPONENT = re.compile(
    r".*/subscriptions/([^/]+)/resourceGroups/([^/]+)/.*/workspaces/([^/]+)/components/([^/]+)/versions/([^/]+)"
)
NOT_THERE = re.compile(r"was not found|is not the id of a component")


def resolver_of(settings: Settings, store: Store) -> Resolver:
    """What reads the addresses of a workspace."""
    return Resolver(settings, Datastores(store), Versions(store), job_output(Jobs(store), settings.artifact_container))


def resolver(folder: Path, case: dict[str, Any]) -> Resolver:
    """A workspace that has the components of a case: those it puts, and those it was answered."""
    store, settings = Store(folder / "state.sqlite"), load_settings(folder, "127.0.0.1", None, {})
    for request in case["requests"]:
        found = COMPONENT.fullmatch(request["path"])
        body = request.get("body") if request["method"] == "PUT" else request.get("response")
        if found and isinstance(body, dict):
            Versions(store).put("components", found[4], found[5], body["properties"])
    names = re.search(
        r"/subscriptions/([^/]+)/resourceGroups/([^/]+)/.*/workspaces/([^/]+)/", case["job_request"]["path"]
    )
    assert names
    own = replace(settings.identity, subscription_id=names[1], resource_group=names[2], workspace_name=names[3])
    return resolver_of(replace(settings, identity=own), store)


def jobs(of: Resolver, given: dict[str, Any]) -> int:
    """How many jobs a pipeline and those inside of it become."""
    plan = read_plan(of, given)
    made = [plan.job(name, plan.declared) for name in plan.graph.nodes]
    return sum(1 + (jobs(of, job) if job["jobType"] == "Pipeline" else 0) for job in made)


def test_golden_pipelines_are_graphs(tmp_path: Path) -> None:
    folder, asked_for = place()
    if not folder.is_dir() and not asked_for:
        pytest.skip(f"{folder} does not exist: AZUREML_CORPUS names the place of the golden requests")
    made, refused = {}, {}
    for number, path in enumerate(sorted(folder.glob("jobs/*/expected.json"))):
        case = json.loads(path.read_text())
        if (case.get("job_body") or {}).get("properties", {}).get("jobType") != "Pipeline":
            continue
        name = path.parent.name
        try:
            made[name] = jobs(resolver(tmp_path / str(number), case), read_properties(case["job_body"], PIPELINE_JOB))
        except ServiceError as error:
            if error.status != 501 and not NOT_THERE.search(error.message):
                refused[name] = error.message
    assert [name for name in refused if "circle" not in refused[name]] == []
    assert len(made) > 20
    assert max(made.values()) > 5


@pytest.mark.parametrize("version", ["/versions/1", "/labels/default", ""])
def test_a_component_of_a_registry_is_not_the_jobs_mistake(tmp_path: Path, version: str) -> None:
    settings = load_settings(tmp_path, "127.0.0.1", None, {})
    there = resolver_of(settings, Store(tmp_path / "state.sqlite"))
    with pytest.raises(ServiceError, match="lies in the registry 'azureml'") as caught:
        find_spec(there, "jobs.a.componentId", f"azureml://registries/azureml/components/score{version}")
    assert (caught.value.status, caught.value.code) == (501, "NotEmulated")


@pytest.mark.parametrize(
    ("given", "declared", "kept"),
    [
        ("uri_file", "uri_folder", "uri_file"),
        ("uri_folder", "mltable", "mltable"),
        ("uri_folder", "uri_file", "uri_file"),
    ],
)
def test_a_file_stays_one_where_a_component_declares_a_folder(given: str, declared: str, kept: str) -> None:
    row = {"jobInputType": given, "uri": "azureml://datastores/workspaceblobstore/paths/a/b.txt", "mode": "Download"}
    rows = check_inputs({"data": Port(declared, False, None, None)}, {"data": row}, "inputs")
    assert rows == {"data": {**row, "jobInputType": kept}}


def test_settings_that_nobody_knows_are_kept() -> None:
    settings = {"default_datestore": "workspaceblobstore", "default_compute": "cpu-cluster"}
    job = read_properties({"properties": {"jobType": "Pipeline", "settings": settings}}, PIPELINE_JOB)
    assert job["settings"] == settings
