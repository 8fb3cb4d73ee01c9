"""Fine-tuning jobs of either provider: every key, models and data in all forms, tasks, parameters, resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, each, these

COMPUTE = "/subscriptions/a/resourceGroups/b/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c"
FULL: dict[str, Any] = {
    "type": "finetuning",
    "name": "ft",
    "display_name": "D",
    "experiment_name": "ex",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"p": "v"},
    "task": "chat_completion",
    "model_provider": "custom",
    "model": {"type": "mlflow_model", "path": "azureml://registries/azureml-meta/models/m/versions/9"},
    "training_data": {"type": "uri_file", "path": "data.csv"},
    "validation_data": {"type": "uri_file", "path": "azureml:x:1"},
    "hyperparameters": {"num_train_epochs": "1", "lr": "0.1"},
    "resources": {"instance_types": ["A", "B"]},
    "queue_settings": {"job_tier": "standard"},
    "outputs": {"model": {"type": "mlflow_model", "name": "n"}},
    "identity": {"type": "managed"},
    "services": {"s": {"type": "jupyter_lab"}},
}
OPENAI: dict[str, Any] = {
    **{key: value for key, value in FULL.items() if key not in {"services", "identity"}},
    "model_provider": "azure_open_ai",
    "hyperparameters": {"batch_size": 1, "learning_rate_multiplier": 1, "n_epochs": 2},
}
OPTIONAL = ("name", "display_name", "experiment_name", "description", "tags", "properties", "outputs")
SCALARS: tuple[Any, ...] = ("1", "", None, 1, 0.5, True, ["a"], {})
PATHS = (
    *("azureml:m:1", "azureml:m@latest", "m", "m:1", "azureml:/subscriptions/x", "mlt", "./mlt", "nope", ""),
    *("azureml://registries/r/models/m/labels/latest", "azureml://datastores/a/paths/b", "https://a/b", "runs:/x/y"),
)
DATA = (
    *("data.csv", "./data.csv", "file:data.csv", "data", "nope.csv", "azureml:x:1", "azureml:x@latest", "x:1", ""),
    *(
        "azureml://datastores/a/paths/b.csv",
        "https://a/b.csv",
        "wasbs://c@a/b",
        "azureml://registries/r/data/d/versions/1",
    ),
)
CHANGES: dict[str, dict[str, Any]] = {
    **{f"model {path}": {"model/path": path} for path in PATHS},
    **{f"model of type {word}": {"model/type": word} for word in ("custom_model", "MLflow_model", "triton_model", "x")},
    "a model without a type": {"model": {"path": "azureml:m:1"}},
    "a model that is a text": {"model": "azureml:m:1"},
    "a model with a mode": {"model/mode": "ro_mount"},
    **{f"data {path}": {"training_data": path} for path in DATA},
    **{f"data at {path}": {"training_data/path": path} for path in DATA},
    **{
        f"data of type {word}": {"training_data": {"type": word, "path": path}}
        for word, path in (("mltable", "mlt"), ("uri_folder", "data"), ("URI_FILE", "data.csv"))
    },
    "data without a type": {"training_data": {"path": "data.csv"}},
    "no data": {"training_data": ..., "validation_data": ...},
    **{
        f"task {word}": {"task": word}
        for word in (
            *("ChatCompletion", "chatCompletion", "text_completion", "TextCompletion", "text_classification"),
            *("question_answering", "text_summarization", "token_classification", "text_translation", "x"),
            *("image_classification", "image_instance_segmentation", "image_object_detection", "CHAT_COMPLETION"),
            "video_multi_object_tracking",
        )
    },
    **{
        f"provider {word}": {"model_provider": word}
        for word in ("Custom", "azure_open_ai", "AzureOpenAI", "azure_openai", "azureopenai", "x")
    },
    **{f"parameter {value!r}": {"hyperparameters": {"a": value}} for value in SCALARS},
    "no parameters": {"hyperparameters": {}},
    "a compute": {"compute": "azureml:c"},
    "a bare compute": {"compute": "c"},
    "serverless": {"compute": "serverless"},
    "the id of a compute": {"compute": COMPUTE},
    "other resources": {"resources": {"instance_type": "A"}},
    "no types": {"resources": {"instance_types": []}},
    "counted": {"resources": {"instance_types": ["A"], "instance_count": 2}},
    "a deployment": {"model_deployment": {"name": "x"}},
    "deployment settings": {"deployment": {"type": "serverless"}},
    "more": {"zzz": 1, "code": "src"},
    "nothing optional": dict.fromkeys(
        ("name", "display_name", "experiment_name", "description", "tags", "properties", "outputs"), ...
    ),
}
MULTIPLIERS = {
    f"{key} {value!r}": {"hyperparameters": {key: value}}
    for key in ("batch_size", "n_epochs", "learning_rate_multiplier", "x")
    for value in (0, 1, "2", 1.5, "1.5", None, True, "auto")
}
FEW = {word: VALUES[word] for word in ("null", "true", "one", "3.5", "empty", "word", "list of a text", "mapping")}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from each("custom model", FULL, FILES, values=FEW)
    yield from each("azure open ai", OPENAI, FILES, values=FEW)
    yield from these("custom model", FULL, CHANGES)
    yield from these("azure open ai", OPENAI, {**CHANGES, **MULTIPLIERS})
