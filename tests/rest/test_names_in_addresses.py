"""Names and versions in the addresses of requests: signs of addresses in them are escaped, once, and lead nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_azureml.rest import assets, jobs, workspace
from airflow_azureml.rest.flow import Call
from airflow_azureml.rest.resources import asset_lists, computes
from airflow_azureml.rest.resources.registries import Registry, get_model
from tests.rest.driving import WS

ODD, ESCAPED = "a?b#c/d e%20ü@1:2", "a%3Fb%23c%2Fd%20e%2520%C3%BC@1:2"
REGISTRY = Registry("r", "https://r.example/registries/r")

CALLS: dict[str, Callable[[str], Any]] = {
    "/jobs/{}": lambda name: jobs.get(WS, name),
    "/jobs/{}/cancel": lambda name: jobs.begin_cancel(WS, name),
    "/datastores/{}": lambda name: workspace.datastore(WS, name),
    "/datastores/{}/listSecrets": lambda name: workspace.secret(WS, name),
    "/models/{}": lambda name: assets.container(WS, "models", name),
    "/models/{}/versions/{}": lambda name: assets.get(WS, "models", name, name),
    "/codes/{}/versions": lambda name: assets.code_by_hash(WS, name, "0"),
    "/data/{}/versions": lambda name: next(asset_lists.versions(WS, "data", name, None)),
    "/computes/{}": lambda name: Call("GET", computes.path(WS, name), lambda reply: reply),
    "/registries/r/models/{}/versions/{}": lambda name: get_model(REGISTRY, name, name),
}


@pytest.mark.parametrize("path", CALLS)
def test_a_name_is_one_part_of_an_address(path: str) -> None:
    assert CALLS[path](ODD).path.endswith(path.replace("{}", ESCAPED))
    assert CALLS[path]("plain-1.2_x").path.endswith(path.replace("{}", "plain-1.2_x"))
