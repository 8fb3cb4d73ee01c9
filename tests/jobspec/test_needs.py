"""The names of anonymous assets: equal content, equal name."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest

from airflow_azureml.jobspec.document.requirements import Register


@pytest.mark.parametrize("kind", ["environments", "components", "codes"])
def test_what_is_empty_does_not_count(kind: str) -> None:
    requirement = Register(kind, "", None, {})  # type: ignore[arg-type]
    plain = requirement.address({"properties": {"image": "x", "list": [{"a": 1}]}})
    empty: dict[str, Any] = {
        "image": "x",
        "tags": {},
        "inferenceConfig": {"route": {}},
        "osType": None,
        "list": [{"a": 1, "b": {}}],
    }
    assert requirement.address({"properties": empty, "more": {}}) == plain
    others = [{"image": "y"}, {"image": "x", "list": []}, {"image": "x", "list": [{"a": 0}]}, {"image": ""}]
    assert plain not in [requirement.address({"properties": other}) for other in others]
    assert requirement.address({"properties": {"b": 1, "a": 2}}) == requirement.address(
        {"properties": {"a": 2, "b": 1}}
    )


DIGEST = hashlib.sha256(b'{"properties": {"x": 1}}').hexdigest()
"""The hash of the body below, written as JSON with sorted keys."""


@pytest.mark.parametrize(
    ("kind", "given", "version", "address"),
    [
        ("environments", "e", None, ("e", DIGEST)),
        ("environments", "e", "7", ("e", "7")),
        ("components", "c", None, ("c", str(uuid.UUID(DIGEST[:32])))),
        ("components", "c", "2", ("c", "2")),
        ("codes", "", None, (str(uuid.UUID(DIGEST[:32])), "1")),
        ("codes", "own", None, ("own", "1")),
    ],
)
def test_forms_of_names(kind: Any, given: str, version: str | None, address: tuple[str, str]) -> None:
    """Hexadecimal for an environment, a GUID for a component and for code: made of the content and nothing else."""
    body = {"properties": {"x": 1}}
    assert Register(kind, given, version, body).address(body) == address
