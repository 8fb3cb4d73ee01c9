"""Every code block of the pages is what it says: Python that names what there is, valid YAML and DAGs, commands with
options that their programs have."""

from __future__ import annotations

import argparse
import ast
import configparser
import contextlib
import importlib
import io
import json
import re
import sys
from pathlib import Path

import pytest
import yaml
from airflow.providers.common.compat.sdk import conf

import airflow_azureml.operators
import airflow_azureml.sensors
from airflow_azureml.cli import main as airflow_azureml_command
from airflow_azureml.hooks import AzureMLHook
from airflow_azureml.provider_info import get_provider_info
from azureml_emulator.console.cli import parser as emulator_parser
from documentation.blocks import Block, blocks, commands
from tests import REPOSITORY

PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
BLOCKS = [block for page in PAGES if page.exists() for block in blocks(page, REPOSITORY)]
LANGUAGES = {"python", "yaml", "sh", "json", "toml", "dockerfile", "ini", "text"}

ELSEWHERE = {"azure.ai.ml", "mlflow", "dags.nightly"}
"""Modules that the pages import and this environment need not have: those of jobs, and of a reader's own project."""
PROGRAMS = {"mkdir", "pip", "az", "cp", "cd", "git", "export", "unset", "eval", "python", "pytest"}
"""Programs whose options are not looked at."""
NOT_HERE = re.compile(r"does not exist|is required|missing|no such output|no file or folder")
"""What lies beside a DAG is not in a page, and a piece of a page may leave out what is required."""
OURS = [*airflow_azureml.operators.__all__, *airflow_azureml.sensors.__all__]


def of(*languages: str) -> list[object]:
    """The blocks in these languages, as a test's parameters."""
    return [pytest.param(block, id=str(block)) for block in BLOCKS if block.language in languages]


def test_every_block_says_its_language() -> None:
    assert [str(block) for block in BLOCKS if block.language not in LANGUAGES] == []
    assert len(BLOCKS) > 100


@pytest.mark.parametrize("block", of("python"))
def test_python_compiles_and_names_what_there_is(block: Block) -> None:
    tree = ast.parse(signature(block.text) or block.text)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module not in ELSEWHERE:
            module = importlib.import_module(node.module)
            for alias in node.names:
                assert hasattr(module, alias.name) or _is_module(f"{node.module}.{alias.name}"), alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                assert alias.name.split(".")[0] in ELSEWHERE or importlib.import_module(alias.name)


def signature(text: str) -> str:
    """A function that has this signature, where a page shows no more than that; else nothing."""
    found = re.fullmatch(r"(async )?(\w+\(.*\) -> .+)\n", text, re.DOTALL)
    return f"{found[1] or ''}def {found[2]}: ..." if found else ""


def _is_module(name: str) -> bool:
    try:
        return bool(importlib.import_module(name))
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("block", of("python"))
def test_operators_are_given_keywords_that_they_have(block: Block, tmp_path: Path) -> None:
    used = [name for name in OURS if re.search(rf"\b{name}\b", block.text)]
    if not used or not _calls(block.text):
        return
    file = tmp_path / "dag.py"
    known = [name for name in used if name not in airflow_azureml.sensors.__all__]
    lines = [f"from airflow_azureml.operators import {', '.join(known)}"] if known else []
    lines += [f"from airflow_azureml.sensors import {name}" for name in used if name not in known]
    file.write_text("\n".join([*lines, block.text]), encoding="utf-8")
    code, said = _run("validate", "--dags", str(file))
    # What lies beside a DAG is not here, and a piece of a page may leave out what is required.
    faults = [
        line
        for line in said
        if not re.search(r"does not exist|is required|missing|no such output|no file or folder", line)
    ]
    assert faults == [], code


def _calls(text: str) -> bool:
    """Whether operators are made in full: `...` says that a piece leaves the rest to the reader."""
    return "(...," not in text and ".partial(...)" not in text


def _run(*arguments: str) -> tuple[int, list[str]]:
    """What `airflow-azureml` says on stderr, and its exit code."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = airflow_azureml_command(list(arguments))
    return code, [line for line in said.getvalue().splitlines() if line]


@pytest.mark.parametrize("block", [one for one in of("python") if "with DAG(" in one.values[0].text])  # type: ignore[attr-defined]
def test_dag_files_have_a_dag(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.common.compat.sdk import DAG

    if "import" not in block.text:
        pytest.skip("a piece of an example, which has its own tests")
    names: dict[str, object] = {"__file__": str(tmp_path / "dag.py"), "__name__": "page"}
    exec(compile(block.text, str(block), "exec"), names)
    found = [value for value in names.values() if isinstance(value, DAG)]
    # Without `as dag` the DAG is in no variable, but its tasks lead to it.
    found += [dag for value in names.values() if isinstance(dag := getattr(value, "dag", None), DAG)]
    assert found
    assert found[0].tasks


@pytest.mark.parametrize("block", of("yaml"))
def test_yaml_is_valid(block: Block, tmp_path: Path) -> None:
    value = yaml.safe_load(block.text)
    assert value
    if "$schema" not in value:
        return
    # What a job file of the pages may name.
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text("")
    (tmp_path / "environment.yml").write_text("dependencies: [python=3.11]\n")
    file = tmp_path / "job.yml"
    file.write_text(block.text, encoding="utf-8")
    assert _run("validate", str(file)) == (0, [])


@pytest.mark.parametrize("block", of("json"))
def test_json_is_json_and_connections_are_complete(block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    text = re.sub(r"<[^>]+>", "name", block.text)
    # Files of a reader's machine: one of this machine stands for them.
    value = json.loads(re.sub(r'"/[^"]+\.pem"', json.dumps(__file__), text))
    if value.get("conn_type") == "azureml":
        monkeypatch.setenv("AIRFLOW_CONN_PAGE", json.dumps(value))
        assert AzureMLHook("page").settings().workspace.name == value["extra"]["workspace_name"]


@pytest.mark.parametrize("block", of("toml"))
def test_toml_is_toml(block: Block) -> None:
    if sys.version_info >= (3, 11):
        import tomllib

        assert tomllib.loads(block.text)


@pytest.mark.parametrize("block", of("ini"))
def test_settings_of_airflow_are_there(block: Block) -> None:
    given = configparser.ConfigParser(interpolation=None)
    given.read_string(block.text)
    options = get_provider_info()["config"]["azureml"]["options"]
    for section in given.sections():
        for name in given[section]:
            assert name in options if section == "azureml" else conf.has_option(section, name)


@pytest.fixture(scope="module")
def targets() -> set[str]:
    """The targets of the Makefile."""
    return set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("block", of("sh"))
def test_commands_exist_with_their_options(block: Block, targets: set[str]) -> None:
    for words in commands(block):
        program, *arguments = words
        if "=" in program:
            continue
        if program == "make":
            assert {word for word in arguments if "=" not in word} <= targets, words
        elif program == "azureml-emulator":
            _parse(emulator_parser(), _given(arguments))
        elif program == "airflow-azureml":
            assert airflow_azureml_command([arguments[0], "--help"]) == 0
        elif program == "airflow":
            from airflow.cli import cli_parser

            _parse(cli_parser.get_parser(), arguments)
        else:
            assert program in PROGRAMS, f"{program}: add it to the programs whose options are not looked at"


def _given(arguments: list[str]) -> list[str]:
    """Arguments without the brackets of a synopsis."""
    return [word for word in arguments if not word.startswith("[")]


def _parse(parser: argparse.ArgumentParser, arguments: list[str]) -> None:
    """Read arguments as their program does, which ends for those that it does not know."""
    said, code = io.StringIO(), None
    with contextlib.redirect_stderr(said):
        try:
            parser.parse_args(arguments)
        except SystemExit as end:
            code = end.code
    assert not code, said.getvalue()
