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
    CROSS_VALIDATIONS,
    FORECASTING,
    featurization,
    limits,
    training,
    word,
)
from airflow_azureml.jobspec.kinds.automl.words import (
    CLASSIFIERS,
    FORECASTERS,
    METRICS,
    NUMERIC_METRICS,
    REGRESSORS,
    VERBOSITY,
)
from airflow_azureml.jobspec.kinds.sweep.job import ALGORITHMS, EARLY_TERMINATION, sampling_algorithm
from airflow_azureml.jobspec.table.convert import nested
from airflow_azureml.jobspec.table.field import Field
from airflow_azureml.jobspec.table.form import Form, snake
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
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


def data(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take a table of data; whatever its mode, only its place is sent. A node takes none of its own: Microsoft's client
    sends that as the text of a Python object."""
    if ctx.form is Form.COMPONENT:
        binding = "${{parent.inputs.NAME}}"
        return ctx.error(located, f"{show(located.value)}: a node takes its data by a binding, {binding}.")
    if not isinstance(located.value, Mapping):
        accepted = "a mapping with type: mltable and path"
        return ctx.error(located, f"{show(located.value)} is not data. Accepted: {accepted}.")
    io.unknown(located, ctx, io.INPUT_KEYS)
    data_type = located.value.get("type", "mltable")
    if not isinstance(data_type, str) or data_type.lower() != "mltable":
        return ctx.error(located, f"{show(data_type)} is not a type of data here. Accepted: mltable.", "type")
    path = located.value.get("path")
    if not isinstance(path, str) or not path:
        return ctx.error(located, "data needs a path.", "path")
    io.input_mode(located, ctx, "mltable")
    # Without a type Microsoft's client takes the path for a folder, and writes it as one.
    path_type = "mltable" if "type" in located.value else "uri_folder"
    uri = io.data_uri(located.child("path"), ctx, path_type, datastore(located, ctx))
    return uri if uri is INVALID else {"jobInputType": "mltable", "uri": uri}


_algorithm_name = choice({name: name for name in ALGORITHMS}, "a sampling algorithm", fold=snake)


def _algorithm(located: Located, ctx: Translator) -> object:
    """Take a sampling algorithm by its name, in a node also with its settings."""
    with_settings = ctx.form is Form.COMPONENT and isinstance(located.value, Mapping)
    return (sampling_algorithm if with_settings else _algorithm_name)(located, ctx)


_SWEEP = nested(
    (
        Field("sampling_algorithm", "samplingAlgorithm", _algorithm, required=True),
        Field("early_termination", "earlyTermination", EARLY_TERMINATION, bindable=False),
    )
)


def details(task: Task) -> tuple[Field, ...]:
    """The rows of a task's own settings."""
    rows: tuple[Field, ...] = (
        Field("primary_metric", "primaryMetric", word(task.metrics, f"a metric of {snake(task.name)}")),
        Field("log_verbosity", "logVerbosity", word(VERBOSITY, "a verbosity")),
        Field("training_data", "trainingData", data, required=True),
        Field("validation_data", "validationData", data),
        Field("target_column_name", "targetColumnName", text, required=task.name != "TextNER"),
    )
    if task.family != "text":
        sent, size = ("testData", "testDataSize") if task.family == "table" else (None, None)
        rows += (
            Field("validation_data_size", "validationDataSize", number),
            Field("test_data", sent, data, component="test_data"),
            Field("test_data_size", size, number, component="test_data_size"),
        )
    return rows + _FAMILIES[task.family](task)


def _table_rows(task: Task) -> tuple[Field, ...]:
    rows: tuple[Field, ...] = (
        Field("limits", "limitSettings", limits()),
        Field("featurization", "featurizationSettings", featurization),
        Field("cv_split_column_names", "cvSplitColumnNames", listed(text)),
        Field("n_cross_validations", "nCrossValidations", CROSS_VALIDATIONS),
        Field("weight_column_name", "weightColumnName", text),
        Field("training", "trainingSettings", training(task.models)),
    )
    if task.name == "Classification":
        rows += (Field("positive_label", "positiveLabel", text),)
    if task.name == "Forecasting":
        rows += (Field("forecasting", "forecastingSettings", FORECASTING),)
    return rows


def _image_rows(task: Task) -> tuple[Field, ...]:
    return (
        Field("limits", "limitSettings", limits("max_concurrent_trials", "max_trials", "timeout_minutes")),
        Field("sweep", "sweepSettings", _SWEEP),
        Field("training_parameters", "modelSettings", model_settings(task.models)),
        Field("search_space", "searchSpace", model_space(task.models)),
    )


def _text_rows(task: Task) -> tuple[Field, ...]:
    names = ("max_concurrent_trials", "max_trials", "max_nodes", "timeout_minutes", "trial_timeout_minutes")
    language = (Field("dataset_language", "datasetLanguage", text),)
    return (
        Field("limits", "limitSettings", limits(*names)),
        Field("featurization", "featurizationSettings", nested(language)),
        Field("sweep", "sweepSettings", _SWEEP),
        Field("training_parameters", "fixedParameters", model_settings(task.models)),
        Field("search_space", "searchSpace", model_space(task.models)),
    )


_FAMILIES = {"table": _table_rows, "image": _image_rows, "text": _text_rows}


def task_of(located: Located, ctx: Translator, fold: Callable[[str], str]) -> Task | None:
    """Read the task. Microsoft's client takes a job's only as it is written in its documents, a node's in any case."""
    task_name = located.value.get("task")
    if isinstance(task_name, str) and fold(task_name) in TASKS:
        return TASKS[fold(task_name)]
    if task_name is None:
        ctx.error(located, f'"task" is required. Accepted: {", ".join(TASKS)}.', "task")
    else:
        ctx.error(located, f"{show(task_name)} is not a task.{nearest(task_name, TASKS)}", "task")
    return None
