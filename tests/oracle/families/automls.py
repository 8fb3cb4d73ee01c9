"""AutoML jobs and nodes: each task with every key it has, settings in all spellings, what other tasks have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, each, these

JOB: dict[str, Any] = {
    "type": "automl",
    "name": "am",
    "display_name": "D",
    "experiment_name": "ex",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"p": "v"},
    "compute": "azureml:c",
    "environment_id": "e",
    "environment_variables": {"A": "b"},
    "outputs": {"best": {"type": "mlflow_model"}},
    "resources": {"instance_type": "T", "instance_count": 2},
    "queue_settings": {"job_tier": "spot", "priority": "low"},
    "identity": {"type": "managed"},
    "services": {"s": {"type": "jupyter_lab"}},
    "log_verbosity": "debug",
    "target_column_name": "y",
    "training_data": {"type": "mltable", "path": "mlt"},
    "validation_data": {"type": "mltable", "path": "azureml:x:1"},
}
TABLE: dict[str, Any] = {
    **JOB,
    "validation_data_size": 0.2,
    "test_data": {"type": "mltable", "path": "mlt"},
    "test_data_size": 0.1,
    "cv_split_column_names": ["a"],
    "n_cross_validations": 5,
    "weight_column_name": "w",
    "featurization": {
        "mode": "custom",
        "dataset_language": "eng",
        "blocked_transformers": ["label_encoder", "TfIdf"],
        "column_name_and_types": {"a": "Numeric"},
        "transformer_params": {"imputer": [{"fields": ["a"], "parameters": {"strategy": "constant", "fill_value": 0}}]},
        "enable_dnn_featurization": True,
    },
    "limits": {
        "enable_early_termination": True,
        "exit_score": 0.5,
        "max_concurrent_trials": 2,
        "max_cores_per_trial": -1,
        "max_nodes": 2,
        "max_trials": 3,
        "timeout_minutes": 90,
        "trial_timeout_minutes": 20,
    },
}
TRAINING: dict[str, Any] = {
    "enable_dnn_training": False,
    "enable_model_explainability": True,
    "enable_onnx_compatible_models": False,
    "enable_stack_ensemble": True,
    "enable_vote_ensemble": True,
    "ensemble_model_download_timeout_minutes": 5,
    "stack_ensemble_settings": {
        "stack_meta_learner_type": "logistic_regression",
        "stack_meta_learner_train_percentage": 0.3,
    },
    "training_mode": "auto",
    "allowed_training_algorithms": ["random_forest"],
    "blocked_training_algorithms": ["light_gbm"],
}
FORECAST: dict[str, Any] = {
    "country_or_region_for_holidays": "US",
    "cv_step_size": 2,
    "forecast_horizon": 12,
    "target_lags": [1, 2],
    "target_rolling_window_size": 3,
    "time_column_name": "t",
    "time_series_id_column_names": ["a"],
    "frequency": "D",
    "feature_lags": "auto",
    "seasonality": 4,
    "short_series_handling_config": "pad",
    "use_stl": "season",
    "target_aggregate_function": "sum",
    "features_unknown_at_forecast_time": ["b"],
}
SWEEP = {
    "sampling_algorithm": "bayesian",
    "early_termination": {"type": "bandit", "slack_factor": 0.2, "evaluation_interval": 2, "delay_evaluation": 6},
}
LIMITS = {"max_trials": 10, "max_concurrent_trials": 2, "timeout_minutes": 60}
IMAGE: dict[str, Any] = {**JOB, "validation_data_size": 0.2, "limits": LIMITS, "sweep": SWEEP}
MODEL: dict[str, Any] = {
    "ams_gradient": True,
    "advanced_settings": "{}",
    "beta1": 0.9,
    "checkpoint_frequency": 1,
    "checkpoint_run_id": "r",
    "distributed": True,
    "early_stopping": True,
    "early_stopping_delay": 1,
    "enable_onnx_normalization": False,
    "evaluation_frequency": 1,
    "gradient_accumulation_step": 1,
    "layers_to_freeze": 2,
    "learning_rate": 1e-4,
    "learning_rate_scheduler": "warmup_cosine",
    "model_name": "m",
    "momentum": 1,
    "optimizer": "sgd",
    "random_seed": 1,
    "training_batch_size": 2,
    "warmup_cosine_lr_cycles": 0.5,
}
CLASSES = {"training_crop_size": 224, "validation_crop_size": 224, "validation_resize_size": 256, "weighted_loss": 0}
OBJECTS = {
    "box_score_threshold": 0.3,
    "image_size": 600,
    "model_size": "extra_large",
    "multi_scale": False,
    "nms_iou_threshold": 1,
    "tile_grid_size": "3x2",
    "validation_metric_type": "coco_voc",
    "log_training_metrics": "Enable",
    "log_validation_loss": "disable",
}
SEARCH: dict[str, Any] = {
    "model_name": {"type": "choice", "values": ["a", "b"]},
    "learning_rate": {"type": "uniform", "min_value": 1e-5, "max_value": 0.01},
    "number_of_epochs": {"type": "choice", "values": [15, 30]},
    "optimizer": {"type": "choice", "values": ["sgd", "adamw"]},
    "early_stopping": {"type": "choice", "values": [True, False]},
    "layers_to_freeze": 2,
    "momentum": 0.5,
    "warmup_cosine_lr_warmup_epochs": {"type": "randint", "upper": 3},
}
TEXT: dict[str, Any] = {
    **JOB,
    "limits": {**LIMITS, "max_nodes": 2, "trial_timeout_minutes": 30},
    "featurization": {"dataset_language": "eng"},
    "sweep": SWEEP,
    "training_parameters": {
        "gradient_accumulation_steps": 1,
        "learning_rate": 0.01,
        "learning_rate_scheduler": "linear",
        "model_name": "bert",
        "number_of_epochs": 2,
        "training_batch_size": 8,
        "validation_batch_size": 8,
        "warmup_ratio": 0.1,
        "weight_decay": 1,
    },
    "search_space": [
        {
            "model_name": {"type": "choice", "values": ["bert", "x"]},
            "learning_rate_scheduler": {"type": "choice", "values": ["cosine_with_restarts", "linear"]},
            "weight_decay": {"type": "choice", "values": [0.01, 1]},
            "number_of_epochs": 3,
        },
        {"model_name": "y"},
    ],
}
TASKS: dict[str, dict[str, Any]] = {
    "classification": {**TABLE, "primary_metric": "auc_weighted", "positive_label": "1", "training": TRAINING},
    "regression": {**TABLE, "primary_metric": "r2_score", "training": TRAINING},
    "forecasting": {**TABLE, "primary_metric": "r2_score", "forecasting": FORECAST, "training": TRAINING},
    "image_classification": {
        **IMAGE,
        "primary_metric": "accuracy",
        "training_parameters": {**MODEL, **CLASSES},
        "search_space": [SEARCH, {**SEARCH, "training_crop_size": {"type": "choice", "values": [1, 2]}}],
    },
    "image_classification_multilabel": {
        **IMAGE,
        "primary_metric": "iou",
        "training_parameters": CLASSES,
        "search_space": [SEARCH],
    },
    "image_object_detection": {
        **IMAGE,
        "primary_metric": "mean_average_precision",
        "training_parameters": {**MODEL, **OBJECTS},
        "search_space": [{**SEARCH, "model_size": {"type": "choice", "values": ["small", "large"]}}],
    },
    "image_instance_segmentation": {**IMAGE, "training_parameters": OBJECTS, "search_space": [SEARCH]},
    "text_classification": {**TEXT, "primary_metric": "accuracy"},
    "text_classification_multilabel": {**TEXT, "primary_metric": "accuracy"},
    "text_ner": {**TEXT, "primary_metric": "accuracy"},
}
METRICS = (
    *("AUCWeighted", "auc_weighted", "AUC_weighted", "accuracy", "Accuracy", "norm_macro_recall", "NormMacroRecall"),
    *("average_precision_score_weighted", "precision_score_weighted", "spearman_correlation", "R2Score", "r2_score"),
    *("normalized_root_mean_squared_error", "NormalizedMeanAbsoluteError", "mean_average_precision", "IOU", "iou"),
    *("MeanAveragePrecision", "f1"),
)
ALGORITHMS = (
    *("LightGBM", "light_gbm", "lightgbm", "XGBoostClassifier", "xg_boost_classifier", "xgboost_classifier", "KNN"),
    *("knn", "SVM", "linear_svm", "LinearSVM", "sgd", "TCNForecaster", "tcn_forecaster", "AutoArima", "auto_arima"),
    *("Prophet", "ExtremeRandomTrees", "extreme_random_trees", "lasso_lars", "XGBoostRegressor", "elastic_net", "x"),
)
AUTO_OR = ("auto", "Auto", "AUTO", 1, 0, "5", -1, 2.5, "x")
TABLES: dict[str, dict[str, Any]] = {
    **{f"cross validations {value!r}": {"n_cross_validations": value} for value in AUTO_OR},
    **{f"allowed {word}": {"training/allowed_training_algorithms": [word]} for word in ALGORITHMS},
    "blocked in all spellings": {"training/blocked_training_algorithms": ["LightGBM", "random_forest", "KNN"]},
    "blocked alone": {"training": {"blocked_training_algorithms": ["KNN"]}},
    **{f"mode {word}": {"featurization/mode": word} for word in ("auto", "Off", "CUSTOM", "x")},
    "no mode": {"featurization/mode": ...},
    "no featurization": {"featurization": ...},
    "an empty featurization": {"featurization": {}},
    **{
        f"transformer {word}": {"featurization/transformer_params": {word: [{"fields": ["a"]}]}}
        for word in ("tf_idf", "TfIdf", "Imputer", "hash_one_hot_encoder", "HashOneHotEncoder", "x", "label_encoder")
    },
    **{
        f"parameter {value!r}": {"featurization/transformer_params/imputer": [{"parameters": {"a": value}}]}
        for value in ("1", 1, 0.5, True, None, "x", [1], {"b": 1})
    },
    **{f"blocked {word}": {"featurization/blocked_transformers": [word]} for word in ("WoETargetEncoder", "tf_idf", 1)},
    **{
        f"learner {word}": {"training/stack_ensemble_settings": {"stack_meta_learner_type": word}}
        for word in ("LightGBMClassifier", "light_gbm_classifier", "none", "ElasticNetCV", "elastic_net_cv", "x")
    },
    "the arguments of a learner": {"training/stack_ensemble_settings/stack_meta_learner_kwargs": {"a": 1}},
    "settings without a learner": {"training/stack_ensemble_settings": {"stack_meta_learner_train_percentage": 0.3}},
    **{f"training mode {word}": {"training/training_mode": word} for word in ("Distributed", "non_distributed", "x")},
    **{f"timeout {value!r}": {"limits/timeout_minutes": value} for value in (0, 1, 1440, "30", 2.5, -1, "PT1H")},
    "an empty training": {"training": {}},
    "no training": {"training": ...},
    "no limits": {"limits": ...},
    "empty limits": {"limits": {}},
}
FORECASTS: dict[str, dict[str, Any]] = {
    **{
        f"{key} {value!r}": {f"forecasting/{key}": value}
        for key in ("forecast_horizon", "target_lags", "target_rolling_window_size", "seasonality")
        for value in (*AUTO_OR, [1], ["auto"], [], None)
    },
    **{
        f"{key} {value!r}": {f"forecasting/{key}": value}
        for key in ("time_series_id_column_names", "features_unknown_at_forecast_time")
        for value in ("a", "", [], ["a", "b"], [1], None)
    },
    **{
        f"{key} {value}": {f"forecasting/{key}": value}
        for key, words in {
            "feature_lags": ("none", "None", "Auto"),
            "use_stl": ("none", "Season", "SeasonTrend", "season_trend", "seasontrend"),
            "short_series_handling_config": ("none", "Auto", "DROP"),
            "target_aggregate_function": ("none", "Max", "mean", "avg"),
        }.items()
        for value in words
    },
    "no time column": {"forecasting/time_column_name": ...},
    "no forecasting": {"forecasting": ...},
    "empty forecasting": {"forecasting": {}},
}
SWEEPS: dict[str, dict[str, Any]] = {
    **{f"sampling {word}": {"sweep/sampling_algorithm": word} for word in ("Random", "grid", "x", "")},
    "sampling mapping": {"sweep/sampling_algorithm": {"type": "random"}},
    "no sampling": {"sweep/sampling_algorithm": ...},
    "no termination": {"sweep/early_termination": ...},
    "median": {"sweep/early_termination": {"type": "median_stopping"}},
    "truncation": {"sweep/early_termination": {"type": "truncation_selection", "truncation_percentage": 20}},
    "bandit alone": {"sweep/early_termination": {"type": "Bandit"}},
    "no sweep": {"sweep": ...},
    "empty sweep": {"sweep": {}},
    "no search": {"search_space": ...},
    "an empty search": {"search_space": []},
    "a search of nothing": {"search_space": [{}]},
    "a search that is a mapping": {"search_space": {"model_name": "x"}},
    "no parameters": {"training_parameters": ...},
    "empty parameters": {"training_parameters": {}},
    "no limits": {"limits": ...},
    "empty limits": {"limits": {}},
    **{f"timeout {value!r}": {"limits/timeout_minutes": value} for value in (0, 1, 1440, "30", -1)},
    **{
        f"rate {word}": {"search_space": [{"learning_rate": value}]}
        for word, value in {
            "1": 1,
            "'1'": "1",
            "1e-5": 1e-5,
            "1e20": 1e20,
            "true": True,
            "whole choices": {"type": "choice", "values": [1, 2]},
            "mixed choices": {"type": "choice", "values": [1, 2.5]},
            "text choices": {"type": "choice", "values": ["1", "2.5"]},
            "no choices": {"type": "choice", "values": []},
            "randint": {"type": "randint", "upper": 3},
            "loguniform": {"type": "loguniform", "min_value": -6, "max_value": -1.5},
            "normal": {"type": "normal", "mu": 0, "sigma": 1},
            "quniform": {"type": "quniform", "min_value": 0, "max_value": 1, "q": 0.1},
            "text": "x",
            "Uniform": {"type": "Uniform", "min_value": "0", "max_value": 1},
            "less": {"type": "uniform", "min_value": 0},
            "typeless": {"min_value": 0, "max_value": 1},
        }.items()
    },
    **{
        f"epochs {word}": {"search_space": [{"number_of_epochs": value}]}
        for word, value in {
            "1.5": 1.5,
            "'1'": "1",
            "fractions": {"type": "choice", "values": [1.5, 2]},
            "texts": {"type": "choice", "values": ["1"]},
            "uniform": {"type": "uniform", "min_value": 0, "max_value": 1},
            "quniform": {"type": "quniform", "min_value": 0, "max_value": 10, "q": 2},
            "qnormal": {"type": "qnormal", "mu": 0, "sigma": 10, "q": 2},
            "qloguniform": {"type": "qloguniform", "min_value": 0, "max_value": 10, "q": 2},
        }.items()
    },
    **{
        f"model {word}": {"search_space": [{"model_name": value}]}
        for word, value in {
            "quoted": "it's",
            "numbers": {"type": "choice", "values": [1]},
            "number": 3,
            "uniform": {"type": "uniform", "min_value": 0, "max_value": 1},
            "one text": {"type": "choice", "values": "x"},
        }.items()
    },
    "an optimizer in capitals": {"search_space": [{"optimizer": "Adam"}]},
    "optimizers in capitals": {"search_space": [{"optimizer": {"type": "choice", "values": ["AdamW", "None"]}}]},
    "a wrong optimizer": {"search_space": [{"optimizer": "x"}]},
    "a scheduler": {"search_space": [{"learning_rate_scheduler": {"type": "choice", "values": ["step", "Linear"]}}]},
    "a scheduler for parameters": {"training_parameters": {"learning_rate_scheduler": "Step"}},
    "another scheduler for parameters": {"training_parameters": {"learning_rate_scheduler": "CosineWithRestarts"}},
    "an optimizer for parameters": {"training_parameters": {"optimizer": "AdamW"}},
    "epochs as text": {"training_parameters": {"number_of_epochs": "3"}},
    "a rate as text": {"training_parameters": {"learning_rate": "0.1"}},
    "a switch": {"training_parameters": {"log_training_metrics": "ENABLE"}},
    "an unknown parameter": {"training_parameters": {"x": 1}},
}
DATA: dict[str, Any] = {
    "no type": {"path": "mlt"},
    "no type and a reference": {"path": "azureml:x:1"},
    "no type and a store": {"path": "azureml://datastores/a/paths/b"},
    "a store": {"type": "mltable", "path": "azureml://datastores/a/paths/b"},
    "latest": {"type": "mltable", "path": "azureml:x@latest"},
    "bare": {"type": "mltable", "path": "x:1"},
    "registry": {"type": "mltable", "path": "azureml://registries/r/data/d/versions/1"},
    "url": {"type": "mltable", "path": "https://a/b"},
    "folder": {"type": "uri_folder", "path": "data"},
    "file": {"type": "uri_file", "path": "data.csv"},
    "capitals": {"type": "MLTable", "path": "mlt"},
    "missing": {"type": "mltable", "path": "nope"},
    "no table": {"type": "mltable", "path": "data"},
    "mode": {"type": "mltable", "path": "mlt", "mode": "eval_mount"},
    "wrong mode": {"type": "mltable", "path": "mlt", "mode": "ro_mount"},
    "datastore": {"type": "mltable", "path": "mlt", "datastore": "azureml:d"},
    "text": "mlt",
    "reference": "azureml:x:1",
    "pathless": {"type": "mltable"},
    "unknown key": {"type": "mltable", "path": "mlt", "x": 1},
    "slash": {"type": "mltable", "path": "mlt/"},
}
OTHERS: dict[str, dict[str, Any]] = {
    **{f"training data {word}": {"training_data": value} for word, value in DATA.items()},
    **{f"validation data {word}": {"validation_data": value} for word, value in DATA.items() if "path" in word},
    **{f"metric {word}": {"primary_metric": word} for word in METRICS},
    **{f"verbosity {word}": {"log_verbosity": word} for word in ("NotSet", "not_set", "INFO", "Warning", "x")},
    "no metric": {"primary_metric": None},
    "serverless": {"compute": "serverless"},
    "no compute": {"compute": ...},
    "an output": {"outputs": {"best": {"type": "uri_folder", "path": "azureml://datastores/a/paths/b", "name": "x"}}},
    "an output of nothing": {"outputs": {"best": None}},
    "all resources": {
        "resources": {
            **{"instance_count": 2, "shm_size": "2g", "docker_args": "x", "locations": ["a"], "properties": {"a": 1}},
            "max_instance_count": 3,
        }
    },
    "no resources": {"resources": ...},
    "a user": {"identity": {"type": "user_identity"}},
    "a token": {"identity": {"type": "aml_token"}},
    "an environment": {"environment": "azureml:e:1"},
    "inputs": {"inputs": {"a": 1}},
    "code": {"code": "src"},
    "the settings of forecasts": {"forecasting": FORECAST},
    "the settings of a search": {"sweep": SWEEP, "search_space": [SEARCH]},
    "test data": {"test_data": {"type": "mltable", "path": "mlt"}, "test_data_size": 0.1},
    "a positive label": {"positive_label": "x"},
    "a weight column": {"weight_column_name": "x"},
    **{f"service {word}": {"services": {"s": {"type": word}}} for word in ("ssh", "tensor_board", "vs_code", "custom")},
}
SPELLED = ("Classification", "FORECASTING", "ImageClassification", "TextNER", "text_NER", "textner", "image-x", "x")
FEW = {word: VALUES[word] for word in ("null", "true", "one", "3.5", "'1'", "word", "list of a text", "mapping")}
BOUND = {word: VALUES[word] for word in ("null", "one", "word", "binding", "mapping of a text")}


def job(task: str) -> dict[str, Any]:
    """A job of a task."""
    return {"task": task, **TASKS[task]}


def node(task: str) -> dict[str, Any]:
    """A pipeline with a node of a task. Microsoft's client fails to write the search of a text's node."""
    left = {"services", "test_data_size", *(("sweep",) if task.startswith("text") else ())}
    given = {key: value for key, value in job(task).items() if key not in left}
    for name in ("training_data", "validation_data", "test_data"):
        if name in given:
            given[name] = "${{parent.inputs.x}}"
    taken = {"x": {"type": "mltable", "path": "mlt"}, "num": 3, "word": "y"}
    return {
        "type": "pipeline",
        "inputs": taken,
        "outputs": {"po": {"type": "mlflow_model"}},
        "jobs": {"a": {**given, "outputs": {"best": "${{parent.outputs.po}}"}}},
    }


NODES: dict[str, dict[str, Any]] = {
    **{f"training data {word}": {"training_data": value} for word, value in DATA.items()},
    "a mapping with a binding": {"training_data": {"type": "mltable", "path": "${{parent.inputs.x}}"}},
    "an unknown input": {"training_data": "${{parent.inputs.nope}}"},
    "a bound column": {"target_column_name": "${{parent.inputs.word}}"},
    "a bound limit": {"limits/max_trials": "${{parent.inputs.num}}"},
    "an output of a type": {"outputs": {"best": {"type": "mlflow_model"}}},
    "an output of a mode": {"outputs": {"best": {"type": "mlflow_model", "mode": "upload"}}},
    "an output of nothing": {"outputs": {"best": None}},
    "an output with a path": {"outputs": {"best": {"type": "uri_folder", "path": "azureml://datastores/a/paths/b"}}},
    "an output with a name": {"outputs": {"best": {"type": "mlflow_model", "name": "n", "version": "1"}}},
    "no outputs": {"outputs": ...},
    **{key: value for key, value in OTHERS.items() if " data " not in key and "output" not in key},
}


def cases() -> Iterator[Case]:
    """All of them."""
    for task in TASKS:
        full = job(task)
        if task in {"classification", "image_object_detection", "text_classification"}:
            yield from each(f"automl {task}", full, FILES, values=FEW)
            yield from each(f"automl node {task}", node(task), FILES, only=lambda way: len(way) > 2, values=BOUND)
            yield from these(f"automl {task}", full, OTHERS)
            yield from these(f"automl {task}", full, {f"task {word}": {"task": word} for word in SPELLED})
        else:
            yield Case(f"automl {task}: as it is", full, FILES)
            yield Case(f"automl node {task}: as it is", node(task), FILES)
            yield from these(f"automl {task}", full, {key: OTHERS[key] for key in OTHERS if "metric" in key})
        least = {"type": "automl", "task": task, "compute": "azureml:c"}
        data = {"training_data": full["training_data"], "target_column_name": "y"}
        for key in full:
            yield Case(f"automl {task}: with {key}", {**least, **data, key: full[key]}, FILES)
            part = node(task)["jobs"]["a"]
            if key in part:
                inner = {**least, **{name: part[name] for name in (*data, key)}}
                yield Case(f"automl node {task}: with {key}", {**node(task), "jobs": {"a": inner}}, FILES)
        changes = (TABLES if "training" in full else SWEEPS) | (FORECASTS if "forecasting" in full else {})
        yield from these(f"automl {task}", full, changes)
        for rows in (changes, NODES):
            found = {word: {f"jobs/a/{key}": value for key, value in row.items()} for word, row in rows.items()}
            found = {
                word: row
                for word, row in found.items()
                if "sweep" in node(task)["jobs"]["a"] or "sweep" not in str(row)
            }
            yield from these(f"automl node {task}", node(task), found)
