"""The trials of a sweep: table and parallel coordinates."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from azureml_emulator.jobs.models import Job
from azureml_emulator.studio.trials import BOTTOM, SHADES, TOP, Trial, plot, trials_of
from tests.emulator.conftest import Call, wait_for_job
from tests.emulator.studio.pages import ENVIRONMENT, EVIL, cell, get, log
from tests.emulator_fixture import RunningEmulator

VALUES: list[dict[str, Any]] = [
    {"lr": 0.001, "kind": "a", "deep": True},
    {"lr": 0.1, "kind": "b", "deep": False},
    {"lr": 0.01, "kind": EVIL, "deep": True},
]
SCORES = [0.5, 0.9, 0.7]


def sweep(goal: str = "Maximize", best: str = "s_1") -> Job:
    space = {"lr": ["loguniform", [-7, -2]], "kind": ["choice", [["a"]]], "deep": ["choice", [[True]]]}
    tags = {f"s_{number}": json.dumps(values) for number, values in enumerate(VALUES)}
    objective = {"goal": goal, "primaryMetric": "auc"}
    definition = {"experimentName": "e", "searchSpace": space, "tags": tags, "objective": objective}
    return Job("s", {**definition, "properties": {"best_child_run_id": best}}, "Completed")


def trials(job: Job, scores: list[float | None]) -> list[Trial]:
    jobs = [Job(f"s_{number}", {"experimentName": "e"}, "Completed") for number in range(len(scores))]
    return trials_of(job, jobs, lambda each: scores[int(each.name[2:])])


def test_the_best_is_the_first() -> None:
    found = trials(sweep(), [*SCORES])
    assert [trial.number for trial in found] == [1, 2, 0]
    assert [trial.best for trial in found] == [True, False, False]
    assert [trial.number for trial in trials(sweep("Minimize"), [*SCORES])] == [0, 2, 1]
    assert [trial.number for trial in trials(sweep(), [None, 0.1, None])] == [1, 0, 2]


def test_numbers_and_texts_have_their_places() -> None:
    drawn = plot(sweep(), trials(sweep(), [*SCORES]))
    assert drawn
    assert [axis.name for axis in drawn.axes] == ["lr", "kind", "deep", "auc"]
    lines = {line.trial.number: line for line in drawn.lines}
    heights = {number: [float(point.split(",")[1]) for point in line.points.split()] for number, line in lines.items()}
    # The learning rate on a logarithmic axis, texts in their order, the metric at the end.
    assert (heights[0][0], heights[2][0], heights[1][0]) == (BOTTOM, (TOP + BOTTOM) / 2, TOP)
    assert {heights[number][1] for number in heights} == {BOTTOM, (TOP + BOTTOM) / 2, TOP}
    assert (heights[0][3], heights[1][3]) == (BOTTOM, TOP)
    assert lines[1].shade == SHADES - 1 > lines[2].shade > lines[0].shade
    assert lines[1].text == "Trial 1: auc 0.9; lr 0.1, kind b, deep false"


def test_trials_without_a_score_or_with_edited_tags_are_not_drawn() -> None:
    assert plot(sweep(), trials(sweep(), [0.5, None, None])) is None
    edited = sweep()
    edited.definition["tags"].update({"s_0": "mine", "s_1": "[1]"})
    found = trials(edited, [*SCORES])
    assert {trial.number: trial.values for trial in found} == {0: {}, 1: {}, 2: VALUES[2]}
    assert plot(edited, found) is None


def test_the_page_of_a_sweep(emulator: RunningEmulator, call: Call, name: str, tmp_path: Path) -> None:
    logged = tmp_path / "logged"
    body = {
        "jobType": "Sweep",
        "experimentName": "pages",
        "objective": {"goal": "maximize", "primaryMetric": "auc<"},
        "samplingAlgorithm": {"samplingAlgorithmType": "Grid"},
        "searchSpace": {"kind": ["choice", [[EVIL, "plain"]]]},
        "trial": {"command": f"until [ -e {logged} ]; do sleep 0.05; done", "environmentId": ENVIRONMENT},
    }
    status, answer = call("PUT", f"{{ws}}/jobs/{name}?api-version=2025-12-01", {"properties": body})
    assert status == 201, answer
    waiting = {f"{name}_{number}" for number in range(2)}
    deadline = time.monotonic() + 30
    while waiting and time.monotonic() < deadline:
        text = get(emulator, f"/runs/{name}/trials").text
        for trial in [each for each in waiting if f"/runs/{each}" in text]:
            log(call, trial, {"auc<": [0.25 if trial.endswith("0") else 0.75]})
            waiting.remove(trial)
        time.sleep(0.05)
    logged.touch()
    wait_for_job(call, name)
    text = get(emulator, f"/runs/{name}/trials").text
    assert text.count("<polyline") == 2
    assert f'<tr class="best"><th scope="row"><a href="/runs/{name}_1">' in text
    assert text.index(f">{name}_1<") < text.index(f">{name}_0<")
    assert "auc&lt;" in text
    assert EVIL not in text
    overview = get(emulator, f"/runs/{name}").text
    assert f'href="/runs/{name}/trials"' in overview
    assert f">{name}_1</a>" in cell(overview, "Best trial")
    assert get(emulator, f"/runs/{name}_0/trials").status_code == 404
