"""From whatever form a job comes in to a document that knows its places, and what is laid over it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document.document import Document
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace


def refusal(source: Any, **options: Any) -> str:
    with pytest.raises(SpecError) as caught:
        load(source, **options)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_every_form_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "job.yml"
    file.write_text("command: echo\n")
    forms = [file, str(file), "command: echo\n", {"command": "echo"}]
    assert [load(form).value for form in forms] == [{"command": "echo"}] * 4
    document = load(file)
    assert load(document) is document


def test_paths_belong_to_the_folder_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_text("a:\n  b: 1\n")
    document = load("job.yml", folder=str(tmp_path))
    place = document.place(("a", "b"))
    assert (place.folder, place.file, place.line) == (str(tmp_path), str(tmp_path / "job.yml"), 2)
    rendered = load("a: 1", file=str(tmp_path / "x" / "job.yml"), folder="/dags")
    assert rendered.place(("a",)).folder == str(tmp_path / "x")
    assert rendered.merged(inputs={"d": 1}).place(("inputs", "d")).folder == "/dags"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- a\n- b\n", "is not a mapping but a list"),
        ("", "is not a mapping but empty"),
        ("just text\n", "is not a mapping but text"),
        ("a: [1\n", "invalid YAML"),
        ("a: !!python/object:os.system x\n", "a: the tag \"!!python/object:os.system\" is not accepted"),
        ("a: &x [*x]\n", "contains itself"),
        ("a: &a [1,1,1,1,1,1,1,1]\n" + "".join(f"{c}: &{c} [{', '.join([f'*{p}'] * 8)}]\n" for p, c in
         zip("abcdefg", "bcdefgh", strict=True)), "more than 200000 values"),
        ("a: " + "[" * 150 + "]" * 150, "deep"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused(text: str, said: str) -> None:
    assert said in refusal(text + "\n", file="/x/job.yml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.yml")
    (tmp_path / "latin.yml").write_bytes(b"a: \xe9\n")
    assert "is not UTF-8 text" in refusal(tmp_path / "latin.yml")
    assert "Is a directory" in refusal(tmp_path)
    assert refusal(3) == "3 is not accepted. Accepted: a path, YAML text, a mapping, an azure-ai-ml object."


@pytest.mark.parametrize("source", [3, None, "just text\n", "- a\n", "a: [1\n", {"a": 10**5000}])
def test_what_is_said_of_a_source_as_a_whole_names_its_argument(source: Any) -> None:
    with pytest.raises(SpecError) as caught:
        load(source, field="spec")
    assert [problem.path for problem in caught.value.problems] == ["spec"]


def test_anchors_and_merge_keys_are_fine() -> None:
    document = load("base: &b {x: 1}\na:\n  <<: *b\n  y: 2\n")
    assert document.value["a"] == {"x": 1, "y": 2}


class TestSet:
    document = load({"inputs": {"a": 1}, "list": [{"x": 1}]})

    def given(self, values: Any) -> Document:
        return self.document.with_values(values)

    def test_dotted_paths(self) -> None:
        found = self.given({"inputs.a": 2, "inputs.b.c": 3, "list.0.x": 4}).value
        assert found == {"inputs": {"a": 2, "b": {"c": 3}}, "list": [{"x": 4}]}
        assert self.document.value["inputs"] == {"a": 1}

    def test_scalars_are_what_the_field_takes(self) -> None:
        job = load({"command": "echo", "environment": "azureml:e:1"})
        values = ["tags.z=1", "limits.timeout=60", "environment_variables.V=2024-01-01", "inputs.on=true"]
        body = translate(job.with_values(values), Workspace("s", "g", "w")).body["properties"]
        assert body["tags"] == {"z": "1"}
        assert body["limits"]["timeout"] == "PT1M"
        assert body["environmentVariables"] == {"V": "2024-01-01"}
        assert body["inputs"]["on"]["value"] == "true"

    def test_texts_are_read_as_yaml(self) -> None:
        found = self.given(["inputs.a=0.5", "inputs.t='5'", "inputs.m={k: [1]}", "inputs.e=x=y", "inputs.n="]).value
        assert found["inputs"] == {"a": "0.5", "t": "5", "m": {"k": [1]}, "e": "x=y", "n": None}

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            (["inputs.a"], "is not of the form path.to.key=value"),
            (["=1"], "is not of the form"),
            ({"inputs.a.b": 1}, "inputs.a.b: set: inputs.a is not a mapping, so nothing can be set in it."),
            ({"list.7.x": 1}, "'7' is not a position in a list of 1."),
            ({"a..b": 1}, "this is not a dotted path."),
            (["inputs.a=[1"], "cannot be read as YAML"),
            (5, "set: 5 is not accepted. Accepted: a mapping of dotted paths, or a list of texts"),
            (b"a=1", "set: bytes is not accepted."),
            ({1: 2, None: 3}, "set: 1 is not a dotted path.\nset: an empty value is not a dotted path."),
        ],
    )
    def test_refusals(self, values: Any, said: str) -> None:
        with pytest.raises(SpecError) as caught:
            self.given(values)
        assert said in str(caught.value)

    def test_all_mistakes_are_told(self) -> None:
        with pytest.raises(SpecError) as caught:
            self.given(["x", "inputs.a.b=1", "inputs.c=[1"])
        assert [(problem.path, problem.message[:50]) for problem in caught.value.problems] == [
            ("", "set: 'x' is not of the form path.to.key=value."),
            ("inputs.c", "set: '[1' cannot be read as YAML: invalid YAML: a "),
            ("inputs.a.b", "set: inputs.a is not a mapping, so nothing can be "),
        ]


def test_merging_goes_key_by_key() -> None:
    document = load({"inputs": {"a": 1, "b": 2}, "compute": "x"})
    assert document.merged(inputs={"b": 3}, tags={"t": "u"}, outputs=None).value == {
        "inputs": {"a": 1, "b": 3},
        "compute": "x",
        "tags": {"t": "u"},
    }
    assert document.replaced(compute="y", description=None).value["compute"] == "y"
