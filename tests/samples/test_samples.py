"""What our hook sends for each sample, against what Microsoft's client was recorded to send for the same file."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from demo.warm_python import WarmPython
from tests.samples.recording import record
from tests.samples.samples import RECORDED, Sample, samples

SAMPLES = samples()


def submitted(sample: Sample, folder: Path) -> dict[str, Any]:
    """What ours sends."""
    place = folder / "cwd-under-test"
    place.mkdir()

    def never() -> dict[str, Any]:
        raise AssertionError("ours asks the other for nothing")

    return sample.case.submit(sample.case.lay_out(place), never)


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_ours_sends_what_was_recorded(sample: Sample, tmp_path: Path) -> None:
    own = submitted(sample, tmp_path)
    assert not {"error", "crash"} & set(own), own.get("error") or own.get("crash")
    found = sample.case.differences(own, sample.theirs())
    assert not found, "\n".join(found)


def test_a_difference_is_seen(tmp_path: Path) -> None:
    (sample,) = (one for one in SAMPLES if one.name == "command")
    own, theirs = submitted(sample, tmp_path), sample.theirs()
    changed = copy.deepcopy(own)
    changed["body"]["properties"]["limits"]["timeout"] = "PT11M"
    assert not sample.case.differences(own, theirs)
    assert len(sample.case.differences(changed, theirs)) == 1


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_a_recording_tells_of_no_machine_and_no_secret(sample: Sample) -> None:
    text = (sample.folder / RECORDED).read_text()
    assert sample.exchanges
    assert not re.search(r"Bearer|AccountKey=|sig=(?!REDACTED)|/(?:tmp|root|home|Users)/|cwd-under-test/", text)


def test_recordings_are_what_the_installed_client_sends(microsofts_client: WarmPython, tmp_path: Path) -> None:
    stale = [
        name
        for name, text in record(SAMPLES, tmp_path, microsofts_client)
        if (Path(__file__).parent / name / RECORDED).read_text() != text
    ]
    assert not stale, f"`python -m tests.samples` records anew: {', '.join(stale)}"
