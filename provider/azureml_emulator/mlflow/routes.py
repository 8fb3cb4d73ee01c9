"""Routes of MLflow's tracking server and registry, as Azure ML serves them.

Source: MLflow REST API (service.proto and model_model_versions.proto of MLflow 2.22 and 3.13); Azure ML serves it below
``/mlflow/v1.0`` and ``/mlflow/v2.0`` (azureml-mlflow rewrites the first to the second).
"""

from __future__ import annotations

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.mlflow import (
    alias_answers,
    experiments,
    logged_models,
    model_versions,
    registered_models,
    registry_search,
    runs,
)
from azureml_emulator.mlflow.protocol import Answer, no_logged_models, not_known, only_direct, operation

VERSIONS = ("v1.0", "v2.0")
PREVIEWS = ("", "/preview")
"""MLflow's clients call either; azureml-mlflow its own operations below ``preview``."""

OPERATIONS: dict[tuple[str, str], Answer] = {
    ("POST", "experiments/create"): experiments.create_experiment,
    ("GET", "experiments/get"): experiments.get_experiment,
    ("GET", "experiments/get-by-name"): experiments.get_experiment_by_name,
    ("GET", "experiments/search"): experiments.search_experiments,
    ("POST", "experiments/search"): experiments.search_experiments,
    ("POST", "experiments/set-experiment-tag"): experiments.set_experiment_tag,
    ("POST", "runs/create"): runs.create_run,
    ("GET", "runs/get"): runs.get_run,
    ("POST", "runs/update"): runs.update_run,
    ("POST", "runs/delete"): runs.delete_run,
    ("POST", "runs/restore"): runs.restore_run,
    ("POST", "runs/search"): runs.search_runs,
    ("POST", "runs/log-metric"): runs.log_metric,
    ("POST", "runs/log-parameter"): runs.log_parameter,
    ("POST", "runs/log-batch"): runs.log_batch,
    ("POST", "runs/set-tag"): runs.set_tag,
    ("POST", "runs/delete-tag"): runs.delete_tag,
    ("POST", "runs/log-batch-async"): runs.log_batch_async,
    ("GET", "runs/get-run-data-status"): runs.run_data_status,
    ("POST", "runs/log-inputs"): runs.accept_inputs,
    ("POST", "runs/log-model"): runs.log_model,
    ("GET", "metrics/get-history"): runs.metric_history,
    ("GET", "artifacts/list"): runs.list_artifacts,
    ("POST", "registered-models/create"): registered_models.create_registered_model,
    ("GET", "registered-models/get"): registered_models.get_registered_model,
    ("GET", "registered-models/search"): registry_search.search_registered_models,
    ("GET", "registered-models/get-latest-versions"): registered_models.latest_versions,
    ("POST", "registered-models/get-latest-versions"): registered_models.latest_versions,
    ("POST", "registered-models/set-tag"): registered_models.set_registered_model_tag,
    ("DELETE", "registered-models/delete-tag"): registered_models.delete_registered_model_tag,
    ("POST", "model-versions/create"): model_versions.create_model_version,
    ("GET", "model-versions/get"): model_versions.get_model_version,
    ("GET", "model-versions/search"): registry_search.search_model_versions,
    ("GET", "model-versions/get-download-uri"): model_versions.download_uri,
    ("PATCH", "model-versions/update"): model_versions.update_model_version,
    ("POST", "model-versions/set-tag"): model_versions.set_model_version_tag,
    ("DELETE", "model-versions/delete-tag"): model_versions.delete_model_version_tag,
    ("DELETE", "model-versions/delete"): model_versions.delete_model_version,
    ("POST", "model-versions/transition-stage"): model_versions.transition_stage,
}

NOT_IN_SERVICE: dict[tuple[str, str], Answer] = {
    ("POST", "runs/outputs"): runs.accept_inputs,
    ("POST", "logged-models"): logged_models.create_logged_model,
    ("POST", "logged-models/search"): logged_models.search_logged_models,
    ("GET", "logged-models/{model_id}"): logged_models.get_logged_model,
    ("PATCH", "logged-models/{model_id}"): logged_models.finalize_logged_model,
    ("DELETE", "logged-models/{model_id}"): logged_models.delete_logged_model,
    ("GET", "logged-models/{model_id}/artifacts/directories"): logged_models.list_logged_model_artifacts,
    ("PATCH", "logged-models/{model_id}/tags"): logged_models.set_logged_model_tags,
    ("DELETE", "logged-models/{model_id}/tags/{tag_key}"): logged_models.delete_logged_model_tag,
    ("POST", "logged-models/{model_id}/params"): logged_models.log_logged_model_params,
}
"""What MLflow 3 has and Azure ML does not: 404 by default.

Source: https://github.com/Azure/azure-sdk-for-python/issues/44896, https://github.com/Azure/azureml-examples/pull/3891.
That it goes for ``runs/outputs``, too, is an assumption.
"""

NOT_KNOWN_OF_SERVICE: dict[tuple[str, str], Answer] = {
    ("PATCH", "registered-models/update"): registered_models.update_registered_model,
    ("POST", "registered-models/rename"): registered_models.rename_registered_model,
    ("DELETE", "registered-models/delete"): registered_models.delete_registered_model,
    ("POST", "registered-models/alias"): alias_answers.set_alias,
    ("DELETE", "registered-models/alias"): alias_answers.delete_alias,
    ("GET", "registered-models/alias"): alias_answers.version_by_alias,
}
"""What MLflow's registry has and Microsoft does not say of Azure ML, or denies: 501 by default.

Source: https://learn.microsoft.com/azure/machine-learning/how-to-manage-models-mlflow: no model is renamed or deleted
as a whole there; of aliases and descriptions of whole models it says nothing. What the service answers is unproven.
"""

PREFIXES = tuple(f"/mlflow/{version}{{ws}}/api/2.0{preview}/mlflow" for version in VERSIONS for preview in PREVIEWS)

HANDLERS = {
    **{key: operation(answer) for key, answer in OPERATIONS.items()},
    **{key: only_direct(answer, no_logged_models) for key, answer in NOT_IN_SERVICE.items()},
    **{key: only_direct(answer, not_known) for key, answer in NOT_KNOWN_OF_SERVICE.items()},
}

ROUTES = [
    Route(method, f"{prefix}/{path}", handler, Plane.MLFLOW)
    for prefix in PREFIXES
    for (method, path), handler in HANDLERS.items()
]
