"""The ten tasks of AutoML, on tables, images and texts, and the rows that each of them has.

Source: azure-ai-ml 1.35.2, ``_schema/automl/``, ``entities/_job/automl/``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.grammar import inputs as io
from airflow_azureml.jobspec.grammar.local_files import datastore
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
from airflow_azureml.jobspec.kinds.sweep.node import yaml_algorithm
from airflow_azureml.jobspec.table.field import Convert, Field
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.translator import INVALID, Translator
from airflow_azureml.jobspec.table.values import choice, listed, number, text

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
    uri = io.data_uri(located.child("path"), ctx, given, datastore(located, ctx))
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
        return (yaml_algorithm if settings else word)(located, ctx)

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


def task_of(located: Located, ctx: Translator, fold: Callable[[str], str]) -> Task | None:
    """Read the task. Microsoft's client takes a job's only as it is written in its documents, a node's in any case."""
    word = located.value.get("task")
    if isinstance(word, str) and fold(word) in TASKS:
        return TASKS[fold(word)]
    if word is None:
        ctx.error(located, f'"task" is required. Accepted: {", ".join(TASKS)}.', "task")
    else:
        ctx.error(located, f"{show(word)} is not a task.{nearest(word, TASKS)}", "task")
    return None
