"""The settings of AutoML jobs, as tables that can be written in two ways: the service's own, and YAML's (in pipelines).

Source: azure-ai-ml 1.35.2, ``_schema/automl/`` and ``entities/_job/automl/``; the words are those of its REST models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.kinds.automl.words import (
    META_LEARNERS,
    TRANSFORMERS,
)
from airflow_azureml.jobspec.table.convert import nested
from airflow_azureml.jobspec.table.field import Convert, Field, as_written
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Translator
from airflow_azureml.jobspec.table.values import choice, iso_duration, listed, mapped, number, text, truth, whole

PARTS = {
    *("cv_split_column_names", "blocked_transformers", "drop_columns", "training_mode"),
    *("allowed_training_algorithms", "blocked_training_algorithms"),
    *("featurization", "limits", "training", "forecasting", "sweep", "training_parameters", "search_space"),
    *("transformer_params", "column_name_and_types", "stack_ensemble_settings", "stack_meta_learner_kwargs"),
    "early_termination",
}
"""Keys that hold mappings or lists: no binding can stand in their place."""


@dataclass(frozen=True)
class Style:
    """One way of writing settings.

    :param written: in YAML's words, as nodes of a pipeline carry them; else in the service's.
    """

    written: bool

    def rows(self, table: tuple[Field, ...]) -> tuple[Field, ...]:
        """Name the keys of a table."""
        rows = tuple(replace(row, bindable=False) if row.name in PARTS else row for row in table)
        return as_written(rows) if self.written else rows

    def nested(self, table: tuple[Field, ...]) -> Convert:
        """Make a converter for a mapping."""
        return nested(self.rows(table))

    def word(self, words: list[str], what: str) -> Convert:
        """Make a converter for one of the service's words, in any spelling."""
        return choice({snake(word): snake(word) if self.written else word for word in words}, what, fold=snake)

    def minutes(self, located: Located, ctx: Translator) -> Any:
        """Take minutes."""
        given = whole(located, ctx)
        if given is INVALID or self.written:
            return given
        return iso_duration(given * 60) if given else OMIT


# -- tables of data


def limits(style: Style, *names: str) -> Convert:
    """Make a converter for limits."""
    rows = {
        "enable_early_termination": Field("enable_early_termination", "enableEarlyTermination", truth),
        "exit_score": Field("exit_score", "exitScore", number),
        "max_concurrent_trials": Field("max_concurrent_trials", "maxConcurrentTrials", whole),
        "max_cores_per_trial": Field("max_cores_per_trial", "maxCoresPerTrial", whole),
        "max_nodes": Field("max_nodes", "maxNodes", whole),
        "max_trials": Field("max_trials", "maxTrials", whole),
        "timeout_minutes": Field("timeout_minutes", "timeout", style.minutes),
        "trial_timeout_minutes": Field("trial_timeout_minutes", "trialTimeout", style.minutes),
    }
    return style.nested(tuple(row for name, row in rows.items() if not names or name in names))


def _parameter(located: Located, ctx: Translator) -> Any:
    """Take a parameter of a transformer: a number, always as a fraction, or a text."""
    if isinstance(located.value, str):
        try:
            return float(located.value)
        except ValueError:
            return located.value
    return number(located, ctx)


def featurization(style: Style) -> Convert:
    """Make a converter for the featurization of tables."""
    keys = {"imputer": "Imputer", "tf_idf": "TfIdf", "hash_one_hot_encoder": "HashOneHotEncoder"}
    transformer = nested(
        (Field("fields", "fields", listed(text)), Field("parameters", "parameters", mapped(_parameter, null=True)))
    )

    def transformers(located: Located, ctx: Translator) -> Any:
        if not isinstance(located.value, Mapping):
            return ctx.error(located, f"{show(located.value)} is not a mapping. Accepted keys: {', '.join(keys)}.")
        body = {}
        for item in located.items():
            word = snake(str(item.path[-1]))
            if word not in keys:
                ctx.error(item, f"{show(item.path[-1])} is not a transformer.{nearest(item.path[-1], keys)}")
                continue
            body[word if style.written else keys[word]] = listed(transformer)(item, ctx)
        return INVALID if INVALID in body.values() else body

    modes = {word: word for word in ("auto", "off", "custom")}
    rows = (
        Field("mode", "mode", choice(modes, "a mode")),
        Field("dataset_language", "datasetLanguage", text),
        Field("blocked_transformers", "blockedTransformers", listed(style.word(TRANSFORMERS, "a transformer"))),
        Field("column_name_and_types", "columnNameAndTypes", mapped(text)),
        Field("transformer_params", "transformerParams", transformers),
        Field("enable_dnn_featurization", "enableDnnFeaturization", truth),
    )

    def convert(located: Located, ctx: Translator) -> Any:
        body = style.nested(rows)(located, ctx)
        defaults = {} if style.written else {"mode": "auto", "transformerParams": {}}
        return {**defaults, **body} if isinstance(body, dict) else body

    return convert


def training(style: Style, models: list[str]) -> Convert:
    """Make a converter for the training of tables."""
    stack = (
        Field("stack_meta_learner_kwargs", "stackMetaLearnerKWargs", mapped(anything)),
        Field("stack_meta_learner_train_percentage", "stackMetaLearnerTrainPercentage", number),
        Field("stack_meta_learner_type", "stackMetaLearnerType", style.word(META_LEARNERS, "a learner"), required=True),
    )

    def stacked(located: Located, ctx: Translator) -> Any:
        body = style.nested(stack)(located, ctx)
        name = stack[1].name if style.written else stack[1].api_name
        return {name: 0.2, **body} if isinstance(body, dict) else body

    algorithms = listed(style.word(models, "an algorithm"))
    mode = style.word(["Auto", "Distributed", "NonDistributed"], "a mode")
    timeout = "ensemble_model_download_timeout_minutes"
    return style.nested(
        (
            Field("enable_dnn_training", "enableDnnTraining", truth),
            Field("enable_model_explainability", "enableModelExplainability", truth),
            Field("enable_onnx_compatible_models", "enableOnnxCompatibleModels", truth),
            Field("enable_stack_ensemble", "enableStackEnsemble", truth),
            Field("enable_vote_ensemble", "enableVoteEnsemble", truth),
            Field(timeout, "ensembleModelDownloadTimeout", style.minutes),
            Field("stack_ensemble_settings", "stackEnsembleSettings", stacked),
            Field("training_mode", "trainingMode", mode),
            Field("allowed_training_algorithms", "allowedTrainingAlgorithms", algorithms),
            Field("blocked_training_algorithms", "blockedTrainingAlgorithms", algorithms),
        )
    )


def auto_or(style: Style, make: Callable[[Any], Any], several: bool = False) -> Convert:
    """Make a converter for ``auto`` or a number of one's own.

    :param make: writes the number in the service's words.
    :param several: take a list of numbers, too.
    """

    def convert(located: Located, ctx: Translator) -> Any:
        if isinstance(located.value, str) and located.value.lower() == "auto":
            return "auto" if style.written else {"mode": "Auto"}
        given = listed(whole)(located, ctx) if several and isinstance(located.value, list) else whole(located, ctx)
        if not given:
            return OMIT
        return given if style.written or given is INVALID else make(given)

    return convert


def _custom(value: Any) -> Any:
    return {"mode": "Custom", "value": value}


def _lags(value: Any) -> Any:
    return {"mode": "Custom", "values": value if isinstance(value, list) else [value]}


def _names(style: Style) -> Convert:
    """Make a converter for one name or several; Microsoft's client writes several into a node as the text of a list."""

    def convert(located: Located, ctx: Translator) -> Any:
        if isinstance(located.value, str):
            return located.value if style.written or not located.value else [located.value]
        found = listed(text)(located, ctx)
        return str(found) if style.written and found is not INVALID else found

    return convert


def _lower(*words: str) -> Convert:
    return choice({word: word for word in words}, "one of these words")


def forecasting(style: Style) -> Convert:
    """Make a converter for the settings of a forecast."""
    return style.nested(
        (
            Field("country_or_region_for_holidays", "countryOrRegionForHolidays", text),
            Field("cv_step_size", "cvStepSize", whole),
            Field("forecast_horizon", "forecastHorizon", auto_or(style, _custom)),
            Field("target_lags", "targetLags", auto_or(style, _lags, several=True)),
            Field("target_rolling_window_size", "targetRollingWindowSize", auto_or(style, _custom)),
            Field("time_column_name", "timeColumnName", text),
            Field("time_series_id_column_names", "timeSeriesIdColumnNames", _names(style)),
            Field("frequency", "frequency", text),
            Field("feature_lags", "featureLags", _lower("none", "auto")),
            Field("seasonality", "seasonality", auto_or(style, _custom)),
            Field("short_series_handling_config", "shortSeriesHandlingConfig", _lower("none", "auto", "pad", "drop")),
            Field("use_stl", "useStl", _lower("none", "season", "seasontrend")),
            Field("target_aggregate_function", "targetAggregateFunction", _lower("none", "sum", "max", "min", "mean")),
            Field("features_unknown_at_forecast_time", "featuresUnknownAtForecastTime", _names(style)),
        )
    )


def cross_validations(style: Style) -> Convert:
    """Make a converter for the number of cross validations; one alone is sent as it is."""
    return auto_or(style, lambda value: _custom(value) if value > 1 else value)
