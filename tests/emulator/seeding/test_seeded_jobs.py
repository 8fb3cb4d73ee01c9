"""Pipeline components and schedules that are registered from files, and what runs of them."""

from __future__ import annotations

from pathlib import Path

from tests.emulator.seeding.test_seeding import seed
from tests.emulator.service import Service
from tests.emulator_fixture import RunningEmulator

PIPELINE = """
$schema: https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json
name: {name}
type: pipeline
inputs:
  word: {{type: string, default: seeded}}
  rows: {{type: uri_file, optional: true}}
outputs:
  out: {{type: uri_folder}}
jobs:
  write:
    type: command
    component: ./write.yml
    inputs: {{word: "${{{{parent.inputs.word}}}}"}}
    outputs: {{out: {{mode: upload}}}}
  copy:
    type: command
    command: >-
      (cat ${{{{inputs.from}}}}/word.txt ${{{{inputs.more}}}}; echo ${{{{inputs.n}}}}) > ${{{{outputs.to}}}}/all.txt
    environment: azureml:AzureML-minimal:1
    inputs:
      from: {{path: "${{{{parent.jobs.write.outputs.out}}}}"}}
      more: {{type: uri_file, path: ./more.txt}}
      n: 3
    outputs: {{to: "${{{{parent.outputs.out}}}}"}}
"""
WRITE = """
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: write
version: 1
type: command
inputs: {word: {type: string}}
outputs: {out: {type: uri_folder}}
code: ./src
environment: azureml:AzureML-minimal:1
command: cat hello.txt > ${{outputs.out}}/word.txt; echo ${{inputs.word}} >> ${{outputs.out}}/word.txt
"""
SCHEDULE = """
$schema: https://azuremlschemas.azureedge.net/latest/schedule.schema.json
name: {name}
display_name: Nightly
trigger: {{type: recurrence, frequency: day, interval: 1, schedule: {{hours: [4, 5], minutes: 30}}, time_zone: UTC}}
create_job: ./job.yml
"""
JOB = """
type: pipeline
settings: {{default_compute: azureml:cpu-cluster}}
inputs: {{word: due}}
outputs: {{out: {{type: uri_folder}}}}
jobs:
  all:
    type: pipeline
    component: azureml:{name}:1
    inputs: {{word: "${{{{parent.inputs.word}}}}"}}
    outputs: {{out: "${{{{parent.outputs.out}}}}"}}
"""


def test_a_seeded_schedule_makes_jobs_of_a_seeded_pipeline_component(
    tmp_path: Path, emulator: RunningEmulator, name: str
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "hello.txt").write_text("hello\n")
    (tmp_path / "more.txt").write_text("more\n")
    (tmp_path / "write.yml").write_text(WRITE)
    (tmp_path / "pipeline.yml").write_text(PIPELINE.format(name=name))
    (tmp_path / "schedule.yml").write_text(SCHEDULE.format(name=name))
    (tmp_path / "job.yml").write_text(JOB.format(name=name))
    for _ in range(2):
        rows = seed(emulator, tmp_path)["value"]
        kinds = [(row["kind"], row["version"]) for row in rows]
        assert kinds == [("component", "1"), ("pipeline component", "1"), ("schedule", "")]
    service = Service(emulator)
    kept = service.get(f"schedules/{name}").body["properties"]
    assert (kept["isEnabled"], kept["displayName"]) == (True, "Nightly")
    assert kept["trigger"]["schedule"]["hours"] == [4, 5]
    made = service.post(f"schedules/{name}/trigger", {}).body["submissionId"]
    assert service.wait(made)["status"] == "Completed", service.details(made)
    service.put(f"schedules/{name}", {"properties": {**kept, "isEnabled": False}})
    seed(emulator, tmp_path)
    assert service.get(f"schedules/{name}").body["properties"]["isEnabled"] is False
    out = service.outputs(made)["out"]["uri"]
    assert service.read(f"{out}all.txt") == b"hello\ndue\nmore\n3\n"
