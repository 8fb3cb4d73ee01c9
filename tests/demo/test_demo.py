"""`make demo`: a green run that is reported and stays up, an interrupted one, and nothing left over from either."""

from __future__ import annotations

import codecs
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import processes
from tests import REPOSITORY

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


@pytest.fixture(scope="module")
def kept(jobs_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of demos that come one after the other: the second finds the database that the first has made."""
    return tmp_path_factory.mktemp("demo") / "kept"


@pytest.fixture
def home(kept: Path) -> Iterator[Path]:
    """A folder for the demo; what it leaves running is ended."""
    yield kept
    for part in ("airflow", "emulator"):
        processes.sweep(kept / part)


def test_on_a_terminal_it_reports_and_stays_up_until_interrupted(home: Path) -> None:
    running, terminal = on_a_terminal(home, "--learning-rate", "0.2")
    said = "".join(until(terminal, "stay up until Ctrl-C."))

    plain = re.sub(r"\033\[\d+m", "", said)
    assert "\033[32m✓" in said
    auc = re.search(r"^  AUC +(0\.\d+) at learning rate 0\.2$", plain, re.M)
    assert auc, plain
    assert 0.8 < float(auc[1]) < 1
    summary = plain[plain.index("Run demo-") :]
    assert max(map(len, summary.splitlines())) <= 100, summary
    green = re.findall(r"^  ✓ (\w+) +\d+\.\d s", summary, re.M)
    assert set(green) == {"credit_card_data", "data_prep", "train", "decide", "text", "comma_list", "json_document"}
    assert len(re.findall(r"^      http://127\.0\.0\.1:\d+/runs/[\w-]+$", summary, re.M)) == 5
    # Each job was put once, and each task that has one was deferred.
    jobs = json.loads(emulator(home, "journal", "--jobs", "--json"))
    puts = [row["job"] for row in json.loads(emulator(home, "journal", "--json")) if is_put_of_a_job(row)]
    assert sorted(puts) == sorted(job["name"] for job in jobs if not job["parent"])
    assert summary.count(" s deferred)") == 5
    pages = re.findall(r"^(?:Airflow|Studio) +(http://\S+)", summary, re.M)
    for page in pages:
        assert urllib.request.urlopen(page, timeout=30).status == 200
    assert len(pages) == 2

    running.send_signal(signal.SIGINT)
    assert running.wait(180) == 0
    os.close(terminal)
    assert left(home) == []


def on_a_terminal(home: Path, *words: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start the demo as a person does; gives back the other side of its terminal, too."""
    terminal, its_side = os.openpty()
    command = [sys.executable, "-m", "demo", "--home", str(home), *words]
    heard = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "DEMO_KEEP")}
    with open(its_side, "wb", buffering=0) as side:
        running = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=heard,
            stdin=side,
            stdout=side,
            stderr=side,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    return running, terminal


def until(terminal: int, text: str) -> Iterator[str]:
    """What a terminal shows, up to a text or its end."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    shown = ""
    while text not in shown:
        try:
            piece = decoder.decode(os.read(terminal, 65536)).replace("\r\n", "\n")
        except OSError:  # Linux says so when nobody has the other side open any more.
            piece = ""
        if not piece:
            raise AssertionError(f"{text!r} was not shown:\n{shown}")
        shown += piece
        yield piece


def emulator(home: Path, *words: str) -> str:
    """What a command says of the demo's emulator."""
    command = [
        sys.executable,
        "-m",
        "azureml_emulator.console.cli",
        *words,
        "--state",
        str(home / "emulator" / "state"),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def is_put_of_a_job(row: dict[str, str]) -> bool:
    """Whether a request in the journal submits a job."""
    return row["method"] == "PUT" and re.search(r"/jobs/[^/]+$", row["path"]) is not None


# The test before interrupts one, too, whose jobs are over.
@pytest.mark.long
def test_it_cleans_up_when_interrupted_in_the_middle(home: Path) -> None:
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


def test_a_learning_rate_that_is_none_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    running = demo(home, "--learning-rate", "fast")
    said, _ = running.communicate(timeout=60)

    assert running.returncode == 2
    assert "'fast' is not a learning rate. Accepted: a number above 0, such as 0.1." in said
    assert not home.exists()
