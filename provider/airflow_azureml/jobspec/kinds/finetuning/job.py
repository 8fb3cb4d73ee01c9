"""Fine-tuning jobs: of a custom model, and of one of Azure OpenAI.

Models and the compute go as they are named, without ``azureml:``, as Microsoft's client sends them; the service knows
them by that. Source: azure-ai-ml 1.35.2, ``_schema/_finetuning/``, ``entities/_job/finetuning/``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.grammar import inputs as io
from airflow_azureml.jobspec.grammar.outputs import outputs
from airflow_azureml.jobspec.grammar.shared import HEAD, JOB_SERVICES, QUEUE, identity
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Convert, Field
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, listed, mapped, number, text, whole

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


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(part.capitalize() for part in others)


def named(reference: str, located: Located, ctx: Translator) -> dict[str, Any]:
    """Make the service's words for a model that is named."""
    if reference.startswith((".", "/", "~", "file:")) and not reference.startswith("/subscriptions/"):
        ctx.warn(located, f"{show(reference)} is not uploaded: register the model and name it azureml:NAME:VERSION.")
    uri = reference if reference.startswith("azureml://") else reference.removeprefix("azureml:")
    return {"jobInputType": "mlflow_model", "uri": uri}


def model(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take a model: a mapping with a path."""
    if not isinstance(located.value, Mapping):
        return ctx.error(
            located, f"{show(located.value)} is not a model. Accepted: a mapping with type: mlflow_model and path."
        )
    io.unknown(located, ctx, io.INPUT_KEYS)
    model_type = located.value.get("type", "custom_model")
    if not isinstance(model_type, str) or model_type.lower() not in io.MODEL_TYPES:
        return ctx.error(
            located, f"{show(model_type)} is not a type of model. Accepted: {', '.join(io.MODEL_TYPES)}.", "type"
        )
    io.input_mode(located, ctx, model_type.lower())
    path = located.value.get("path")
    if not isinstance(path, str) or not path:
        return ctx.error(located, "a model needs a path.", "path")
    return named(path, located.child("path"), ctx)


def table(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take a file of data: a mapping with a path, or the path alone. The service takes only files."""
    if isinstance(located.value, str) and located.value:
        uri = io.data_uri(located, ctx, "uri_file", None)
        return uri if uri is INVALID else {"jobInputType": "uri_file", "uri": uri}
    if not isinstance(located.value, Mapping):
        return ctx.error(
            located, f"{show(located.value)} is not data. Accepted: a path, or a mapping with type: uri_file and path."
        )
    data_type = located.value.get("type", "uri_folder")
    if not isinstance(data_type, str) or data_type.lower() not in ("uri_file", "uri_folder"):
        return ctx.error(
            located, f"{show(data_type)} is not a type of data here. Accepted: uri_file, uri_folder.", "type"
        )
    body = io.job_input(located, ctx)
    if not isinstance(body, dict) or "uri" not in body:
        return INVALID if body is INVALID else ctx.error(located, "data needs a path.", "path")
    return {"jobInputType": "uri_file", "uri": body["uri"]}


def hyperparameters(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the parameters of a custom model, all of them texts."""
    return mapped(text, null=True)(located, ctx)


_OPENAI = nested(
    (
        Field("batch_size", "batchSize", whole),
        Field("learning_rate_multiplier", "learningRateMultiplier", number),
        Field("n_epochs", "nEpochs", whole),
    )
)


def openai_hyperparameters(located: Located, ctx: Translator) -> Converted[dict[str, Any]]:
    """Take the parameters of a model of Azure OpenAI; none are not sent."""
    return _OPENAI(located, ctx) or OMIT


def raw_compute(located: Located, ctx: Translator) -> str | Invalid:
    """Take the name of a compute as it is."""
    if isinstance(located.value, str) and located.value.removeprefix("azureml:"):
        return located.value.removeprefix("azureml:")
    return ctx.error(located, f"{show(located.value)} is not a compute. Accepted: NAME, azureml:NAME.")


def task(located: Located, ctx: Translator) -> str | Invalid:
    """Take a task, in camel case too, as an object of ``azure-ai-ml`` writes its own."""
    names = {name: _camel(name) for name in TASKS}
    return choice(names, "a task", fold=lambda name: snake(name) if name in names.values() else name)(located, ctx)


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
PROVIDERS: Mapping[str, tuple[str, tuple[Field, ...], Convert]] = {
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
        openai_hyperparameters,
    ),
}
"""Who trains: the service's word, what else a job has (Azure OpenAI knows no computes), what parameters are."""


def finetuning(located: Located, ctx: Translator) -> dict[str, Any]:
    """Translate a fine-tuning job."""
    provider = located.value.get("model_provider")
    if not isinstance(provider, str) or provider not in PROVIDERS:
        error = (
            '"model_provider" is required.' if provider is None else f"{show(provider)} is not a provider of models."
        )
        ctx.error(located, f"{error}{nearest(provider, PROVIDERS)}", "model_provider")
        return {"jobType": "FineTuning"}
    sent_provider, rows, parameters = PROVIDERS[provider]
    details = (*DETAILS, Field("hyperparameters", "hyperParameters", parameters))
    task_keys = [row.name for row in details]
    body = convert_mapping((*JOB, *rows), located, ctx, extra=task_keys)
    task_body = convert_mapping(
        details, located, ctx, extra=[str(key) for key in located.value if key not in task_keys]
    )
    return {"jobType": "FineTuning", **body, "fineTuningDetails": {"modelProvider": sent_provider, **task_body}}
