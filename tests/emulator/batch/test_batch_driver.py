"""The batch driver as a process: what a scoring script gets, and what becomes of its results and failures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import REPOSITORY

DRIVER = REPOSITORY / "provider" / "azureml_emulator" / "execution" / "minibatches" / "batch_driver.py"
NAMES = "import os\ndef init(): pass\ndef run(batch): return [os.path.basename(path) for path in batch]\n"


@dataclass
class Place:
    """A folder laid out as a scoring job's."""

    root: Path
    log: str = ""
    python: str = sys.executable
    result: Path = field(init=False)

    def __post_init__(self) -> None:
        for name in ("wd", "data", "score", "tmp"):
            (self.root / name).mkdir()
        self.files(*"abcde")
        self.result = self.root / "score"

    def files(self, *names: str) -> None:
        """Set the input files; each holds its own name."""
        for path in (self.root / "data").iterdir():
            path.unlink()
        for name in names:
            (self.root / "data" / name).write_text(name)

    def run(self, script: str, /, *, model_name: str = "weights", **options: object) -> int:
        """Run the driver; its exit code."""
        (self.root / "wd" / "score.py").write_text(textwrap.dedent(script))
        shutil.rmtree(self.root / "tmp" / "azureml-models", ignore_errors=True)
        (self.root / "model").mkdir(exist_ok=True)
        (self.root / "model" / "weights.bin").write_text("w")
        given = {"scoring_module_name": "score.py", "model_name": model_name, **options}
        environment = {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.root / "tmp"),
            "AZURE_ML_INPUT_model": str(self.root / "model"),
            "AZURE_ML_INPUT_data": str(self.root / "data"),
            "AZURE_ML_OUTPUT_score": str(self.result),
            "PYTHONUNBUFFERED": "1",
        }
        done = subprocess.run(
            [self.python, str(DRIVER), *(f"--{name}={value}" for name, value in given.items())],
            cwd=self.root / "wd",
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        self.log = done.stdout
        return done.returncode

    @property
    def rows(self) -> list[str]:
        """The lines of the result."""
        return (self.result / "predictions.csv").read_text().splitlines()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_init_runs_once_and_run_once_for_each_mini_batch(place: Place) -> None:
    script = """
        calls = []
        def init():
            calls.append("init")
        def run(batch):
            calls.append(len(batch))
            return [f"{calls} {type(batch).__name__}"] * len(batch)
        """
    assert place.run(script, mini_batch_size=2) == 0, place.log
    assert place.rows == [
        *["['init', 2] list"] * 2,
        *["['init', 2, 2] list"] * 2,
        "['init', 2, 2, 1] list",
    ]


def test_a_script_finds_model_output_arguments_and_its_own_modules(place: Place) -> None:
    (place.root / "wd" / "helper.py").write_text("NAME = 'helper'\n")
    (place.root / "wd" / "tokens.py").write_text("NAME = 'my tokens'\n")
    script = """
        import argparse, logging, os
        import helper, tokens
        def init():
            global row
            parser = argparse.ArgumentParser()
            parser.add_argument("--logging_level")
            level = parser.parse_known_args()[0].logging_level
            logging.getLogger("mine").debug("a debug line")
            model = os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights", "weights.bin")
            with open(model) as file:
                row = f"{file.read()} {level} {helper.NAME} {tokens.NAME}"
        def run(batch):
            with open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "extra.txt"), "a") as file:
                file.write("x" * len(batch))
            return [row] * len(batch)
        """
    assert place.run(script, logging_level="Debug") == 0, place.log
    assert place.rows == ["w Debug helper my tokens"] * 5
    assert (place.result / "extra.txt").read_text() == "xxxxx"
    assert "a debug line" in place.log


def test_rows_of_a_frame_are_separated_by_spaces(place: Place, jobs_python: Path) -> None:
    place.python = str(jobs_python)
    script = """
        import os, pandas
        def init(): pass
        def run(batch):
            rows = [(os.path.basename(path), 0.5, "two words") for path in batch]
            return pandas.DataFrame(rows, columns=["file", "p", "text"])
        """
    assert place.run(script, mini_batch_size=3) == 0, place.log
    assert place.rows == [f'{name} 0.5 "two words"' for name in "abcde"]


def test_elements_of_an_array_are_lines(place: Place, jobs_python: Path) -> None:
    place.python = str(jobs_python)
    script = "import numpy\ndef init(): pass\ndef run(batch): return numpy.arange(len(batch)) / 2\n"
    assert place.run(script) == 0, place.log
    assert place.rows == ["0.0", "0.5", "1.0", "1.5", "2.0"]


@pytest.mark.parametrize(("threshold", "code"), [(-1, 0), (2, 0), (1, 1), (0, 1)])
def test_the_threshold_counts_files_that_failed(place: Place, threshold: int, code: int) -> None:
    script = """
        import os
        def init(): pass
        def run(batch):
            names = [os.path.basename(path) for path in batch]
            if "c" in names:
                raise ValueError("c is bad")
            return names
        """
    found = place.run(script, mini_batch_size=2, error_threshold=threshold, run_max_retries=0)
    assert found == code, place.log
    assert "ValueError: c is bad" in place.log
    assert "c is bad" in (place.root / "wd" / "logs" / "user" / "error.txt").read_text()
    if code == 0:
        assert place.rows == ["a", "b", "e"]
    else:
        assert f"2 files have failed; error_threshold allows {threshold}" in place.log
        assert not (place.result / "predictions.csv").exists()


@pytest.mark.parametrize(("threshold", "code"), [(1, 0), (0, 1)])
def test_missing_results_count_as_failed_files(place: Place, threshold: int, code: int) -> None:
    script = "def init(): pass\ndef run(batch): return batch[:-1]\n"
    assert place.run(script, mini_batch_size=5, error_threshold=threshold) == code, place.log
    assert "Warning: run() returned 4 results for 5 files" in place.log


def test_more_results_than_files_are_fine(place: Place) -> None:
    assert place.run("def init(): pass\ndef run(batch): return ['row'] * 12\n", error_threshold=0) == 0, place.log
    assert len(place.rows) == 12


FLAKY = """
    import os
    def init(): pass
    def run(batch):
        with open(os.path.join(os.environ["TMPDIR"], "tries"), "a+") as file:
            file.write("x")
            file.seek(0)
            if len(file.read()) <= 2:
                raise OSError("not yet")
        return batch
    """


@pytest.mark.parametrize(("retries", "code", "tries"), [(0, 1, 1), (1, 1, 2), (2, 0, 3), (3, 0, 3)])
def test_a_mini_batch_is_tried_again(place: Place, retries: int, code: int, tries: int) -> None:
    assert place.run(FLAKY, run_max_retries=retries, error_threshold=0) == code, place.log
    assert len((place.root / "tmp" / "tries").read_text()) == tries


def test_a_mini_batch_that_takes_too_long_is_ended_and_tried_again(place: Place) -> None:
    script = """
        import os, time
        def init(): pass
        def run(batch):
            mark = os.path.join(os.environ["TMPDIR"], "been here")
            if not os.path.exists(mark):
                open(mark, "w").close()
                time.sleep(600)
            return batch
        """
    begun = time.monotonic()
    assert place.run(script, run_invocation_timeout=2, run_max_retries=1, error_threshold=0) == 0, place.log
    assert time.monotonic() - begun < 60
    assert "did not return within 2 seconds" in place.log
    assert len(place.rows) == 5


def test_a_script_that_dies_is_a_failed_try(place: Place) -> None:
    script = "import os\ndef init(): pass\ndef run(batch): os._exit(7)\n"
    assert place.run(script, run_max_retries=1) == 1
    assert place.log.count("ended with exit code 7") == 2
    assert "No succeeded mini batch item returned from run()" in place.log


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("def init(): raise RuntimeError('no model')\ndef run(batch): return batch\n", "RuntimeError: no model"),
        ("def run(batch): return batch\n", "has no function init"),
        ("def init(:\n", "SyntaxError"),
        ("def init(): pass\ndef run(batch): return None\n", "it returned NoneType"),
        ("def init(): pass\ndef run(batch): return 'text'\n", "it returned str"),
    ],
)
def test_a_script_that_cannot_score_fails_the_job(place: Place, script: str, message: str) -> None:
    assert place.run(script, run_max_retries=0) == 1
    assert message in place.log


def test_a_missing_script_and_an_empty_input_are_told(place: Place) -> None:
    assert place.run(NAMES, scoring_module_name="other.py") == 1
    assert "There is no scoring script 'other.py'" in place.log
    place.files()
    assert place.run(NAMES) == 1
    assert "The input has no files to score" in place.log


def test_folders_inside_of_the_input_are_passed_over(place: Place) -> None:
    (place.root / "data" / "nested").mkdir()
    (place.root / "data" / "nested" / "x").write_text("x")
    assert place.run(NAMES) == 0, place.log
    assert place.rows == list("abcde")
    assert "not looked into: nested" in place.log


def test_summary_only_writes_no_rows(place: Place) -> None:
    assert place.run(NAMES, output_action="summary_only") == 0, place.log
    assert list(place.result.iterdir()) == []


def test_the_result_may_be_a_file_of_its_own_and_is_never_written_over(place: Place) -> None:
    place.result = place.root / "score" / "mine.txt"
    assert place.run(NAMES) == 0, place.log
    assert place.result.read_text().split() == list("abcde")
    place.result.write_text("older")
    assert place.run(NAMES) == 0, place.log
    assert place.result.read_text() == "older"
    assert "exists already" in place.log


def test_several_workers_keep_the_order_of_the_rows(place: Place) -> None:
    place.files(*(f"f{index:02}" for index in range(12)))
    workers = min(2, os.cpu_count() or 1)
    script = f"""
        import glob, os, time
        def init():
            open(os.path.join(os.environ["TMPDIR"], f"worker-{{os.getpid()}}"), "w").close()
        def run(batch):
            while len(glob.glob(os.path.join(os.environ["TMPDIR"], "worker-*"))) < {workers}:
                time.sleep(0.02)
            time.sleep(0.2 if batch[0].endswith("0") else 0)
            return [os.path.basename(path) for path in batch]
        """
    assert place.run(script, mini_batch_size=1, process_count=2) == 0, place.log
    assert place.rows == [f"f{index:02}" for index in range(12)]
    assert len(list((place.root / "tmp").glob("worker-*"))) == workers


@pytest.mark.parametrize(("percent", "code"), [(50, 0), (40, 1)])
def test_a_percentage_of_mini_batches_may_fail(place: Place, percent: int, code: int) -> None:
    place.files("a", "b")
    script = """
        def init(): pass
        def run(batch):
            assert not batch[0].endswith("a")
            return batch
        """
    assert place.run(script, mini_batch_size=1, run_max_retries=0, allowed_failed_percent=percent) == code
    told = f"50 % of the mini-batches have failed; allowed_failed_percent allows {percent} %." in place.log
    assert told is (code == 1)


def test_a_script_has_arguments_of_its_own_and_no_model(place: Place) -> None:
    place.files("a")
    script = """
        import sys, os
        def init(): pass
        def run(batch): return ["--own=3" in sys.argv and "AZUREML_MODEL_DIR" not in os.environ]
        """
    assert place.run(script, own=3, model="") == 0, place.log
    assert place.rows == ["True"]
