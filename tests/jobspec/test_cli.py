"""The command ``airflow-azureml``, as its own process where that matters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from airflow_azureml.cli import main

JOB = """name: from-file
command: echo ${{inputs.rate}}
code: ./src
inputs: {rate: 0.1, data: {type: uri_folder, path: ./data}, known: {type: uri_file, path: "azureml:d@latest"}}
environment: {build: {path: ./ctx}}
"""

COMMAND = "command: echo\nenvironment: azureml:e:1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A job with all that can be uploaded."""
    for name, text in {"src/main.py": "1", "src/lib/x.py": "2", "data/a.csv": "a", "ctx/Dockerfile": "FROM x"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "job.yml").write_text(JOB)
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["render", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_places_occur_on_both_sides(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, str(folder / "job.yml"), "--workspace", "S/G/W")
    body = found["body"]["properties"]
    code, environment = found["requests"]
    assert found["name"] == "from-file"
    assert {request["method"] for request in found["requests"]} == {"PUT"}
    assert body["codeId"] == code["path"]
    assert body["environmentId"] == environment["path"]
    targets = {upload["kind"]: upload for upload in found["uploads"]}
    assert code["body"]["properties"]["codeUri"] == targets["code"]["target"]
    assert environment["body"]["properties"]["build"]["contextUri"].rstrip("/") == targets["context"]["target"]
    assert body["inputs"]["data"]["uri"] == targets["data"]["target"] + "/"
    assert body["inputs"]["known"]["uri"].endswith("/workspaces/W/data/d/labels/latest")
    assert targets["code"]["source"] == str(folder / "src")
    assert targets["code"]["files"] == ["main.py", "lib/x.py"]
    assert all(len(upload["hash"]) == 64 for upload in found["uploads"])


def test_options(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(folder / "job.yml")
    found = shown(capsys, file, "--set", "inputs.rate=0.5", "compute=azureml:c", "--set", "tags.a=b", "--name", "mine")
    assert found["name"] == "mine"
    assert found["body"]["properties"]["inputs"]["rate"]["value"] == "0.5"
    assert found["body"]["properties"]["tags"] == {"a": "b"}
    assert "{subscription_id}" in found["body"]["properties"]["computeId"]


def test_a_job_without_a_name_has_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "job.yml").write_text(JOB.replace("name: from-file\n", ""))
    assert shown(capsys, str(folder / "job.yml"))["name"] is None


@pytest.mark.parametrize(
    ("text", "name", "part"),
    [
        ("name: d\ntype: uri_folder\npath: ./data\n", "d", "dataUri"),
        ("$schema: https://x.example/model.schema.json\nname: m\ntype: custom_model\npath: ./data\n", "m", "modelUri"),
        ("name: e\nbuild: {path: ./ctx}\n", "e", "build"),
        (f"version: 3\nname: c\ntype: command\n{COMMAND}code: ./src\n", "c", "componentSpec"),
        ("name: scores\nauth_mode: aad_token\n", "scores", "authMode"),
        ("name: blue\nendpoint_name: scores\nmodel: azureml:m:1\ncompute: azureml:c\n", "blue", "compute"),
    ],
)
def test_each_kind_of_file_is_rendered_as_what_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, name: str, part: str
) -> None:
    (folder / "file.yml").write_text(text)
    found = shown(capsys, str(folder / "file.yml"))
    assert (found["name"], sorted(found)) == (name, ["body", "name", "requests", "uploads"])
    assert part in found["body"]["properties"]
    assert shown(capsys, str(folder / "file.yml"), "--name", "other")["name"] == "other"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: n\ntrigger: {}\ncreate_job: x.yml\n", "this is a schedule (recognised by create_job, trigger)"),
        ("comment: {layout: diff}\n", 'unknown key "comment".'),
        ("", "this is not a mapping but empty."),
    ],
)
def test_what_is_never_sent_cannot_be_rendered(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (folder / "file.yml").write_text(text)
    assert main(["render", str(folder / "file.yml")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err


def test_mistakes_stand_on_a_line_each(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "bad.yml"
    file.write_text("command: echo\nenvironment: x\nlimits: {timeout: soon}\n")
    assert main(["render", str(file)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert [line.split(": ")[:2] for line in err.splitlines()] == [
        [f"{file}:2", "environment"],
        [f"{file}:3", "limits.timeout"],
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["render"],
        ["render", "nowhere.yml"],
        ["validate"],
        ["frobnicate"],
        ["render", "{file}", "--set", "x"],
        ["render", "{file}", "--workspace", "a/b"],
        ["render", "{file}", "--name", ""],
    ],
)
def test_usage(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    file = str(folder / "job.yml")
    assert main([word.replace("{file}", file) for word in arguments]) == 2
    assert "usage:" in capsys.readouterr().err


def test_what_was_set_is_told_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = str(folder / "job.yml")
    assert main(["render", file, "--set", "limits.timeout=soon", "inputs.rate.x=1", "command.x=y"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{file}:1: inputs.rate.x: set: inputs.rate is not a mapping, so nothing can be set in it.",
        f"{file}:1: command.x: set: command is not a mapping, so nothing can be set in it.",
    ]
    assert main(["render", file, "--set", "limits.timeout=soon", "environment.biuld=x"]) == 1
    assert [line.split(": ")[1] for line in capsys.readouterr().err.splitlines()] == [
        "environment.biuld",
        "limits.timeout",
    ]
    assert main(["render", file, "--set", "limits.timeout=soon"]) == 1
    assert capsys.readouterr().err.endswith("(given by set)\n")


UNWRITABLE = {
    "render job.yml >&-": (0, "", ""),
    "render job.yml 2>&-": (0, '"command"', ""),
    "render job.yml >/dev/full": (1, "", "the output cannot be written"),
    "render job.yml 2>/dev/full": (0, '"command"', ""),
    "validate wrong.yml odd.yml >&-": (1, "", "wrong.yml:1: comand: "),
    "validate wrong.yml odd.yml 2>&-": (1, "1 invalid", ""),
    "validate wrong.yml odd.yml >/dev/full": (1, "", "the output cannot be written"),
    "validate wrong.yml odd.yml 2>/dev/full": (1, "", ""),
}
"""Commands of which one output is closed or full: the exit code, and what the other one still says."""


def _spoken(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a shell whose exit code is that of the first one in a pipe."""
    (folder / "wrong.yml").write_text("comand: echo\n")
    (folder / "odd.yml").write_text("command: e\nenvironment: azureml:e:1\nresources: {shm_size: ü☃}\n")
    script = Path(sys.executable).with_name("airflow-azureml")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    words = ["bash", "-c", f"set -o pipefail; '{script}' {command}"]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception" not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize("command", UNWRITABLE)
def test_an_output_that_cannot_be_written(folder: Path, command: str) -> None:
    done = _spoken(folder, command)
    code, out, err = UNWRITABLE[command]
    assert (done.returncode, out in done.stdout, err in done.stderr) == (code, True, True), done
    assert bool(done.stderr) == bool(err), done


@pytest.mark.parametrize("end", ["| true", "2>&1 | true"])
@pytest.mark.parametrize("command", ["render job.yml", "validate odd.yml"])
def test_a_reader_that_goes(folder: Path, command: str, end: str) -> None:
    """It may have gone before or after the last word."""
    done = _spoken(folder, f"{command} {end}")
    assert done.returncode in (0, 1), done
    assert not done.stderr.replace("warning: ", "").startswith("airflow-azureml"), done


def test_as_a_process(folder: Path) -> None:
    """Without Airflow, azure or the network, and never with a traceback, not even when nobody reads on."""
    script = Path(sys.executable).with_name("airflow-azureml")
    done = subprocess.run([script, "render", folder / "job.yml"], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["name"] == "from-file"
    heavy = "import sys; from airflow_azureml.cli import main; main(['render', sys.argv[1]])"
    heavy += "; sys.exit(any(name in sys.modules for name in ('airflow', 'azure', 'requests', 'aiohttp')))"
    subprocess.run([sys.executable, "-c", heavy, folder / "job.yml"], capture_output=True, check=True)
    gone = subprocess.run(
        f"'{script}' render '{folder / 'job.yml'}' | true", shell=True, capture_output=True, text=True
    )
    assert "Traceback" not in gone.stderr
    (folder / "secret.yml").write_text(JOB)
    (folder / "src" / "main.py").chmod(0)
    unread = subprocess.run([script, "render", folder / "job.yml"], capture_output=True, text=True, check=False)
    assert "Traceback" not in unread.stderr


def test_a_deployment_is_shown_with_what_it_needs_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "endpoint_name: scores\ntype: model\nmodel: {path: ./data}\ncompute: azureml:c\n"
    text += "environment: {image: python}\ncode_configuration: {code: ./src, scoring_script: main.py}\n"
    (folder / "deployment.yml").write_text(text)
    found = shown(capsys, str(folder / "deployment.yml"), "--workspace", "S/G/W", "--name", "blue")
    assert found["name"] == "blue"
    assert [row["path"].split("/")[-4] for row in found["requests"]] == ["models", "environments", "codes"]
    properties = found["body"]["properties"]
    assert properties["model"]["assetId"] == found["requests"][0]["path"]
    assert sorted(one["kind"] for one in found["uploads"]) == ["code", "data"]
    (folder / "deployment.yml").write_text(text.replace("main.py", "no.py"))
    assert main(["render", str(folder / "deployment.yml"), "--name", "blue"]) == 1
    assert "code_configuration.scoring_script" in capsys.readouterr().err


def test_help_says_names_as_they_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validate", "--help"]) == 0
    assert "Check files for Azure ML's CLI" in capsys.readouterr().out
