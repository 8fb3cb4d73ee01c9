"""Routes of MLflow's tracking server and registry, as Azure ML serves them.

Source: MLflow REST API (service.proto and model_registry.proto of MLflow 2.22 and 3.13); Azure ML serves it below
``/mlflow/v1.0`` and ``/mlflow/v2.0`` (azureml-mlflow rewrites the first to the second).
"""

from __future__ import annotations

from azureml_emulator.core.routing import Plane, Route
from azureml_emulator.mlflow import experiments, logged_models, registry, runs
from azureml_emulator.mlflow.protocol import Answer, only_direct, operation

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
    ("POST", "registered-models/create"): registry.create_registered_model,
    ("GET", "registered-models/get"): registry.get_registered_model,
    ("GET", "registered-models/search"): registry.search_registered_models,
    ("GET", "registered-models/get-latest-versions"): registry.latest_versions,
    ("POST", "registered-models/get-latest-versions"): registry.latest_versions,
    ("POST", "registered-models/set-tag"): registry.set_registered_model_tag,
    ("POST", "model-versions/create"): registry.create_model_version,
    ("GET", "model-versions/get"): registry.get_model_version,
    ("GET", "model-versions/search"): registry.search_model_versions,
    ("GET", "model-versions/get-download-uri"): registry.download_uri,
    ("PATCH", "model-versions/update"): registry.update_model_version,
    ("POST", "model-versions/set-tag"): registry.set_model_version_tag,
    ("DELETE", "model-versions/delete-tag"): registry.delete_model_version_tag,
    ("DELETE", "model-versions/delete"): registry.delete_model_version,
    ("POST", "model-versions/transition-stage"): registry.transition_stage,
}

NOT_IN_SERVICE: dict[tuple[str, str], Answer] = {
    ("POST", "runs/outputs"): runs.accept_inputs,
    ("POST", "logged-models"): logged_models.create_logged_model,
    ("POST", "logged-models/search"): logged_models.search_logged_models,
    ("GET", "logged-models/{model_id}"): logged_models.get_logged_model,
    ("PATCH", "logged-models/{model_id}"): logged_models.finalize_logged_model,
    ("PATCH", "logged-models/{model_id}/tags"): logged_models.set_logged_model_tags,
    ("POST", "logged-models/{model_id}/params"): logged_models.log_logged_model_params,
}
"""What MLflow 3 has and Azure ML does not: 404 by default.

Source: https://github.com/Azure/azure-sdk-for-python/issues/44896, https://github.com/Azure/azureml-examples/pull/3891.
That it goes for ``runs/outputs``, too, is an assumption.
"""

PREFIXES = tuple(f"/mlflow/{version}{{ws}}/api/2.0{preview}/mlflow" for version in VERSIONS for preview in PREVIEWS)

ROUTES = [
    Route(method, f"{prefix}/{path}", handler, Plane.MLFLOW)
    for prefix in PREFIXES
    for operations, handle in ((OPERATIONS, operation), (NOT_IN_SERVICE, only_direct))
    for (method, path), handler in ((key, handle(answer)) for key, answer in operations.items())
]
