"""Fine-tuning jobs: of a custom model, and of one of Azure OpenAI.

Models and the compute go as they are named, without ``azureml:``, as Microsoft's client sends them; the service knows
them by that. Source: azure-ai-ml 1.35.2, ``_schema/_finetuning/``, ``entities/_job/finetuning/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.spec import inputs as io
from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.fields import INVALID, Field, Reading, nearest, nested, show, snake, walk
from airflow_azureml.spec.outputs import outputs
from airflow_azureml.spec.shared import HEAD, JOB_SERVICES, QUEUE, identity
from airflow_azureml.spec.values import choice, listed, mapped, number, text, whole

TASKS = (
    "chat_completion",
    "text_completion",
    "text_classification",
    "question_answering",
    "text_summarization",
    "token_classification",
    "text_translation",
    "image_classification",
    "image_instance_segmentation",
    "image_object_detection",
    "video_multi_object_tracking",
)


def _camel(word: str) -> str:
    first, *rest = word.split("_")
    return first + "".join(part.capitalize() for part in rest)


def named(given: str, spot: Spot, reading: Reading) -> dict[str, Any]:
    """Make the service's words for a model that is named."""
    if given.startswith((".", "/", "~", "file:")) and not given.startswith("/subscriptions/"):
        reading.warn(spot, f"{show(given)} is not uploaded: register the model and name it azureml:NAME:VERSION.")
    uri = given if given.startswith("azureml://") else given.removeprefix("azureml:")
    return {"jobInputType": "mlflow_model", "uri": uri}


def model(spot: Spot, reading: Reading) -> Any:
    """Take a model: a mapping with a path."""
    if not isinstance(spot.value, Mapping):
        return reading.refuse(
            spot, f"{show(spot.value)} is not a model. Accepted: a mapping with type: mlflow_model and path."
        )
    io.unknown(spot, reading, io.INPUT_KEYS)
    kind = spot.value.get("type", "custom_model")
    if not isinstance(kind, str) or kind.lower() not in io.MODEL_TYPES:
        return reading.refuse(
            spot, f"{show(kind)} is not a type of model. Accepted: {', '.join(io.MODEL_TYPES)}.", "type"
        )
    io.input_mode(spot, reading, kind.lower())
    path = spot.value.get("path")
    if not isinstance(path, str) or not path:
        return reading.refuse(spot, "a model needs a path.", "path")
    return named(path, spot.child("path"), reading)


def table(spot: Spot, reading: Reading) -> Any:
    """Take a file of data: a mapping with a path, or the path alone. The service takes only files."""
    if isinstance(spot.value, str) and spot.value:
        uri = io.data_uri(spot, reading, "uri_file", None)
        return uri if uri is INVALID else {"jobInputType": "uri_file", "uri": uri}
    if not isinstance(spot.value, Mapping):
        return reading.refuse(
            spot, f"{show(spot.value)} is not data. Accepted: a path, or a mapping with type: uri_file and path."
        )
    kind = spot.value.get("type", "uri_folder")
    if not isinstance(kind, str) or kind.lower() not in ("uri_file", "uri_folder"):
        return reading.refuse(spot, f"{show(kind)} is not a type of data here. Accepted: uri_file, uri_folder.", "type")
    body = io.job_input(spot, reading)
    if not isinstance(body, dict) or "uri" not in body:
        return INVALID if body is INVALID else reading.refuse(spot, "data needs a path.", "path")
    return {"jobInputType": "uri_file", "uri": body["uri"]}


def hyperparameters(spot: Spot, reading: Reading) -> Any:
    """Take the parameters of a custom model, all of them texts."""
    return mapped(text, null=True)(spot, reading)


OPENAI = nested(
    (
        Field("batch_size", "batchSize", whole),
        Field("learning_rate_multiplier", "learningRateMultiplier", number),
        Field("n_epochs", "nEpochs", whole),
    )
)


def raw_compute(spot: Spot, reading: Reading) -> Any:
    """Take the name of a compute as it is."""
    if isinstance(spot.value, str) and spot.value.removeprefix("azureml:"):
        return spot.value.removeprefix("azureml:")
    return reading.refuse(spot, f"{show(spot.value)} is not a compute. Accepted: NAME, azureml:NAME.")


def task(spot: Spot, reading: Reading) -> Any:
    """Take a task, in camel case too, as an object of ``azure-ai-ml`` writes its own."""
    words = {word: _camel(word) for word in TASKS}
    return choice(words, "a task", fold=lambda word: snake(word) if word in words.values() else word)(spot, reading)


DETAILS = (
    Field("task", "taskType", task, required=True),
    Field("model", "model", model, required=True),
    Field("model_provider", None, text),
    Field("training_data", "trainingData", table),
    Field("validation_data", "validationData", table),
)
JOB = (
    *HEAD,
    Field("outputs", "outputs", outputs),
    Field("services", None, JOB_SERVICES, unsent=True),
    Field("identity", None, identity, unsent=True),
)
RESOURCES = nested((Field("instance_types", "instanceTypes", listed(text), required=True),))
PROVIDERS = {
    "custom": (
        "Custom",
        (
            Field("compute", "computeId", raw_compute),
            Field("queue_settings", "queueSettings", QUEUE),
            Field("resources", "resources", RESOURCES),
        ),
        hyperparameters,
    ),
    "azure_open_ai": (
        "AzureOpenAI",
        (
            Field("compute", None, raw_compute, unsent=True),
            Field("queue_settings", None, QUEUE, unsent=True),
            Field("resources", None, RESOURCES, unsent=True),
        ),
        OPENAI,
    ),
}
"""Who trains: the service's word, what else a job has (Azure OpenAI knows no computes), what parameters are."""


def finetuning(spot: Spot, reading: Reading) -> dict[str, Any]:
    """Translate a fine-tuning job."""
    provider = spot.value.get("model_provider")
    if not isinstance(provider, str) or provider not in PROVIDERS:
        what = '"model_provider" is required.' if provider is None else f"{show(provider)} is not a provider of models."
        reading.refuse(spot, f"{what}{nearest(provider, PROVIDERS)}", "model_provider")
        return {"jobType": "FineTuning"}
    word, rows, parameters = PROVIDERS[provider]
    details = (*DETAILS, Field("hyperparameters", "hyperParameters", parameters))
    names = [row.name for row in details]
    body = walk((*JOB, *rows), spot, reading, extra=names)
    own = walk(details, spot, reading, extra=[str(key) for key in spot.value if key not in names])
    return {"jobType": "FineTuning", **body, "fineTuningDetails": {"modelProvider": word, **own}}
