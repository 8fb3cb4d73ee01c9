"""What Microsoft's client has answered once is not asked again, unless what it rests on has changed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.answers import Answers
from tests.oracle.judge import Case, Judge

JOB = {"type": "command", "command": "echo 1", "environment": "azureml:e:1", "compute": "azureml:c", "code": "src"}
NO_CLIENT = Path(shutil.which("true") or "/usr/bin/true")


def test_a_kept_answer_is_not_asked_for_again(sdk_python: Path, tmp_path: Path) -> None:
    case = Case("a command", JOB, {"src/train.py": "print(1)\n"})
    with Judge(tmp_path / "first", sdk_python, tmp_path / "answers") as judge:
        first = judge.judge(case)
    with Judge(tmp_path / "second", NO_CLIENT, tmp_path / "answers") as judge:
        assert judge.judge(case) == first
        with pytest.raises((ValueError, BrokenPipeError)):  # nobody is there to ask about other files
            judge.judge(Case("a command", JOB, {"src/train.py": "print(2)\n"}))
    assert first.kind == "equal"


@pytest.fixture
def ground(tmp_path: Path) -> Path:
    """What answers rest on."""
    file = tmp_path / "script.py"
    file.write_text("1", encoding="utf-8")
    return file


def asked(tmp_path: Path, ground: Path, question: object, folder: str) -> Mapping[str, Any] | None:
    """Look up a question in a run of its own."""
    return Answers(tmp_path / "answers", [ground]).get(question, folder)


def test_folders_may_differ_from_run_to_run(tmp_path: Path, ground: Path) -> None:
    Answers(tmp_path / "answers", [ground]).put({"file": "/a/job.yml"}, "/a", {"error": "no /a/x"})
    assert asked(tmp_path, ground, {"file": "/b/job.yml"}, "/b") == {"error": "no /b/x"}
    assert asked(tmp_path, ground, {"file": "/b/other.yml"}, "/b") is None


def test_answers_of_another_client_are_not_taken(tmp_path: Path, ground: Path) -> None:
    Answers(tmp_path / "answers", [ground]).put("question", "/a", {})
    assert asked(tmp_path, ground, "question", "/a") == {}
    ground.write_text("2", encoding="utf-8")
    assert asked(tmp_path, ground, "question", "/a") is None
