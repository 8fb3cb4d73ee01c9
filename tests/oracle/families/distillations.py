"""Distillation jobs: kinds of data, connections to the teacher, settings of prompts and teachers, resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, each, these

FULL: dict[str, Any] = {
    "type": "distillation",
    "name": "ds",
    "display_name": "D",
    "experiment_name": "ex",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"p": "v"},
    "data_generation_type": "label_generation",
    "data_generation_task_type": "math",
    "teacher_model_endpoint_connection": {
        "type": "serverless",
        "name": "teacher",
        "endpoint": "https://a/b",
        "api_key": "EXAMPLE_KEY",
        "metadata": {"m": "v"},
        "tags": {"t": "v"},
        "description": "d",
    },
    "student_model": "azureml://registries/azureml-meta/models/m/versions/2",
    "training_data": {"type": "uri_file", "path": "data.csv"},
    "validation_data": {"type": "uri_file", "path": "azureml:x:1"},
    "teacher_model_settings": {
        "inference_parameters": {"temperature": 0.1, "max_tokens": 100, "top_p": 1, "x": True},
        "endpoint_request_settings": {"request_batch_size": 5, "min_endpoint_success_ratio": 0.7},
    },
    "prompt_settings": {"enable_chain_of_thought": True, "enable_chain_of_density": False, "max_len_summary": 80},
    "hyperparameters": {"learning_rate": "0.1", "num_train_epochs": "1"},
    "resources": {"instance_type": "T", "instance_count": 2, "properties": {"a": "b"}},
    "outputs": {"model": {"type": "mlflow_model", "name": "n"}},
}
CUSTOM = {"type": "custom", "name": "teacher", "target": "https://a/b"}
CREDENTIALS: dict[str, Any] = {
    "key": {"type": "api_key", "key": "EXAMPLE_KEY"},
    "token": {"type": "pat", "pat": "EXAMPLE_TOKEN"},
    "signature": {"type": "sas", "sas_token": "EXAMPLE_SAS"},
    "user": {"type": "username_password", "username": "u", "password": "EXAMPLE_PASSWORD"},
    "identity": {"type": "managed_identity", "client_id": "a", "resource_id": "b"},
    "principal": {"type": "service_principal", "client_id": "a", "client_secret": "EXAMPLE", "tenant_id": "t"},
    "access": {"type": "access_key", "access_key_id": "a", "secret_access_key": "EXAMPLE"},
    "account": {"type": "account_key", "account_key": "EXAMPLE"},
    "directory": {"type": "aad"},
    "nothing": {"type": "none"},
    "another": {"type": "x"},
    "typeless": {"key": "EXAMPLE_KEY"},
    "keyless": {"type": "api_key"},
    "empty": {},
    "unknown": {"type": "api_key", "key": "EXAMPLE_KEY", "zzz": "1"},
}
KINDS = (
    *("git", "container_registry", "python_feed", "s3", "snowflake", "azure_sql_db", "azure_synapse_analytics"),
    *("azure_my_sql_db", "azure_postgres_db", "azure_data_lake_gen_2", "azure_data_lake_gen2", "open_ai", "x"),
    *("azure_open_ai", "api_key", "Custom", "Serverless", "ContainerRegistry", "SERVERLESS", "PythonFeed"),
)
CONNECTION = "teacher_model_endpoint_connection"
CHANGES: dict[str, dict[str, Any]] = {
    **{f"connection by {word}": {CONNECTION: {**CUSTOM, "credentials": value}} for word, value in CREDENTIALS.items()},
    **{f"connection of type {word}": {CONNECTION: {**CUSTOM, "type": word}} for word in KINDS},
    **{f"full connection of type {word}": {f"{CONNECTION}/type": word} for word in KINDS},
    "a shared connection": {CONNECTION: {**CUSTOM, "is_shared": False}},
    "a connection with more": {CONNECTION: {**CUSTOM, "metadata": {"a": 1, "b": {"c": 2}}, "tags": {"x": "y"}}},
    "a connection without a target": {CONNECTION: {"type": "custom", "name": "t"}},
    "a serverless connection with a target": {CONNECTION: {**CUSTOM, "type": "serverless", "api_key": "EXAMPLE_KEY"}},
    "a serverless connection, least": {CONNECTION: {"type": "serverless", "name": "t", "api_key": "EXAMPLE_KEY"}},
    "a serverless connection without a key": {CONNECTION: {"type": "serverless", "name": "t", "endpoint": "https://a"}},
    "a serverless connection that is shared": {f"{CONNECTION}/is_shared": False},
    "a serverless connection with credentials": {f"{CONNECTION}/credentials": {"type": "api_key", "key": "EXAMPLE"}},
    "a connection by name": {CONNECTION: "teacher"},
    "an id in a connection": {f"{CONNECTION}/id": "x"},
    "a context in a connection": {f"{CONNECTION}/creation_context": {"created_by": "x"}},
    **{f"kind {word}": {"data_generation_type": word} for word in ("data_generation", "LABEL_GENERATION", "x")},
    "data generation without data": {
        "data_generation_type": "data_generation",
        "training_data": ...,
        "validation_data": ...,
    },
    **{
        f"task {word}": {"data_generation_task_type": word}
        for word in ("nli", "NLI", "nlu_qa", "NLU_QA", "conversation", "Conversation", "math", "summarization", "x")
    },
    **{
        f"student {word}": {"student_model": word}
        for word in ("azureml:m:1", "azureml:m@latest", "m", "m:1", "azureml://registries/r/models/m/labels/latest", "")
    },
    "a student in a mapping": {"student_model": {"type": "mlflow_model", "path": "azureml:m:1"}},
    "a custom student": {"student_model": {"type": "custom_model", "path": "azureml:m:1"}},
    "a student's path": {"student_model": {"path": "azureml:m:1"}},
    **{
        f"data {path}": {"training_data": path}
        for path in ("data.csv", "file:data.csv", "azureml:x:1", "azureml:x@latest", "https://a/b", "nope.csv", "data")
    },
    "an empty prompt": {"prompt_settings": {}},
    "a chain of density": {"prompt_settings": {"enable_chain_of_density": "yes"}},
    "a length": {"prompt_settings": {"max_len_summary": "7"}},
    "an empty teacher": {"teacher_model_settings": {}},
    "no parameters": {"teacher_model_settings": {"inference_parameters": {}}},
    "a number": {"teacher_model_settings": {"endpoint_request_settings": {"request_batch_size": 0}}},
    "a ratio": {"teacher_model_settings": {"endpoint_request_settings": {"min_endpoint_success_ratio": "1"}}},
    "an empty parameter": {"teacher_model_settings": {"inference_parameters": {"stop": None}}},
    "nested parameters": {"teacher_model_settings": {"inference_parameters": {"a": [1], "b": {"c": True}, "d": ""}}},
    **{f"parameter {value!r}": {"hyperparameters": {"a": value}} for value in ("1", "", None, 1, True)},
    "a compute": {"compute": "azureml:c"},
    "an identity": {"identity": {"type": "managed"}},
    "services": {"services": {"s": {"type": "jupyter_lab"}}},
    "no type of instances": {"resources": {"instance_count": 2}},
    **{
        f"{key} of a command's resources": {"resources": {"instance_type": "T", key: value}}
        for key, value in {"docker_args": "-x", "shm_size": "2g", "locations": ["l"], "max_instance_count": 3}.items()
    },
    "a property of ours": {"properties": {"azureml.x": "1"}},
    "null properties": {"properties": {"x": None}},
    "a queue": {"queue_settings": {"job_tier": "spot"}},
}
FEW = {word: VALUES[word] for word in ("null", "true", "one", "3.5", "empty", "word", "list of a text", "mapping")}


def cases() -> Iterator[Case]:
    """All of them."""
    yield from each("distillation", FULL, FILES, values=FEW)
    yield from these("distillation", FULL, CHANGES)
