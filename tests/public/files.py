"""Which of the public examples are pipelines and sweeps, and what they expect to be there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

JOBS = "cli/jobs"
KINDS = {"pipelineJob": "pipeline", "sweepJob": "sweep"}
"""Kind of job by the name of its schema."""

EXPECTED = {
    "pipelines-with-components/basics/1b_e2e_registered_components": ("train.yml", "score.yml", "eval.yml"),
    "pipelines-with-components/basics/4d_data_input": ("data.yml",),
    "pipelines-with-components/pipeline_with_pipeline_component/nyc_taxi_data_regression_with_pipeline_component": (
        "data.yml",
    ),
}
"""Files that the README of an example has one create before its job, by the example's folder."""

LAST = "pipelines-with-components/basics/4b_datastore_datapath_uri/pipeline.yml"
"""It reads the folder of the default datastore that all jobs write to, which a new workspace does not have."""

IRIS = "cli/jobs/pipelines/add-column-and-word-count-using-spark/data/iris.csv"
"""The examples' copy of the data that some of their jobs read from Microsoft's web server."""


@dataclass(frozen=True)
class Example:
    """One file.

    :param name: its path below ``cli/jobs``.
    :param set: what is written over it, by dotted path.
    """

    name: str
    path: Path
    kind: str
    set: dict[str, str]

    @property
    def dag_id(self) -> str:
        """The name of its DAG, and of its job's experiment."""
        return self.name.removesuffix(".yml").replace("/", "--").replace(" ", "_")


def examples(checkout: Path) -> list[Example]:
    """The pipelines and sweeps of a checkout, by name, but for one at the end."""
    root, iris = checkout / JOBS, checkout / IRIS
    found = [
        Example(path.relative_to(root).as_posix(), path, kind, local(document, iris))
        for path in sorted(root.rglob("*.yml"))
        if (document := read(path)) and (kind := KINDS.get(schema_of(document)))
    ]
    if not found:
        raise SystemExit(f"{root}: no pipeline and no sweep here. Accepted: a checkout of Azure/azureml-examples.")
    return sorted(found, key=lambda one: one.name == LAST)


def read(path: Path) -> dict[str, Any] | None:
    """A YAML file that is a mapping, else None."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError:
        return None
    return document if isinstance(document, dict) else None


def schema_of(document: dict[str, Any]) -> str:
    """The name of a file's schema: ``pipelineJob``."""
    return str(document.get("$schema", "")).rpartition("/")[2].partition(".")[0]


def local(document: dict[str, Any], iris: Path, *above: str) -> dict[str, str]:
    """The iris data on the web wherever a job names it, led to a file here, by dotted path."""
    found: dict[str, str] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found |= local(value, iris, *above, str(name))
        elif name == "path" and "://" in str(value) and str(value).endswith("/iris.csv"):
            found[".".join((*above, "path"))] = str(iris)
    return found
