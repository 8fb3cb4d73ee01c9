"""What Microsoft's client has answered once is not asked again, unless what it rests on has changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from demo.warm_python import WarmPython
from tests.oracle.answers import Answers
from tests.oracle.judge import Case, Judge

JOB = {"type": "command", "command": "echo 1", "environment": "azureml:e:1", "compute": "azureml:c", "code": "src"}
CASE = Case("a command", JOB, {"src/train.py": "print(1)\n"})


def test_a_kept_answer_is_not_asked_for_again(microsofts_client: WarmPython, tmp_path: Path) -> None:
    kept = tmp_path / "answers"
    with Judge(tmp_path / "first", microsofts_client, kept) as judge:
        assert judge.judge(CASE).kind == "equal"
        assert judge.answers
        everything = [CASE.question(judge.folder / "job.yml"), CASE.text, dict(CASE.files)]
        judge.answers.put(everything, str(judge.folder), {"error": "an answer that only the file has"})
    with Judge(tmp_path / "second", microsofts_client, kept) as judge:
        assert judge.judge(CASE).detail == "an answer that only the file has"
        assert judge.judge(Case("other code", JOB, {"src/train.py": "print(2)\n"})).kind == "equal"


def test_a_case_has_no_files_of_the_case_before(microsofts_client: WarmPython, tmp_path: Path) -> None:
    with Judge(tmp_path, microsofts_client) as judge:
        assert judge.judge(Case("a folder in the code", JOB, {"src/sub/train.py": "print(1)\n"})).kind == "equal"
        (judge.folder / "made" / "by").mkdir(parents=True)
        (judge.folder / "made" / "by" / "a-case.txt").write_text("x", encoding="utf-8")
        assert judge.judge(CASE).kind == "equal"
        found = {str(path.relative_to(judge.folder)) for path in judge.folder.rglob("*") if path.is_file()}
        assert found == {"job.yml", *CASE.files}


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
