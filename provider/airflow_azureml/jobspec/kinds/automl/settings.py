"""The settings of AutoML: in a job in the service's words, in a node of a pipeline in YAML's, as in a component.

Source: azure-ai-ml 1.35.2, ``_schema/automl/`` and ``entities/_job/automl/``; the words are those of its REST models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.kinds.automl.words import META_LEARNERS, TRANSFORMERS
from airflow_azureml.jobspec.table.convert import nested
from airflow_azureml.jobspec.table.field import Container, Convert, Field
from airflow_azureml.jobspec.table.form import Form, snake
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, iso_duration, listed, mapped, number, text, truth, whole


def word(accepted: list[str], expected: str) -> Convert:
    """Make a converter for one of the service's words, in any spelling."""
    return choice({snake(word): word for word in accepted}, expected, fold=snake)


def minutes(located: Located, ctx: Translator) -> Converted[int | str]:
    """Take whole minutes."""
    count = whole(located, ctx)
    if count is INVALID or ctx.form is Form.COMPONENT:
        return count
    return iso_duration(count * 60) if count else OMIT


# -- tables of data


def limits(*names: str) -> Convert:
    """Make a converter for limits."""
    rows = {
        "enable_early_termination": Field("enable_early_termination", "enableEarlyTermination", truth),
        "exit_score": Field("exit_score", "exitScore", number),
        "max_concurrent_trials": Field("max_concurrent_trials", "maxConcurrentTrials", whole),
        "max_cores_per_trial": Field("max_cores_per_trial", "maxCoresPerTrial", whole),
        "max_nodes": Field("max_nodes", "maxNodes", whole),
        "max_trials": Field("max_trials", "maxTrials", whole),
        "timeout_minutes": Field("timeout_minutes", "timeout", minutes),
        "trial_timeout_minutes": Field("trial_timeout_minutes", "trialTimeout", minutes),
    }
    return nested(tuple(row for name, row in rows.items() if not names or name in names))


def _parameter(located: Located, ctx: Translator) -> float | str | Invalid:
    """Take a parameter of a transformer: a number, always as a fraction, or a text."""
    if isinstance(located.value, str):
        try:
            return float(located.value)
        except ValueError:
            return located.value
    return number(located, ctx)


_TRANSFORMERS = {"imputer": "Imputer", "tf_idf": "TfIdf", "hash_one_hot_encoder": "HashOneHotEncoder"}
_TRANSFORMER = listed(
    nested(
        (
            Field("fields", "fields", listed(text), bindable=True),
            Field("parameters", "parameters", mapped(_parameter, null=True), bindable=True),
        )
    )
)
"""Microsoft's client takes a binding for each of these, though one is a list and one a mapping."""


@Container
def _transformers(located: Located, ctx: Translator) -> Converted[dict[str, Any]]:
    """Take the parameters of transformers, by the names of these; without any, a node sends nothing."""
    if not isinstance(located.value, Mapping):
        accepted = ", ".join(_TRANSFORMERS)
        return ctx.error(located, f"{show(located.value)} is not a mapping. Accepted keys: {accepted}.")
    body: dict[str, Any] = {}
    for transformer in located.items():
        key = snake(str(transformer.path[-1]))
        if key not in _TRANSFORMERS:
            hint = nearest(transformer.path[-1], _TRANSFORMERS)
            ctx.error(transformer, f"{show(transformer.path[-1])} is not a transformer.{hint}")
            continue
        body[key if ctx.form is Form.COMPONENT else _TRANSFORMERS[key]] = _TRANSFORMER(transformer, ctx)
    if not located.value and ctx.form is Form.COMPONENT:
        return OMIT
    return INVALID if INVALID in body.values() else body


_FEATURIZATION = nested(
    (
        Field("mode", "mode", choice({mode: mode for mode in ("auto", "off", "custom")}, "a mode")),
        Field("dataset_language", "datasetLanguage", text),
        Field("blocked_transformers", "blockedTransformers", listed(word(TRANSFORMERS, "a transformer"))),
        Field("column_name_and_types", "columnNameAndTypes", mapped(text)),
        Field("transformer_params", "transformerParams", _transformers),
        Field("enable_dnn_featurization", "enableDnnFeaturization", truth),
    )
)


@Container
def featurization(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the featurization of tables."""
    body = _FEATURIZATION(located, ctx)
    defaults = {} if ctx.form is Form.COMPONENT else {"mode": "auto", "transformerParams": {}}
    return INVALID if body is INVALID else {**defaults, **body}


_PERCENTAGE = Field("stack_meta_learner_train_percentage", "stackMetaLearnerTrainPercentage", number)
_STACK = nested(
    (
        Field("stack_meta_learner_kwargs", "stackMetaLearnerKWargs", mapped(anything)),
        _PERCENTAGE,
        Field("stack_meta_learner_type", "stackMetaLearnerType", word(META_LEARNERS, "a learner"), required=True),
    )
)


@Container
def _stack(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the settings of a stack of models."""
    body = _STACK(located, ctx)
    return INVALID if body is INVALID else {str(_PERCENTAGE.sent_as(ctx.form)): 0.2, **body}


def training(models: list[str]) -> Convert:
    """Make a converter for the training of tables."""
    algorithms = listed(word(models, "an algorithm"))
    mode = word(["Auto", "Distributed", "NonDistributed"], "a mode")
    timeout = "ensemble_model_download_timeout_minutes"
    return nested(
        (
            Field("enable_dnn_training", "enableDnnTraining", truth),
            Field("enable_model_explainability", "enableModelExplainability", truth),
            Field("enable_onnx_compatible_models", "enableOnnxCompatibleModels", truth),
            Field("enable_stack_ensemble", "enableStackEnsemble", truth),
            Field("enable_vote_ensemble", "enableVoteEnsemble", truth),
            Field(timeout, "ensembleModelDownloadTimeout", minutes),
            Field("stack_ensemble_settings", "stackEnsembleSettings", _stack),
            Field("training_mode", "trainingMode", mode, bindable=False),
            Field("allowed_training_algorithms", "allowedTrainingAlgorithms", algorithms),
            Field("blocked_training_algorithms", "blockedTrainingAlgorithms", algorithms),
        )
    )


def auto_or(custom: Callable[[Any], Any], several: bool = False) -> Convert:
    """Make a converter for ``auto`` or a number of one's own.

    :param custom: writes the number in the service's words.
    :param several: take a list of numbers, too.
    """
    numbers = listed(whole)

    def convert(located: Located, ctx: Translator) -> object:
        in_yaml = ctx.form is Form.COMPONENT
        if isinstance(located.value, str) and located.value.lower() == "auto":
            return "auto" if in_yaml else {"mode": "Auto"}
        chosen = numbers(located, ctx) if several and isinstance(located.value, list) else whole(located, ctx)
        if not chosen:
            return OMIT
        return chosen if in_yaml or chosen is INVALID else custom(chosen)

    return convert


def _custom(value: Any) -> dict[str, Any]:
    return {"mode": "Custom", "value": value}


def _lags(value: Any) -> dict[str, Any]:
    return {"mode": "Custom", "values": value if isinstance(value, list) else [value]}


_NAMES = listed(text)


def _names(located: Located, ctx: Translator) -> list[Any] | str | Invalid:
    """Take one name or several; Microsoft's client writes several into a node as the text of a list."""
    in_yaml = ctx.form is Form.COMPONENT
    if isinstance(located.value, str):
        return located.value if in_yaml or not located.value else [located.value]
    names = _NAMES(located, ctx)
    return str(names) if in_yaml and names is not INVALID else names


def _lower(*accepted: str) -> Convert:
    return choice({word: word for word in accepted}, "an accepted word")


FORECASTING = nested(
    (
        Field("country_or_region_for_holidays", "countryOrRegionForHolidays", text),
        Field("cv_step_size", "cvStepSize", whole),
        Field("forecast_horizon", "forecastHorizon", auto_or(_custom)),
        Field("target_lags", "targetLags", auto_or(_lags, several=True)),
        Field("target_rolling_window_size", "targetRollingWindowSize", auto_or(_custom)),
        Field("time_column_name", "timeColumnName", text),
        Field("time_series_id_column_names", "timeSeriesIdColumnNames", _names),
        Field("frequency", "frequency", text),
        Field("feature_lags", "featureLags", _lower("none", "auto")),
        Field("seasonality", "seasonality", auto_or(_custom)),
        Field("short_series_handling_config", "shortSeriesHandlingConfig", _lower("none", "auto", "pad", "drop")),
        Field("use_stl", "useStl", _lower("none", "season", "seasontrend")),
        Field("target_aggregate_function", "targetAggregateFunction", _lower("none", "sum", "max", "min", "mean")),
        Field("features_unknown_at_forecast_time", "featuresUnknownAtForecastTime", _names),
    )
)


CROSS_VALIDATIONS = auto_or(lambda value: _custom(value) if value > 1 else value)
"""Takes the number of cross validations; one alone is sent as it is."""
