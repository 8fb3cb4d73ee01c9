"""`make demo`: a green run with a report, an interrupted one, and nothing left over from either."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import processes
from tests.airflow_harness import REPOSITORY

pytestmark = pytest.mark.timeout(600)


def demo(home: Path, *words: str) -> subprocess.Popen[str]:
    """Start the demo with its state in ``home``, as `make demo` does."""
    return subprocess.Popen(
        [sys.executable, "-m", "demo", "--home", str(home), *words],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # Whoever is started in the background by a shell inherits that Ctrl-C is not heard.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def left(home: Path) -> list[int]:
    """Find the processes that a demo left behind."""
    return [pid for place in ("airflow", "emulator") for pid in processes.members(home / place)]


@pytest.fixture
def home(jobs_python: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder for the demo; what it leaves running is ended."""
    place = tmp_path / "demo"
    yield place
    for part in ("airflow", "emulator"):
        processes.sweep(place / part)


def test_it_ends_green_with_figures(home: Path) -> None:
    running = demo(home, "--learning-rate", "0.2")
    said, _ = running.communicate(timeout=500)

    assert running.returncode == 0, said
    assert left(home) == []
    auc = re.search(r"metric +auc = (0\.\d+)", said)
    assert auc, said
    assert 0.8 < float(auc[1]) < 1
    # One line per task of the table: state, tries, seconds deferred, and for a job its status and the PUTs received.
    rows = dict(re.findall(r"^(\w+) +(success +\d .*)$", said, re.M))
    assert set(rows) == {"credit_card_data", "data_prep", "train", "decide", "text", "comma_list", "json_document"}, (
        said
    )
    assert re.fullmatch(r"success +\d +[1-9]\d*\.\d s +Completed +\d+\.\d s +1", rows["train"]), rows["train"]
    assert len(re.findall(r"^  Studio +http://127\.0\.0\.1:\d+/\S+$", said, re.M)) == 5
    assert re.search(r"^  output +model: azureml://subscriptions/\S+/$", said, re.M)


def test_it_cleans_up_when_interrupted(home: Path) -> None:
    running = demo(home)
    assert running.stdout
    lines = iter(running.stdout.readline, "")
    assert any("deferred" in line for line in lines)
    assert left(home)

    running.send_signal(signal.SIGINT)
    # Each part has half a minute to end by itself, which a busy machine may need.
    said, _ = running.communicate(timeout=180)

    assert running.returncode == 130, said
    assert "Traceback" not in said
    assert left(home) == []


def test_a_learning_rate_that_is_none_is_refused(home: Path) -> None:
    running = demo(home, "--learning-rate", "fast")
    said, _ = running.communicate(timeout=60)

    assert running.returncode == 2
    assert "'fast' is not a learning rate. Accepted: a number above 0, such as 0.1." in said
    assert not home.exists()
