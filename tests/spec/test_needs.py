"""The names of anonymous assets: equal content, equal name."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_azureml.spec.needs import Register


@pytest.mark.parametrize("kind", ["environments", "components", "codes"])
def test_what_is_empty_does_not_count(kind: str) -> None:
    need = Register(kind, "", None, {})  # type: ignore[arg-type]
    plain = need.address({"properties": {"image": "x", "list": [{"a": 1}]}})
    empty: dict[str, Any] = {
        "image": "x",
        "tags": {},
        "inferenceConfig": {"route": {}},
        "osType": None,
        "list": [{"a": 1, "b": {}}],
    }
    assert need.address({"properties": empty, "more": {}}) == plain
    others = [{"image": "y"}, {"image": "x", "list": []}, {"image": "x", "list": [{"a": 0}]}, {"image": ""}]
    assert plain not in [need.address({"properties": other}) for other in others]
    assert need.address({"properties": {"b": 1, "a": 2}}) == need.address({"properties": {"a": 2, "b": 1}})


def test_forms_of_names() -> None:
    body = {"properties": {"x": 1}}
    name, version = Register("environments", "e", None, body).address(body)
    assert (name, len(version)) == ("e", 64)
    name, version = Register("components", "c", None, body).address(body)
    assert (name, version.count("-")) == ("c", 4)
    name, version = Register("codes", "", None, body).address(body)
    assert (name.count("-"), version) == (4, "1")
    assert Register("environments", "e", "7", body).address(body) == ("e", "7")
