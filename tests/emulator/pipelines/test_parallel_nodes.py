"""Parallel nodes of pipelines: a script over mini-batches of files."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.pipelines.service import FOLDER, Body, Pipelines, from_node, from_pipeline, node, to_pipeline
from tests.emulator.service import ENVIRONMENT

SCRIPT = """
import argparse, os, pathlib
def init():
    global args
    parser = argparse.ArgumentParser()
    parser.add_argument("--word")
    parser.add_argument("--notes")
    args, _ = parser.parse_known_args()
def run(batch):
    if args.notes:
        pathlib.Path(args.notes, pathlib.Path(batch[0]).name).write_text(str(len(batch)))
    bad = [path for path in batch if "bad" in pathlib.Path(path).read_text()]
    if bad:
        raise ValueError(f"{len(bad)} bad files, {os.environ.get('TOLD')}")
    return [f"{pathlib.Path(path).name} {args.word}" for path in batch]
"""
FILE = {"type": "uri_file"}


class Parallels(Pipelines):
    """Requests about parallel nodes."""

    def parallel(self, **changes: Any) -> str:
        """Register a parallel component; its id."""
        task = {
            "type": "run_function",
            "code": f"azureml:{self.code({'batch.py': SCRIPT.encode()})}",
            "entry_script": "batch.py",
            "environment": ENVIRONMENT,
            "program_arguments": "--word ${{inputs.word}} $[[--notes ${{inputs.absent}}]]",
            "append_row_to": "${{outputs.rows}}",
        }
        spec = {
            "type": "parallel",
            "inputs": {"files": FOLDER, "word": {"type": "string"}, "absent": {"type": "string", "optional": True}},
            "outputs": {"rows": FILE},
            "input_data": "${{inputs.files}}",
            "mini_batch_size": "2",
            "retry_settings": {"timeout": 60, "max_retries": 0},
            **changes,
            "task": {**task, **changes.get("task", {})},
        }
        return self.register(spec)

    def files(self, name: str, **contents: str) -> Body:
        """A folder of files as an input."""
        for file, content in contents.items():
            self.upload(f"{name}/{file.replace('_', '/')}", content.encode())
        uri = f"azureml://datastores/workspaceblobstore/paths/{name}/"
        return {"job_input_type": "uri_folder", "uri": uri, "mode": "Direct"}

    def step_log(self, name: str, step: str) -> str:
        """The log of a node."""
        return self.log(self.steps(name)[step]["runId"])


@pytest.fixture(scope="module")
def parallels(service: Pipelines) -> Parallels:
    """The session's emulator."""
    return Parallels(service.emulator)


def over(component: str, files: Body, /, **more: Any) -> Body:
    """A parallel node."""
    return {**node(component, {"files": files, "word": from_pipeline("word")}), "type": "parallel", **more}


WORD = {"word": {"jobInputType": "literal", "value": "seen"}}


def test_the_rows_of_all_mini_batches_go_on(parallels: Parallels, name: str) -> None:
    read = parallels.component("cat ${{inputs.a}} > ${{outputs.copy}}/all.txt", {"a": FILE}, {"copy": FOLDER})
    files = parallels.files(name, a="1", b="2", c="3", deep_d="4", e="5")
    jobs = {
        "score": over(parallels.parallel(), files, resources={"instance_count": 1}, mini_batch_error_threshold=5),
        "next": node(read, {"a": from_node("score", "rows")}, outputs={"copy": to_pipeline("result")}),
    }
    done = parallels.finish(name, jobs, inputs=WORD, outputs={"result": {"jobOutputType": "uri_folder"}})
    assert done["status"] == "Completed", parallels.step_log(name, "score")
    result = parallels.outputs(name)["result"]["uri"]
    assert parallels.read(f"{result}all.txt").decode().splitlines() == [f"{file} seen" for file in "abcde"]
    assert "5 files in 3 mini-batches." in parallels.step_log(name, "score")
    assert parallels.steps(name)["score"]["runType"] == "azureml.StepRun"


def test_a_node_says_more_than_its_component(parallels: Parallels, name: str) -> None:
    component = parallels.parallel(
        outputs={"notes": FOLDER},
        environment_variables={"TOLD": "by the component"},
        task={"append_row_to": None, "program_arguments": "--notes ${{outputs.notes}} --error_threshold 1"},
    )
    score = over(
        component,
        parallels.files(name, a="1", b="2", c="bad", d="4"),
        mini_batch_size=3,
        environment_variables={"TOLD": "by the node"},
        logging_level="DEBUG",
        outputs={"notes": to_pipeline("notes")},
    )
    done = parallels.finish(name, {"score": score}, inputs=WORD, outputs={"notes": {"jobOutputType": "uri_folder"}})
    log = parallels.step_log(name, "score")
    assert done["status"] == "Failed", log
    assert "1 bad files, by the node" in log
    assert "3 files have failed; error_threshold allows 1." in log


@pytest.mark.parametrize(("threshold", "status"), [(0, "Failed"), (1, "Completed"), (-1, "Completed")])
def test_so_many_mini_batches_may_fail(parallels: Parallels, name: str, threshold: int, status: str) -> None:
    score = over(
        parallels.parallel(), parallels.files(name, a="bad", b="2", c="3"), mini_batch_error_threshold=threshold
    )
    assert parallels.finish(name, {"score": score}, inputs=WORD)["status"] == status
    told = "1 mini-batches have failed; mini_batch_error_threshold allows 0." in parallels.step_log(name, "score")
    assert told is (status == "Failed")


TABLE: Body = {"inputs": {"files": {"type": "mltable"}, "word": {"type": "string"}}}
ROWS = """
def init(): pass
def run(rows, mini_batch_context):
    keys = mini_batch_context.partition_key_value
    if keys:
        return [f"{keys['Store']}: {sum(rows['n'])}"] * len(rows)
    return rows.assign(size=len(rows))[["n", "size"]]
"""
PARTS = """
paths:
  - pattern: ./**/*.csv
transformations:
  - read_delimited: {delimiter: ";", include_path_column: true, encoding: ascii}
  - extract_columns_from_partition_format: {partition_format: "{Store}/{file_name}.{extension}"}
  - drop_columns: [Path, file_name, extension]
  - convert_column_types: [{columns: n, column_type: int}]
"""


def scored(parallels: Parallels, name: str, table: str, **settings: Any) -> tuple[str, list[str]]:
    """Run the script over the table of two stores; how the pipeline ends, and the rows that it wrote."""
    code = f"azureml:{parallels.code({'batch.py': ROWS.encode()})}"
    component = parallels.parallel(**TABLE, **settings, task={"code": code, "program_arguments": None})
    files = {**parallels.files(name, MLTable=table), "job_input_type": "mltable"}
    for store, numbers in (("a", (1, 2, 3)), ("b", (4,))):
        text = "n;m\n" + "".join(f"{number};{number}\n" for number in numbers)
        parallels.upload(f"{name}/{store}/x.csv", text.encode())
    score = over(component, files, outputs={"rows": to_pipeline("rows")})
    done = parallels.finish(name, {"score": score}, inputs=WORD, outputs={"rows": {"jobOutputType": "uri_file"}})
    if done["status"] != "Completed":
        return done["status"], [parallels.step_log(name, "score")]
    return done["status"], parallels.read(parallels.outputs(name)["rows"]["uri"]).decode().splitlines()


@pytest.mark.parametrize(
    ("table", "settings", "rows"),
    [
        (PARTS, {"mini_batch_size": "12"}, ["1 2", "2 2", "3 2", "4 2"]),
        (PARTS, {"partition_keys": ["Store"]}, ["a: 6", "a: 6", "a: 6", "b: 4"]),
        (f"{PARTS}  - skip: 1\n  - take: 2\n", {}, ["2 2", "3 2"]),
    ],
    ids=["by size", "by keys", "some rows"],
)
def test_a_table_is_cut_into_mini_batches(
    parallels: Parallels, name: str, table: str, settings: Body, rows: list[str]
) -> None:
    assert scored(parallels, name, table, **{"mini_batch_size": None, **settings}) == ("Completed", rows)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("paths: [{file: 'azureml://datastores/x/paths/y'}]", "lies outside of its folder, which is not emulated"),
        (f"{PARTS}  - filter: 'col(\"n\") > 1'", "The transformation 'filter' of the table is not emulated"),
        ("paths: [{pattern: ./*/*.csv}]", "The first transformation of the table must be one of"),
    ],
)
def test_a_table_that_cannot_be_read_is_told(parallels: Parallels, name: str, table: str, said: str) -> None:
    status, (log,) = scored(parallels, name, table)
    assert (status, said in log) == ("Failed", True), log


NOTHING = b"def init(): pass\ndef run(batch): return []\n"


@pytest.mark.parametrize(("threshold", "status"), [(-1, "Completed"), (1, "Failed")])
def test_a_script_may_return_nothing_where_nobody_counts(
    parallels: Parallels, name: str, threshold: int, status: str
) -> None:
    code = f"azureml:{parallels.code({'batch.py': NOTHING})}"
    component = parallels.parallel(error_threshold=threshold, task={"code": code})
    score = over(component, parallels.files(name, a="1", b="2"), mini_batch_error_threshold=0)
    assert parallels.finish(name, {"score": score}, inputs=WORD)["status"] == status


REFUSED: list[tuple[Body, Body, int, str]] = [
    ({"input_data": "${{inputs.none}}"}, {}, 400, "jobs.score.input_data: '${{inputs.none}}' names no input"),
    ({"mini_batch_size": "10kb"}, {}, 400, "jobs.score.mini_batch_size: '10kb' is not a whole number."),
    ({}, {"retry_settings": {"timeout": "soon"}}, 400, "jobs.score.retry_settings.timeout: 'soon'"),
    ({"task": {"append_row_to": "${{outputs.none}}"}}, {}, 400, "jobs.score.task.append_row_to"),
    ({"task": {"environment": "azureml:none:1"}}, {}, 400, "jobs.score.environmentId"),
    ({}, {"miniBatchSize": 3}, 400, "Could not find member 'miniBatchSize'"),
    ({**TABLE, "mini_batch_size": "2 rows"}, {}, 400, "jobs.score.mini_batch_size: '2 rows' is not a whole number."),
    ({**TABLE, "partition_keys": "brand"}, {}, 400, "jobs.score.partition_keys: 'brand' is no list of columns."),
    ({"type": "promptflow_parallel"}, {}, 501, "flows of Prompt flow are not emulated"),
]


@pytest.mark.parametrize(("component", "given", "status", "said"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_does_not_fit_is_named(
    parallels: Parallels, name: str, component: Body, given: Body, status: int, said: str
) -> None:
    files = {"job_input_type": "uri_folder", "uri": "azureml://datastores/workspaceblobstore/paths/x/"}
    score = over(parallels.parallel(**component), files, **given)
    answer = parallels.start(name, {"score": score}, inputs=WORD)
    assert (answer.status, said in answer.body["error"]["message"]) == (status, True), answer.body
