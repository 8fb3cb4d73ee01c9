"""``airflow-azureml validate``: files of every kind, whole folders, and what cannot be read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_azureml.cli import main

JOB = "command: echo\nenvironment: azureml:e:1\n"
HOST = "https://azuremlschemas.azureedge.net/latest"
BINARY = bytes(range(128, 256))


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files into a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def validate(capsys: pytest.CaptureFixture[str], *paths: Path) -> tuple[int, list[str], list[str]]:
    """The exit code, the lines of stdout and those of stderr, without the folder of the first path."""
    code = main(["validate", *map(str, paths)])
    folder = paths[0] if paths[0].is_dir() else paths[0].parent
    out, err = (text.replace(f"{folder}/", "").splitlines() for text in capsys.readouterr())
    return code, out, err


def test_every_file_is_told_with_its_kind_and_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        tmp_path,
        {
            "job.yml": JOB,
            "deep/component.yaml": f"$schema: {HOST}/commandComponent.schema.json\nname: c\ntype: command\n{JOB}",
            "inputs.yml": "inputs: {d: {type: uri_folder, path: azureml:d:1}, n: 3}\n",
            "data.yml": "name: d\ntype: uri_foldr\npath: azureml://datastores/s/paths/x/\n",
            "model.yml": "name: m\ntype: mlflow_model\npath: azureml://datastores/s/paths/x/\n",
            "environment.yml": "name: e\nimage: python\nconda_file: {dependencies: [pip]}\n",
            "endpoint.yml": "name: scores\nauth_mode: aad_token\ndefault: x\n",
            "deployment.yml": "name: blue\nendpoint_name: scores\nmodel: azureml:m:1\ncompute: azureml:c\n",
            "compute.YML": "name: c\ntype: amlcompute\nsize: x\n",
            "conda.yml": "name: x\ndependencies: []\n",
            "codecov.yml": "comment: {layout: diff}\n",
        },
    )
    code, out, err = validate(capsys, tmp_path)
    assert code == 1
    assert out == [
        "compute.YML: a compute, valid",
        "conda.yml: a conda file, recognised, not checked",
        "data.yml: a data asset, invalid",
        "deployment.yml: a batch deployment, valid",
        "endpoint.yml: a batch endpoint, invalid",
        "environment.yml: an environment, valid",
        "inputs.yml: inputs of a batch endpoint, valid",
        "job.yml: a job, valid",
        "model.yml: a model, valid",
        "deep/component.yaml: a command component, valid",
        "7 valid, 2 invalid; 1 recognised, not checked; 1 skipped",
    ]
    assert [line.split(": ")[:2] for line in err] == [["data.yml:2", "type"], ["endpoint.yml:3", "default"]]


def test_what_has_nothing_to_do_with_azure_ml_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        tmp_path,
        {
            "codecov.yml": "comment: {layout: diff}\n",
            "manifest.yaml": "apiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: B\n",
            "empty.yml": "# nothing yet\n",
            "none.yml": "",
            "playbook.yml": "- hosts: all\n  tasks: []\n",
            "text.yml": "only a text\n",
            "stack.yml": "Resources: {A: {Type: x, Ref: !Ref B}}\n",
            "site.yml": "site_name: x\nextra: !!python/name:a.b\n",
            "twice.yml": "a: 1\na: 2\n",
            "keys.yml": "{a: b}: c\n",
        },
    )
    assert validate(capsys, tmp_path) == (0, ["0 valid, 0 invalid; 10 skipped"], [])
    code, out, err = validate(capsys, *(tmp_path / name for name in ("codecov.yml", "empty.yml", "manifest.yaml")))
    assert (code, err) == (0, [])
    assert out[0] == "codecov.yml: not an Azure ML file, skipped"


def test_what_cannot_be_read_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a folder it is a warning: most often it is another program's."""
    write(
        tmp_path,
        {
            "camera.yml": "%YAML:1.0\n---\na: 1\n",
            "chart.yaml": "metadata:\n  name: {{ .Values.name }}\n  labels:\n    {{- include x . }}\n",
            "bracket.yml": "a: [1\n",
        },
    )
    (tmp_path / "binary.yml").write_bytes(BINARY)
    (tmp_path / "gone.yml").symlink_to("nowhere")
    (tmp_path / "loop.yml").symlink_to("loop.yml")
    (tmp_path / "around").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.yml")
    code, out, err = validate(capsys, tmp_path)
    assert (code, err) == (0, [])
    assert [line.split(":")[:2] for line in out[:-1]] == [
        ["warning", f" {name}"]
        for name in ("binary.yml", "bracket.yml", "camera.yml", "chart.yaml", "gone.yml", "loop.yml")
    ]
    assert "this is a template" in out[3]
    assert out[-1] == "0 valid, 0 invalid; 6 unreadable"
    for name in ("binary.yml", "bracket.yml", "chart.yaml"):
        code, out, err = validate(capsys, tmp_path / name)
        assert (code, len(err)) == (1, 1), name


def test_values_that_are_rendered_later_are_let_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        tmp_path,
        {
            "job.yml": 'command: echo {{ ds }}\nenvironment: "{{ params.env }}"\nlimits: {timeout: "{{ params.t }}"}\n',
            "wrong.yml": 'command: echo\nenvironment: "{{ params.env }}"\nlimits: {timeout: soon}\n',
        },
    )
    code, out, err = validate(capsys, tmp_path)
    assert code == 1
    assert [": ".join(line.split(": ")[:2]) for line in err] == ["wrong.yml:3: limits.timeout"]
    assert out[0] == "job.yml: a job, valid"
    assert [line.split(": ")[2] for line in out[1:3]] == ["environment", "limits.timeout"]


def test_a_file_of_azure_ml_that_is_no_yaml_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        tmp_path,
        {
            "broken.yml": f"$schema: {HOST}/commandJob.schema.json\ncommand: [echo\n",
            "two.yml": f"{JOB}---\n{JOB}",
            "twice.yml": f"{JOB}command: echo\n",
            "tag.yml": f"{JOB}code: !Ref x\n",
        },
    )
    code, out, err = validate(capsys, tmp_path)
    assert code == 1
    assert out[-1] == "0 valid, 4 invalid"
    assert [line.split(":")[0] for line in err] == ["broken.yml", "tag.yml", "twice.yml", "two.yml"]


def test_huge_files_are_not_looked_into(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_azureml.cli.validation.LARGEST", 100)
    (tmp_path / "large.yml").write_text("a: 1\n" * 100)
    code, out, _ = validate(capsys, tmp_path)
    assert (code, out[-1]) == (0, "0 valid, 0 invalid; 1 unreadable")
    assert "500 bytes" in out[0]


def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    """As a process of its own: whoever may read everything sees no difference, and no traceback either way."""
    write(tmp_path, {"secret.yml": JOB, "closed/job.yml": JOB})
    (tmp_path / "secret.yml").chmod(0)
    (tmp_path / "closed").chmod(0)
    script = Path(sys.executable).with_name("airflow-azureml")
    done = subprocess.run([script, "validate", tmp_path], capture_output=True, text=True, check=False)
    (tmp_path / "closed").chmod(0o700)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] in ("2 valid, 0 invalid", "0 valid, 0 invalid; 2 unreadable")


def test_the_job_of_a_schedule_is_checked_with_its_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = f"$schema: {HOST}/schedule.schema.json\nname: nightly\n"
    write(
        tmp_path,
        {
            "job.yml": f"type: command\n{JOB}",
            "right.yml": f"{head}trigger: {{type: cron, expression: 0 3 * * *}}\n"
            "create_job: {type: command, job: ./job.yml, tags: {a: b}, experiment_name: x}\n",
            "short.yml": f"{head}trigger: {{type: recurrence, frequency: day, interval: 1}}\ncreate_job: job.yml\n",
            "there.yml": f"{head}trigger: {{type: recurrence, frequency: day, interval: 1}}\n"
            "create_job: {type: command, job: 'azureml:there'}\n",
            "wrong.yml": f"{head}trigger: {{type: recurrence, frequency: dya, interval: 1}}\n"
            "create_job: {type: command, job: ./job.yml, limits: {timeout: soon}}\n",
            "missing.yml": f"{head}create_job: ./none.yml\n",
        },
    )
    code, out, err = validate(capsys, tmp_path)
    assert code == 1
    assert [line for line in out if "a schedule, valid" in line] == [
        f"{name}.yml: a schedule, valid" for name in ("right", "short", "there")
    ]
    assert [": ".join(line.split(": ")[:2]) for line in err] == [
        "missing.yml:1: trigger",
        "missing.yml:3: create_job",
        "job.yml:1: limits.timeout",
        "wrong.yml:3: trigger.frequency",
    ]


def test_names_may_be_given_beside_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, {"data.yml": "type: uri_folder\npath: azureml://datastores/s/paths/x/\n"})
    code, out, _ = validate(capsys, tmp_path)
    assert (code, out[0]) == (0, "data.yml: a data asset, valid")
    assert out[1].startswith("warning: ")
    assert "name" in out[1]


def test_a_file_that_is_named_is_taken_for_a_job_sooner(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Alone, a misspelt ``command`` tells little of a file."""
    write(tmp_path, {"job.yml": "comand: echo\n"})
    assert validate(capsys, tmp_path)[0] == 0
    assert validate(capsys, tmp_path / "job.yml")[0] == 1


def test_a_type_of_component_that_is_not_read_here_is_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"c.yml": f"$schema: {HOST}/autoMLComponent.schema.json\nname: c\ntype: automl\ntask: text_ner\n"})
    code, out, err = validate(capsys, tmp_path)
    assert (code, out[0], err) == (0, "c.yml: an automl component, recognised, not checked", [])
