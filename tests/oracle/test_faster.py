"""What makes Microsoft's client faster for the long comparison leaves its answers as they are."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.warm_python import WarmPython
from tests.oracle.families import family
from tests.oracle.judge import OUTSIDE, SCRIPT, Case

FAMILIES = ("components", "nested", "sweepnodes")
"""Those that read several files for a job, or make many schemas for it."""

NOT_THE_SAME = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|(?<=sig=)\w+")
"""What is another one each time: ids that are drawn, hashes."""

Asked = Callable[..., list[Any]]


@pytest.fixture
def asked(microsofts_client: WarmPython) -> Asked:
    """Asks Microsoft's client one question after the other, in a process of its own."""

    def ask(questions: list[Mapping[str, Any]], *words: str) -> list[Any]:
        answers = []
        with microsofts_client.talk(SCRIPT, *words, settings=OUTSIDE) as (out, back):
            for question in questions:
                print(json.dumps(question), file=out, flush=True)
                answers.append(reduced(json.loads(NOT_THE_SAME.sub("…", back.readline()))))
        return answers

    return ask


def reduced(answer: dict[str, Any]) -> dict[str, Any]:
    """Leave out the order in which files are uploaded and problems are told, which threads and sets decide."""
    answer["rows"].sort(key=json.dumps)
    return {**answer, "error": sorted(answer["error"])} if "error" in answer else answer


def pipeline(command: object, in_a_file: bool = True) -> Case:
    """A job with a component, in a file beside it or written in its place."""
    component = {"type": "command", "command": command, "environment": "azureml:e:1", "code": "./src"}
    node = {"type": "command", "component": "file:./parts/one.yml" if in_a_file else component, "compute": "azureml:c"}
    files = {f"{folder}src/train.py": f"print('{command}', '{folder}')\n" for folder in ("", "parts/")}
    files["parts/one.yml"] = yaml.safe_dump(component)
    return Case(str(command), {"type": "pipeline", "jobs": {"one": node, "two": node}}, files)


def laid_out(case: Case, folder: Path) -> Path:
    """Write the files of a case into a new folder."""
    folder.mkdir()
    return case.lay_out(folder)


@pytest.mark.long
def test_answers_are_those_of_the_client_as_it_is(asked: Asked, tmp_path: Path) -> None:
    cases = [pipeline("echo 1"), pipeline(["no", "text"]), pipeline("echo 2", in_a_file=False), pipeline("echo 3")]
    cases += [case for name in FAMILIES for case in random.Random(2).sample(family(name), 1)]
    folders = [tmp_path / str(number) for number in range(len(cases))]
    questions = [case.question(laid_out(case, folder)) for case, folder in zip(cases, folders, strict=True)]
    plain = asked(questions, "--plain")
    assert sum("body" in answer for answer in plain) > len(cases) / 3
    # Each is asked when others have left their schemas, and again when it has left its own.
    assert asked(questions + questions[::-1]) == plain + plain[::-1]
