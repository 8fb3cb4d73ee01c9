"""Bodies of pipelines: the keys of a pipeline job, of its settings and of its nodes.

Source: the models of azure-ai-ml 1.35.2 for the job itself; ``settings`` and ``jobs`` are free bags there, so their
keys are those that its node builders write (``entities/_builders``). That the service refuses other keys of a node is
unproven: here a slip of case (``jobInputType`` inside of a node) must not pass.
"""

from __future__ import annotations

from typing import Any

from azureml_emulator.core.errors import not_emulated
from azureml_emulator.core.resource_body import TEXTS
from azureml_emulator.core.schema import (
    Problem,
    Report,
    Shape,
    anything,
    bag,
    flag,
    kind_of,
    record,
    text,
    union,
    whole,
    words,
)
from azureml_emulator.jobs.schemas import DATA_TYPES, INPUTS, JOB, MODES_IN, MODES_OUT, OUTPUTS

OTHER_TASKS = ("import_data", "export_data")
"""Tasks of ``data_transfer`` that the emulator does not do, whatever else such a node says."""

OTHER_NODES = frozenset(
    {
        "automl",
        "import",
        "promptflow_parallel",
    }
)
"""Types of nodes that the service runs and the emulator does not."""

NODE_LITERAL = record({"job_input_type": text, "value": text, "mode": MODES_IN, "description": text}, ("value",))
NODE_DATA = record(
    {"job_input_type": text, "uri": text, "mode": MODES_IN, "path_on_compute": text, "description": text}, ("uri",)
)
NODE_INPUTS = bag(union("job_input_type", {"literal": NODE_LITERAL, **dict.fromkeys(DATA_TYPES, NODE_DATA)}))
BOUND_OUTPUT = record({"type": text, "value": text, "mode": MODES_OUT}, ("type", "value"))
NODE_OUTPUT = record(
    {
        "job_output_type": text,
        "uri": text,
        "mode": MODES_OUT,
        "asset_name": text,
        "asset_version": text,
        "path_on_compute": text,
        "auto_delete_setting": anything,
        "description": text,
    }
)


def node_output(value: Any, path: str, report: Report) -> Any:
    """An output of a node: bound to one of the pipeline's, or with settings of its own."""
    is_bound = isinstance(value, dict) and "value" in value
    return (BOUND_OUTPUT if is_bound else NODE_OUTPUT)(value, path, report)


COMMON: dict[str, Shape] = {
    "name": text,
    "type": text,
    "display_name": text,
    "description": text,
    "comment": text,
    "tags": TEXTS,
    "properties": TEXTS,
    "componentId": text,
    "computeId": text,
    "inputs": NODE_INPUTS,
    "outputs": bag(node_output),
    "_source": text,
}
NODES = {
    "command": record(
        {
            **COMMON,
            "resources": bag(anything, nulls=True),
            "distribution": bag(anything, nulls=True),
            "limits": bag(anything, nulls=True),
            "environment_variables": bag(anything, nulls=True),
            "identity": bag(anything, nulls=True),
            "queue_settings": bag(anything, nulls=True),
            "services": bag(anything, nulls=True),
        },
        ("componentId",),
    ),
    "pipeline": record(COMMON, ("componentId",)),
    "data_transfer": record(
        {**COMMON, "task": text, "data_copy_mode": text, "source": anything, "sink": anything}, ("componentId",)
    ),
    "parallel": record(
        {
            **COMMON,
            "task": bag(anything, nulls=True),
            "input_data": text,
            "mini_batch_size": anything,
            "partition_keys": anything,
            "retry_settings": bag(anything, nulls=True),
            "max_concurrency_per_instance": anything,
            "error_threshold": anything,
            "mini_batch_error_threshold": anything,
            "logging_level": words("DEBUG", "INFO", "WARNING"),
            "environment_variables": bag(anything, nulls=True),
            "resources": bag(anything, nulls=True),
            "identity": bag(anything, nulls=True),
        },
        ("componentId",),
    ),
    "spark": record(
        {
            **COMMON,
            "code": text,
            "entry": bag(anything, nulls=True),
            "py_files": anything,
            "jars": anything,
            "files": anything,
            "archives": anything,
            "conf": bag(anything, nulls=True),
            "args": text,
            "environment": text,
            "resources": bag(anything, nulls=True),
            "identity": bag(anything, nulls=True),
        },
        ("componentId",),
    ),
    "sweep": record(
        {
            **{key: shape for key, shape in COMMON.items() if key != "componentId"},
            "trial": record({"componentId": text}, ("componentId",)),
            "limits": bag(anything, nulls=True),
            "sampling_algorithm": anything,
            "objective": bag(anything, nulls=True),
            "early_termination": bag(anything, nulls=True),
            "search_space": bag(bag(anything)),
            "queue_settings": bag(anything, nulls=True),
            "resources": bag(anything, nulls=True),
        },
        ("trial",),
    ),
    "do_while": record(
        {
            "type": text,
            "body": text,
            "condition": anything,
            "mapping": bag(anything),
            "limits": record({"max_iteration_count": whole}, ("max_iteration_count",)),
            "_source": text,
        },
        ("body", "mapping", "limits"),
    ),
    "if_else": record(
        {"type": text, "condition": anything, "true_block": anything, "false_block": anything, "_source": text},
        ("condition",),
    ),
    "parallel_for": record(
        {
            "type": text,
            "body": text,
            "items": text,
            "max_concurrency": whole,
            "outputs": bag(node_output),
            "_source": text,
        },
        ("body", "items"),
    ),
}
"""The last three have neither name nor component. Source: what azure-ai-ml 1.35.2 sends of ``dsl.do_while``,
``dsl.condition`` and ``dsl.parallel_for``."""


def node(value: Any, path: str, report: Report) -> Any:
    """A node of a pipeline.

    :raises ServiceError: 501 for a type that the emulator does not run.
    """
    if not isinstance(value, dict):
        report(Problem(path, f"Expected an object, got {kind_of(value)}."))
        return None
    node_type = str(value.get("type")).lower()
    task = value.get("task") if node_type == "data_transfer" else None
    if node_type in OTHER_NODES or task in OTHER_TASKS:
        what = f"data_transfer nodes with the task {task}" if task else f"nodes of type {node_type}"
        raise not_emulated(f"{path}: {what} are not emulated")
    if node_type not in NODES:
        report(
            Problem(
                f"{path}.type", f"{value.get('type')!r} is not one of: {', '.join(sorted({*NODES, *OTHER_NODES}))}."
            )
        )
        return None
    return NODES[node_type]({**value, "type": node_type}, path, report)


NODE_BAG = bag(node)
SETTINGS = record(
    {
        "default_compute": text,
        "default_datastore": text,
        "continue_on_step_failure": flag,
        "continue_run_on_failed_optional_input": flag,
        "force_rerun": flag,
        "on_init": text,
        "on_finalize": text,
        "_source": text,
    },
    others=True,
)
"""Source of the others: azure-ai-ml 1.35.2 sends whatever stands in the file, and a public example that Microsoft runs
(3a_basic_pipeline) has a misspelled key."""

PIPELINE_JOB = record(
    {
        **JOB,
        "inputs": INPUTS,
        "jobs": NODE_BAG,
        "outputs": OUTPUTS,
        "settings": SETTINGS,
        "sourceJobId": text,
    },
    ("jobType",),
)
