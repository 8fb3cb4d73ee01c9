"""What is wrong with a file as YAML: told with its place and in words that help, and never the end of the process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.jobspec.document import yaml_survey, yamltext
from airflow_azureml.jobspec.document.document import SourceLocation
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace
from tests import REPOSITORY
from tests.corpus.cases import find

WS = Workspace("s", "g", "w")
COMMAND = "command: echo\nenvironment: azureml:e:1\n"


def refusal(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        translate(load(text, file="/x/job.yml"), WS)
    assert caught.value.__cause__ is None
    return [str(problem).removeprefix("/x/job.yml:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("inputs:\n\ta: 1\n", "4: invalid YAML: unexpected tab"),
        ("description: a: b\n", '3: invalid YAML: an unexpected ":"'),
        ("inputs:\n  a: 1\n   b: 2\n", "wrong indentation"),
        ('inputs:\n  a: "1\n', "4: invalid YAML: a quote is opened here and not closed (column 6)."),
        ("compute: @c\n", "3: invalid YAML: a string that begins with @ needs quotes"),
        ("inputs: {a: ${{parent.inputs.x}}}\n", "such as a binding, needs quotes"),
        ("description: *x\n", "no anchor (&) of this name"),
        ("---\n" + COMMAND, "3: invalid YAML: a second document"),
        ('description: "a\x01"\n', "3: invalid YAML: unexpected control character '\\x01'"),
        ("inputs: {a: !env X}\n", '3: inputs.a: the tag "!env" is not accepted'),
        (
            "inputs: {a: 2024-99-99}\n",
            '3: inputs.a: "2024-99-99" looks like a date and is not valid. Write it in quotes.',
        ),
        ("inputs: {a: !!int x}\n", '3: inputs.a: "x" looks like a whole number and is not valid.'),
        ("description: =\n", '3: description: "=" has a special meaning'),
        ("inputs: {a: {{ x }}}\n", "3: inputs.a: a mapping cannot be a key."),
        ("inputs:\n  <<: 3\n", "4: inputs.<<: only mappings can be merged."),
        (f"inputs: {{a: {'9' * 6000}}}\n", "3: inputs.a: this number has 6000 digits."),
        (f"inputs: {{a: 0x{'f' * 6000}}}\n", "3: inputs.a: this number has 6002 digits."),
        ("inputs:\n  ~: 1\n", "4: inputs.null: "),
        ("tags: {}\non: 1\n", "4: true: unknown key true."),
        ("tags:\n  yes: x\n", "4: tags.true: the key true is not a string."),
        ("tags:\n  1: x\n  1: y\n", "5: tags.1: the key 1 is given twice."),
    ],
)
def test_a_mistake_in_yaml(text: str, said: str) -> None:
    found = refusal(COMMAND + text)
    assert any(said in line for line in found), found


def test_duplicate_keys_are_told_with_all_else() -> None:
    found = refusal(COMMAND + "tags:\n  a: x\n  a: y\nlimits: {timeout: soon}\ncommand: x\n")
    assert [line.split(": ")[:2] for line in found] == [["5", "tags.a"], ["6", "limits.timeout"], ["7", "command"]]


def test_duplicate_keys_in_files_that_a_job_names(tmp_path: Path) -> None:
    component = "type: command\ncommand: echo\ncommand: ls\nenvironment: {image: x, conda_file: conda.yml}\n"
    (tmp_path / "component.yml").write_text(component)
    (tmp_path / "conda.yml").write_text("name: x\nname: y\n")
    job = "type: pipeline\ncompute: azureml:c\njobs:\n  a: {component: component.yml}\n"
    with pytest.raises(SpecError) as caught:
        translate(load(job, folder=str(tmp_path)), WS)
    assert [(Path(str(problem.file)).name, problem.line) for problem in caught.value.problems] == [
        ("component.yml", 3),
        ("conda.yml", 2),
    ]


def bomb(line: str, rounds: int) -> str:
    """A text in which each line has the one before several times."""
    return "b0: &b0 {x: 1}\n" + "".join(line.format(n=n + 1, p=n) for n in range(rounds))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: " + "[" * 200_000, "deep"),
        ("a: " + "{b: " * 100_000, "deep"),
        ("- " * 20_000 + "x", "deep"),
        ("\n".join(" " * n + "a:" for n in range(300)), "deep"),
        ("a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(300)), "deep"),
        (bomb("b{n}: &b{n} {{i: *b{p}, j: *b{p}, k: *b{p}}}\n", 30), "values once its aliases"),
        (bomb("b{n}: &b{n}\n  <<: [*b{p}, *b{p}, *b{p}]\n", 30), "values once its aliases"),
        ("a: &a {<<: *a}\n", "contains itself"),
    ],
)
def test_a_file_that_would_end_the_process(text: str, said: str, tmp_path: Path) -> None:
    """Composed by the loader in C, the first of these ends Python itself."""
    (tmp_path / "job.yml").write_text(text)
    script = Path(sys.executable).with_name("airflow-azureml")
    command = [str(script), "validate", str(tmp_path / "job.yml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr[-500:]
    (line,) = done.stderr.splitlines()
    assert said in line


def test_many_mistakes_are_told_in_time() -> None:
    assert len(refusal(COMMAND + "".join(f"unknown_key_{n}: 1\n" for n in range(2000)))) == 2000


def test_no_secret_is_told() -> None:
    url = "https://x.blob.core.windows.net/c?sv=1&sig=SECRET"
    inputs = "{a: {password: SECRET, api_key: SECRET, b: 1}}"
    found = refusal(f"command: echo\nenvironment: '{url}'\ncompute: '{url}'\ninputs: {inputs}\n")
    assert len(found) == 3
    assert "SECRET" not in str(found)
    assert '"b": 1' in str(found)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("timeout: 3600", '3: timeout: unknown key "timeout". It belongs in limits.'),
        ("instance_type: x", "It belongs in resources."),
        ("limits: {timeout: 1h}", '3: limits.timeout: "1h" is not a whole number of seconds.'),
        ("inputs: {a: {path: }}", "3: inputs.a.path: an empty value is not a path. Accepted: azureml:NAME:VERSION"),
        ("inputs: {a: {value: [1]}}", '3: inputs.a.value: the input "a" is a list'),
    ],
)
def test_what_helps_with_a_mistake(text: str, said: str) -> None:
    assert any(said in line for line in refusal(COMMAND + text + "\n"))


UNUSUAL = {
    "an alias": "a: &x [1]\nb: *x\n",
    "an alias of a text": "a: &x t\nb: *x\n",
    "a merge": "a: &x {c: 1}\nb:\n  <<: *x\n  d: 2\n",
    "a merge of one's own": "<<: {a: 1}\nb: 2\n",
    "a tag": "a: !thing 1\n",
    "a text by its tag": "a: !!str 12\nb: !!str [x]\n",
    "a set": "a: !!set {b, c}\n",
    "bytes": "a: !!binary aGk=\n",
    "keys that are no texts": "1: a\nyes: b\nnull: c\n1.5: d\n2020-01-01: e\n",
    "a key twice": "a: 1\nb: 2\na: 3\n",
    "a list as a key": "[a]: b\n",
    "what looks like a date": "a: 2020-13-45\n",
    "an equals sign": "a: =\n",
    "numbers": "a: 1\nb: 017\nc: 0x1F\nd: 12:30\ne: 1_000\nf: 3.10\ng: 1e3\nh: .inf\ni: -.5\nj: 0b1\n",
    "a long number": f"a: {'9' * 1001}\n",
    "words": "a: yes\nb: Off\nc: ~\nd: null\ne: True\nf:\n",
    "dates": "a: 2020-01-01\nb: 2020-01-01T10:00:00Z\nc: 2020-01-01 10:00:00\n",
    "texts": "a: |\n  one\n  two\nb: >-\n  x\n  y\nc: 'q'\nd: \"\\t\"\ne: plain: text\n",
    "lists in lists": "- [a, [b, {c: d}]]\n-\n  - e\n",
    "a text alone": "word",
    "nothing": "",
    "many values": "[" + "a," * 60 + "]",
}


def _read(text: str) -> Any:
    try:
        return yamltext.parse(text, SourceLocation("folder", "file"))
    except SpecError as error:
        return error.problems


@pytest.mark.parametrize("text", UNUSUAL.values(), ids=UNUSUAL)
def test_the_quick_way_through_yaml_reads_what_the_careful_one_does(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (yamltext, yaml_survey):
        monkeypatch.setattr(module, "LIMIT", 50)
    quick = _read(text)
    monkeypatch.setattr(yamltext, "read_plain", lambda *arguments: None)
    assert repr(quick) == repr(_read(text))


def test_the_quick_way_reads_job_files_as_the_careful_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of this repository, and where it is at hand those of the corpus."""
    folders = [case.folder for case in find() if case.folder is not None]
    paths = [path for folder in (REPOSITORY / "dags_examples", *folders) for path in folder.rglob("*.y*ml")]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    quick = [_read(text) for text in texts]
    monkeypatch.setattr(yamltext, "read_plain", lambda *arguments: None)
    assert texts
    assert [repr(one) for one in quick] == [repr(_read(text)) for text in texts]


def test_plain_yaml_takes_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yamltext, "check_depth", lambda *arguments: pytest.fail("the careful way is taken"))
    value, places, problems = yamltext.parse("a: 1\nb: [x, {c: yes}]\n", SourceLocation("folder"))
    assert (value, problems) == ({"a": 1, "b": ["x", {"c": True}]}, ())
    assert (places[("b", 1, "c")].line, places[("b", 1, "c")].written) == (2, "yes")
