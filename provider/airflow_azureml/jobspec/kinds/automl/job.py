"""AutoML jobs and nodes: ten tasks on tables, images and texts.

A job carries its settings in the service's words, a node of a pipeline in YAML's. Some of what Microsoft's client sends
for a job looks odd (resources and queue settings in snake case, outputs without their type); it is sent so here too,
for its requests are the judge. Source: azure-ai-ml 1.35.2, ``_schema/automl/``, ``entities/_job/automl/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.grammar import inputs as io
from airflow_azureml.jobspec.grammar.outputs import outputs as job_outputs
from airflow_azureml.jobspec.grammar.references import compute, is_binding, named_compute
from airflow_azureml.jobspec.grammar.shared import HEAD, RESOURCES, SERVICES, TAGS, identity, service_type
from airflow_azureml.jobspec.kinds.automl.models import model_settings, model_space
from airflow_azureml.jobspec.kinds.automl.settings import (
    Style,
    cross_validations,
    featurization,
    forecasting,
    limits,
    training,
)
from airflow_azureml.jobspec.kinds.automl.words import (
    CLASSIFIERS,
    FORECASTERS,
    METRICS,
    NUMERIC_METRICS,
    REGRESSORS,
    VERBOSITY,
)
from airflow_azureml.jobspec.kinds.sweep.job import ALGORITHMS, EARLY_TERMINATION
from airflow_azureml.jobspec.kinds.sweep.node import written_algorithm
from airflow_azureml.jobspec.nodes import graph
from airflow_azureml.jobspec.nodes.graph import Scope
from airflow_azureml.jobspec.nodes.node_io import one_output
from airflow_azureml.jobspec.table.fields import (
    INVALID,
    Convert,
    Field,
    Translator,
    as_written,
    convert_mapping,
    nearest,
    nested,
    show,
    snake,
)
from airflow_azureml.jobspec.table.values import choice, listed, mapped, number, text, whole

MULTILABEL = [*METRICS, "IOU"]


@dataclass(frozen=True)
class Task:
    """One of the tasks.

    :param family: ``table``, ``image`` or ``text``.
    :param metrics: what it can be measured by.
    :param metric: what it is measured by when nothing is said.
    :param models: algorithms of a table's task; which settings the models of an image's or text's task have.
    :param node_metric: what a node is measured by when nothing is said, where that differs.
    """

    name: str
    family: str
    metrics: list[str]
    metric: str
    models: Any
    node_metric: str | None = None


TASKS = {
    snake(task.name): task
    for task in (
        Task("Classification", "table", METRICS, "AUCWeighted", CLASSIFIERS, "Accuracy"),
        Task("Regression", "table", NUMERIC_METRICS, "NormalizedRootMeanSquaredError", REGRESSORS),
        Task("Forecasting", "table", NUMERIC_METRICS, "NormalizedRootMeanSquaredError", FORECASTERS),
        Task("ImageClassification", "image", METRICS, "Accuracy", "classification"),
        Task("ImageClassificationMultilabel", "image", MULTILABEL, "IOU", "classification"),
        Task("ImageObjectDetection", "image", ["MeanAveragePrecision"], "MeanAveragePrecision", "detection"),
        Task("ImageInstanceSegmentation", "image", ["MeanAveragePrecision"], "MeanAveragePrecision", "detection"),
        Task("TextClassification", "text", METRICS, "Accuracy", "text"),
        Task("TextClassificationMultilabel", "text", ["Accuracy"], "Accuracy", "text"),
        Task("TextNER", "text", ["Accuracy"], "Accuracy", "text"),
    )
}
FIXED_METRIC = ("TextClassificationMultilabel", "TextNER")
"""Tasks whose metric is not sent: the service knows but one."""


def data(located: Located, ctx: Translator) -> Any:
    """Take a table of data; whatever its mode, only its place is sent."""
    if not isinstance(located.value, Mapping):
        return ctx.error(
            located, f"{show(located.value)} is not data. Accepted: a mapping with type: mltable and path."
        )
    io.unknown(located, ctx, io.INPUT_KEYS)
    kind = located.value.get("type", "mltable")
    if not isinstance(kind, str) or kind.lower() != "mltable":
        return ctx.error(located, f"{show(kind)} is not a type of data here. Accepted: mltable.", "type")
    path = located.value.get("path")
    if not isinstance(path, str) or not path:
        return ctx.error(located, "data needs a path.", "path")
    io.input_mode(located, ctx, "mltable")
    # Without a type Microsoft's client takes the path for a folder, and writes it as one.
    given = "mltable" if "type" in located.value else "uri_folder"
    uri = io.data_uri(located.child("path"), ctx, given, io.datastore(located, ctx))
    return uri if uri is INVALID else {"jobInputType": "mltable", "uri": uri}


def bound_data(located: Located, ctx: Translator) -> Any:
    """Refuse data that is given to a node itself: Microsoft's client sends it as the text of a Python object."""
    return ctx.error(
        located, f"{show(located.value)}: a node takes its data by a binding, ${{{{parent.inputs.NAME}}}}."
    )


def _sweep(style: Style) -> Convert:
    word = choice({word: word for word in ALGORITHMS}, "a sampling algorithm", fold=snake)

    def algorithm(located: Located, ctx: Translator) -> Any:
        settings = style.written and isinstance(located.value, Mapping)
        return (written_algorithm if settings else word)(located, ctx)

    def policy(located: Located, ctx: Translator) -> Any:
        with ctx.style(snake=style.written, bound=ctx.bound):
            body = EARLY_TERMINATION(located, ctx)
        if style.written and isinstance(body, dict):
            kind = snake(body.pop("policy_type"))
            body = {**body, "type": kind}
        return body

    rows = (
        Field("sampling_algorithm", "samplingAlgorithm", algorithm, required=True),
        Field("early_termination", "earlyTermination", policy),
    )
    return style.nested(rows)


def details(task: Task, style: Style) -> tuple[Field, ...]:
    """The rows of a task's own settings."""
    table = bound_data if style.written else data
    rows: tuple[Field, ...] = (
        Field("primary_metric", "primaryMetric", style.word(task.metrics, f"a metric of {snake(task.name)}")),
        Field("log_verbosity", "logVerbosity", style.word(VERBOSITY, "a verbosity")),
        Field("training_data", "trainingData", table, required=True),
        Field("validation_data", "validationData", table),
        Field("target_column_name", "targetColumnName", text, required=task.name != "TextNER"),
    )
    if task.family != "text":
        sent = "testData" if task.family == "table" or style.written else None
        size = "testDataSize" if sent else None
        rows += (
            Field("validation_data_size", "validationDataSize", number),
            Field("test_data", sent, table),
            Field("test_data_size", size, number),
        )
    return style.rows(rows + _FAMILIES[task.family](task, style))


def _table_rows(task: Task, style: Style) -> tuple[Field, ...]:
    rows: tuple[Field, ...] = (
        Field("limits", "limitSettings", limits(style)),
        Field("featurization", "featurizationSettings", featurization(style)),
        Field("cv_split_column_names", "cvSplitColumnNames", listed(text)),
        Field("n_cross_validations", "nCrossValidations", cross_validations(style)),
        Field("weight_column_name", "weightColumnName", text),
        Field("training", "trainingSettings", training(style, task.models)),
    )
    if task.name == "Classification":
        rows += (Field("positive_label", "positiveLabel", text),)
    if task.name == "Forecasting":
        rows += (Field("forecasting", "forecastingSettings", forecasting(style)),)
    return rows


def _image_rows(task: Task, style: Style) -> tuple[Field, ...]:
    return (
        Field("limits", "limitSettings", limits(style, "max_concurrent_trials", "max_trials", "timeout_minutes")),
        Field("sweep", "sweepSettings", _sweep(style)),
        Field("training_parameters", "modelSettings", model_settings(style, task.models)),
        Field("search_space", "searchSpace", model_space(style, task.models)),
    )


def _text_rows(task: Task, style: Style) -> tuple[Field, ...]:
    names = ("max_concurrent_trials", "max_trials", "max_nodes", "timeout_minutes", "trial_timeout_minutes")
    language = (Field("dataset_language", "datasetLanguage", text),)
    return (
        Field("limits", "limitSettings", limits(style, *names)),
        Field("featurization", "featurizationSettings", style.nested(language)),
        Field("sweep", "sweepSettings", _sweep(style)),
        Field("training_parameters", "fixedParameters", model_settings(style, task.models)),
        Field("search_space", "searchSpace", model_space(style, task.models)),
    )


_FAMILIES = {"table": _table_rows, "image": _image_rows, "text": _text_rows}


def _task(located: Located, ctx: Translator, fold: Callable[[str], str]) -> Task | None:
    """Read the task. Microsoft's client takes a job's only as it is written in its documents, a node's in any case."""
    word = located.value.get("task")
    if isinstance(word, str) and fold(word) in TASKS:
        return TASKS[fold(word)]
    if word is None:
        ctx.error(located, f'"task" is required. Accepted: {", ".join(TASKS)}.', "task")
    else:
        ctx.error(located, f"{show(word)} is not a task.{nearest(word, TASKS)}", "task")
    return None


# -- jobs


def _outputs(located: Located, ctx: Translator) -> Any:
    body = job_outputs(located, ctx)
    return body if body is INVALID else {name: {**one, "jobOutputType": "uri_folder"} for name, one in body.items()}


def _services(located: Located, ctx: Translator) -> Any:
    own = (Field("ssh_public_keys", "ssh_public_keys", text), Field("log_dir", "log_dir", text))
    kind = Field("type", "type", choice({word: word for word in SERVICES}, "a type of service"))
    plain = nested((kind, Field("port", "port", whole), Field("nodes", "nodes", text), *own))

    def one(item: Located, ctx: Translator) -> Any:
        body = plain(item, ctx)
        return {"type": service_type(item, ctx), **body} if isinstance(body, dict) and "type" not in body else body

    return mapped(one)(located, ctx)


_TIERS = {word: word for word in ("null", "spot", "basic", "standard", "premium")}
_PRIORITIES = {word: word for word in ("low", "medium", "high")}
QUEUE = nested(
    (
        Field("job_tier", "job_tier", choice(_TIERS, "a job tier")),
        Field("priority", "priority", choice(_PRIORITIES, "a priority")),
    )
)
WRITTEN_RESOURCES = nested(
    tuple(row if row.name != "properties" else Field(row.name, None, row.convert) for row in as_written(RESOURCES))
)
JOB = (
    *HEAD,
    Field("task", None, text),
    Field("compute", "computeId", compute),
    Field("environment_id", "environmentId", text),
    Field("environment_variables", "environmentVariables", mapped(text)),
    Field("outputs", "outputs", _outputs),
    Field("resources", "resources", WRITTEN_RESOURCES),
    Field("queue_settings", "queueSettings", QUEUE),
    Field("identity", "identity", identity),
    Field("services", "services", _services),
)


def automl(located: Located, ctx: Translator) -> dict[str, Any]:
    """Translate an AutoML job."""
    task = _task(located, ctx, snake if located.document.from_python else str)
    if task is None:
        return {"jobType": "AutoML"}
    rows = details(task, Style(written=False))
    names = tuple(row.name for row in rows)
    body = convert_mapping(JOB, located, ctx, extra=names)
    own = convert_mapping(rows, located, ctx, extra=[str(key) for key in located.value if key not in names])
    own = {"primaryMetric": task.metric, "logVerbosity": "Info", **own, "taskType": task.name}
    if task.name in FIXED_METRIC:
        del own["primaryMetric"]
    if task.name == "TextNER":
        own.pop("targetColumnName", None)
    if task.family == "table" and "limitSettings" in own:
        own["limitSettings"] = {**own["limitSettings"], "sweepConcurrentTrials": 0, "sweepTrials": 0}
    if task.family == "image":
        own.setdefault("limitSettings", {})
    if task.family == "text":
        own["limitSettings"] = {"maxTrials": 1, "maxNodes": 1, **own.get("limitSettings", {})}
    return {"jobType": "AutoML", **body, "taskDetails": own}


# -- nodes


def _node_identity(located: Located, ctx: Translator) -> Any:
    body = identity(located, ctx)
    words = {"Managed": "managed_identity", "UserIdentity": "user_identity", "AMLToken": "aml_token"}
    if not isinstance(body, dict):
        return body
    kind = words[body.pop("identity_type")]
    return {"type": kind, **body}


def _node_compute(located: Located, ctx: Translator) -> Any:
    found = named_compute(located, ctx)
    if not isinstance(found, str) or not found.startswith("/") or is_binding(located.value):
        return found
    return f"azureml:{found}"


NODE = (
    Field("name", None, text),
    Field("type", None, text, bindable=False),
    Field("task", None, text, bindable=False),
    Field("experiment_name", "experiment_name", text),
    Field("display_name", "display_name", text),
    Field("description", "description", text),
    Field("tags", "tags", TAGS, bindable=False),
    Field("properties", "properties", TAGS, bindable=False),
    Field("services", "services", _services, bindable=False),
    Field("compute", "compute", _node_compute, bindable=False),
    Field("identity", "identity", _node_identity, bindable=False),
    Field("environment_id", "environment_id", text),
    Field("environment_variables", "environment_variables", mapped(text), bindable=False),
    Field("resources", "resources", nested(as_written(RESOURCES)), bindable=False),
    Field("queue_settings", "queue_settings", QUEUE, bindable=False),
)


def node(located: Located, ctx: Translator, scope: Scope, name: str) -> dict[str, Any]:
    """Translate an AutoML node."""
    task = _task(located, ctx, snake)
    if task is None:
        return {}
    rows = details(task, Style(written=True))
    names = tuple(row.name for row in rows)
    body = convert_mapping(NODE, located, ctx, extra=(*names, "outputs"))
    own = convert_mapping(rows, located, ctx, extra=[str(key) for key in located.value if key not in names])
    outputs = {}
    given = located.value.get("outputs")
    if "outputs" in located.value and not isinstance(given, Mapping):
        ctx.error(located, f"{show(given)} is not a mapping of outputs.", "outputs")
    for item in located.child("outputs").items() if isinstance(given, Mapping) else ():
        graph.check(item, ctx, scope, name)
        converted = one_output(item, ctx)
        if converted is not None and converted is not INVALID:
            outputs[item.name] = converted
    metric = snake(task.node_metric or task.metric)
    body = {"name": name, "type": "automl", "task": snake(task.name), "tags": {}, "properties": {}, **body}
    verbosity = {} if task.family == "text" else {"log_verbosity": "info"}
    body = {**body, "outputs": outputs, **verbosity, "primary_metric": metric, **own}
    if task.family == "table":
        body.setdefault("training", {})
    else:
        trials = {"max_trials": 1, "max_nodes": 1} if task.family == "text" else {}
        body["limits"] = {**trials, **body.get("limits", {})}
    return body
