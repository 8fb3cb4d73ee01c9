"""The page of the kinds of job: every kind, every key, and what each takes."""

from __future__ import annotations

import os
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.kinds.table import KINDS
from airflow_azureml.jobspec.table.convert import by_type, fixed, nested
from airflow_azureml.jobspec.table.field import Convert, Field
from airflow_azureml.jobspec.table.translator import Translator
from airflow_azureml.jobspec.table.values import choice, count, duration, listed, mapped, text, truth, whole
from reference.job_kinds import VARIANTS, WORKSPACE, keys, page
from reference.tables_in_use import NOWHERE, Use, accepts, below

INNER = (Field("count", "howMany", whole, required=True),)


def use(convert: Convert) -> tuple[Field, Use]:
    row = Field("x", "x", convert)
    document = load({})
    return row, Use((row,), document.root, Translator.of(document, WORKSPACE), ())


@pytest.mark.parametrize(
    ("convert", "said"),
    [
        (text, "a text"),
        (whole, "a whole number"),
        (count, "a whole number, 0 or more"),
        (lambda located, ctx: whole(located, ctx), "a whole number"),
        (duration, "whole seconds, 0 or more, sent as an ISO 8601 duration"),
        (choice({"red": 1, "blue": 2}, "a colour"), "`red` or `blue`"),
        (listed(truth), "a list, each `true` or `false`"),
        (listed(text), "a list, each a string"),
        (mapped(whole), "a mapping, each a whole number"),
        (nested(INNER), "a mapping"),
        (by_type({"a": fixed(INNER), "b": fixed(())}, "thing"), "a mapping with a `type`, `a` or `b`"),
    ],
)
def test_what_a_converter_takes_is_what_it_says(convert: Any, said: str) -> None:
    assert accepts(*use(convert)) == said


@pytest.mark.parametrize(
    ("convert", "paths"),
    [
        (nested(INNER), [".count"]),
        (listed(nested(INNER)), ["[].count"]),
        (mapped(nested(INNER)), [".NAME.count"]),
        (by_type({"a": fixed(INNER), "b": fixed(())}, "thing"), [".count", ".type"]),
        (text, []),
    ],
)
def test_keys_below_a_key_are_found(convert: Any, paths: list[str]) -> None:
    assert [end for end, _, _ in below(*use(convert))] == paths


def test_every_kind_is_printed_and_every_key_with_what_it_takes() -> None:
    shown = page()
    assert [line.removeprefix("## ") for line in shown.splitlines() if line.startswith("## ")] == list(KINDS)
    assert NOWHERE not in shown
    assert os.getcwd() not in shown
    for kind in KINDS.values():
        name, words = VARIANTS.get(kind.word, ("", ("",)))
        for word in words:
            found = keys(kind, {name: word} if name else {})
            assert [key.path for key in found if not key.accepts] == []
            assert {form for key in found for form in key.names} == {
                form for form in ("job", "node", "component") if getattr(kind, form) is not None
            }


def test_a_key_has_its_name_in_each_form() -> None:
    found = {key.path: key for key in keys(KINDS["command"], {})}
    assert found["environment_variables"].names == {
        "job": "`environmentVariables`",
        "node": "`environment_variables`",
        "component": "no effect",
    }
    assert found["limits.timeout"].names == {"job": "`timeout`", "node": "`timeout`"}
    assert found["command"].required == {"job", "component"}
    assert "id" not in found
