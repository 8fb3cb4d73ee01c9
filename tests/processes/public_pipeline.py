"""A public pipeline file of seven steps, unchanged, as a group of tasks: what is tried on each Airflow line."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.airflow_harness import PUBLIC
from tests.real_airflow import RealAirflow

RUN = "public"
EXPERIMENT = "pipeline_with_pipeline_component"
"""What the file says."""
STEPS_OF_MODEL = ("train_job", "score_job", "evaluate_job")
MODELS = ("train_and_evaluate_model1", "train_and_evaluate_model2")
STEPS = (*(f"{model}.{step}" for model in MODELS for step in STEPS_OF_MODEL), "compare")
"""Those of the pipeline's file, and of the component that two of its nodes run."""
FAILS, CLEARED = f"{MODELS[0]}.score_job", f"{MODELS[1]}.score_job"
AFTER_CLEARED = (CLEARED, f"{MODELS[1]}.evaluate_job", "compare")


def jobs(airflow: RealAirflow, dag: str) -> dict[str, int]:
    """How many jobs each step has had."""
    steps = {step.replace(".", "-").replace("_", "-"): step for step in STEPS}
    names = [str(job["name"]) for job in airflow.service.made(EXPERIMENT) if job["name"].startswith(f"{dag}-p-")]
    return dict(Counter(steps[name.removeprefix(f"{dag}-p-").rsplit("-", 2)[0].replace("_", "-")] for name in names))


def text(airflow: RealAirflow, dag: str, step: str, output: str, name: str) -> str:
    """Read a file of a step's output where the emulator keeps its blobs."""
    place = airflow.xcom(dag, RUN, f"p.{step}", output)["https_url"].split("/", 4)[4].rstrip("/")
    found: str = (airflow.service.state / "storage" / place / name).read_text(encoding="utf-8")
    return found


class PublicPipeline:
    """Tests for a file to inherit that names its Airflow ``tested_airflow``."""

    @pytest.fixture(scope="class")
    @staticmethod
    def dag(tested_airflow: RealAirflow, corpus: Path) -> str:
        """The DAG, whose run has ended: the image of one step could not be built the first time."""
        name = f"public_on_{tested_airflow.major}"
        tested_airflow.service.fault(
            "image_build_fails", "--route", f"^{name}-p-{FAILS.replace('.', '-')}-", "--times", "1"
        )
        tested_airflow.trigger(name, RUN)
        assert tested_airflow.wait_run(name, RUN, timeout=400) == "success", tested_airflow.states(name, RUN)
        return name

    @staticmethod
    def test_the_file_is_unchanged(tested_airflow: RealAirflow, corpus: Path) -> None:
        original, laid = corpus / PUBLIC, tested_airflow.dags / "public"
        files = {file.relative_to(original) for file in original.rglob("*") if file.is_file()}

        assert files
        assert all((original / file).read_bytes() == (laid / file).read_bytes() for file in files)

    @staticmethod
    def test_a_step_that_fails_is_tried_again_alone(tested_airflow: RealAirflow, dag: str) -> None:
        airflow = tested_airflow
        tried = {step: airflow.column("try_number", dag, RUN, f"p.{step}") for step in STEPS}

        assert jobs(airflow, dag) == {**dict.fromkeys(STEPS, 1), FAILS: 2}, jobs(airflow, dag)
        assert tried == {**dict.fromkeys(STEPS, 1), FAILS: 2}, tried
        assert "Image build failed" in airflow.log(dag, RUN, f"p.{FAILS}")
        for model in MODELS:
            made = text(airflow, dag, f"{model}.train_job", "model_output", "model.txt")
            assert text(airflow, dag, f"{model}.score_job", "score_output", "score.txt").endswith(made)

    @staticmethod
    def test_a_cleared_step_runs_again_with_what_follows(tested_airflow: RealAirflow, dag: str) -> None:
        airflow, before = tested_airflow, jobs(tested_airflow, dag)
        trained = airflow.xcom(dag, RUN, f"p.{MODELS[1]}.train_job")["job_name"]

        airflow.clear(dag, RUN, f"p.{CLEARED}", downstream=True)
        assert airflow.wait_run(dag, RUN, timeout=400) == "success"

        assert jobs(airflow, dag) == {**before, **{step: before[step] + 1 for step in AFTER_CLEARED}}
        assert airflow.xcom(dag, RUN, f"p.{MODELS[1]}.train_job")["job_name"] == trained
        made = text(airflow, dag, f"{MODELS[1]}.train_job", "model_output", "model.txt")
        assert text(airflow, dag, CLEARED, "score_output", "score.txt").endswith(made)
