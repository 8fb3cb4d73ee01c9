"""The files that GitHub reads are what it expects, and name what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
TARGETS = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def read(file: Path) -> dict[str, Any]:
    """A YAML file."""
    found: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def name_of(file: Path) -> str:
    """What a test is called by."""
    return file.stem


@pytest.mark.parametrize("file", WORKFLOWS, ids=name_of)
def test_a_workflow_may_only_read_and_runs_targets_that_are_there(file: Path) -> None:
    workflow = read(file)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert {"run", "uses"} & set(step)
            for target in re.findall(r"\bmake ([\w-]+)", step.get("run", "")):
                assert target in TARGETS


def test_packages_are_published_without_a_stored_secret() -> None:
    text = (REPOSITORY / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    assert jobs["publish"]["permissions"] == {"id-token": "write"}
    assert jobs["publish"]["needs"] == "build"
    assert "secrets." not in text
    assert "sbom" not in [step.get("with", {}).get("name") for step in jobs["publish"]["steps"]]
    assert "make audit" in [step.get("run") for step in jobs["build"]["steps"]]
    assert [name for name, job in jobs.items() if "id-token" in job.get("permissions", {})] == ["publish"]


@pytest.mark.parametrize("file", FORMS, ids=name_of)
def test_a_form_has_fields_of_its_own_names(file: Path) -> None:
    form = read(file)
    assert {"name", "description", "body"} <= set(form)
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert all(field["type"] in ("input", "textarea", "dropdown") and field["attributes"]["label"] for field in fields)
    names = [field["id"] for field in fields]
    assert len(names) == len(set(names))


def test_contributing_names_places_that_are_there() -> None:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for row in re.findall(r"^\| (?!what|---)(.+) \|$", text, re.MULTILINE):
        for place in re.findall(
            r"`((?:provider|tests|docs|reference|dags_examples|\w+)(?:/[\w./-]*|\.(?:py|md|toml)))`", row
        ):
            bases = ("", "provider/airflow_azureml/", "provider/airflow_azureml/jobspec/")
            assert any((REPOSITORY / base / place).exists() for base in bases), place
