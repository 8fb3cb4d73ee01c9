"""Snapshots: what a workspace holds, kept and brought back."""

from __future__ import annotations

import json
from pathlib import Path

from tests.emulator.console.test_command_line import complains, run
from tests.emulator.service import Service
from tests.emulator_fixture import Start


def test_what_was_kept_comes_back_and_nothing_else(start_emulator: Start) -> None:
    emulator = start_emulator()
    service, state = Service(emulator), str(emulator.state)
    service.run("before", "echo kept")
    uri = service.upload("data/a.csv", b"1")
    complains(emulator.command("snapshot", "save", "first", check=False), 2, str(emulator["pid"]), "stop it first")
    complains(emulator.command("snapshot", "load", "first", check=False), 2, str(emulator["pid"]))
    emulator.stop()
    done = run("snapshot", "save", "first", "--state", state)
    assert (done.returncode, done.stderr) == (0, "")
    assert not list((emulator.state / "snapshots" / "first").glob("*key*"))
    complains(run("snapshot", "save", "first", "--state", state), 2, "NAME: 'first' exists already")
    emulator.start()
    service.run("after", "true")
    service.upload("data/b.csv", b"2")
    service.upload("data/a.csv", b"changed")
    emulator.stop()
    assert run("snapshot", "load", "first", "--state", state).returncode == 0
    emulator.start()
    assert service.job("before")["status"] == "Completed"
    assert service.printed("before") == "kept\n"
    assert service.get("jobs/after").status == 404
    assert service.read(uri) == b"1"
    assert [job["name"] for job in emulator.jobs()] == ["before"]
    assert service.run("again", "true")["status"] == "Completed"


def test_names_and_places_that_are_not_accepted(tmp_path: Path, start_emulator: Start) -> None:
    complains(run("snapshot", "save", "a", "--state", str(tmp_path / "none")), 2, "not an emulator's state directory")
    emulator = start_emulator()
    emulator.stop()
    state = str(emulator.state)
    complains(run("snapshot", "save", "../a", "--state", state), 2, "NAME: '../a' is not accepted. Accepted: ")
    complains(run("snapshot", "load", "a", "--state", state), 2, "there is no snapshot 'a'", "Accepted: none was saved")
    run("snapshot", "save", "a", "--state", state)
    facts = emulator.state / "snapshots" / "a" / "snapshot.json"
    facts.write_text(json.dumps({"workspace_id": "another"}))
    complains(run("snapshot", "load", "a", "--state", state), 2, "made of another workspace")
    complains(run("snapshot", "load", "b", "--state", state), 2, "Accepted: a")
