"""Which permissions the requests to the services beside ARM need."""

from __future__ import annotations

INVOKE = (
    "read", "data/versions/write", "datasets/registered/read", "datasets/registered/write",
    "datasets/unregistered/read", "datasets/unregistered/write", "datastores/read", "datastores/write",
    "datastores/listsecrets/action", "listStorageAccountKeys/action", "batchEndpoints/read", "batchEndpoints/write",
    "batchEndpoints/deployments/read", "batchEndpoints/deployments/write", "batchEndpoints/deployments/jobs/write",
    "batchEndpoints/jobs/write", "computes/read", "computes/listKeys/action", "metadata/secrets/read",
    "metadata/snapshots/read", "metadata/artifacts/read", "metadata/artifacts/write", "experiments/read",
    "experiments/runs/submit/action", "experiments/runs/read", "experiments/runs/write", "metrics/resource/write",
    "modules/read", "models/read", "endpoints/pipelines/read", "endpoints/pipelines/write", "environments/read",
    "environments/write", "environments/build/action", "environments/readSecrets/action",
)  # fmt: skip
"""What invoking a batch endpoint needs. Source:
https://learn.microsoft.com/azure/machine-learning/how-to-authenticate-batch-endpoint."""

READS_BY_POST = "(?:rundata|:query|/runIds)"

DATA_PLANE = (
    (r"(?:GET|HEAD) /history/.*/artifacts(?:/|$)", ("metadata/artifacts/read",)),
    (r"POST /history/.*/artifacts(?:/|$)", ("metadata/artifacts/write",)),
    (r"(?:GET|HEAD) /history/", ("experiments/runs/read",)),
    (rf"POST /history/.*{READS_BY_POST}$", ("experiments/runs/read",)),
    (r"\w+ /history/", ("experiments/runs/write",)),
    (r"GET /datastore/", ("datastores/read", "datastores/listsecrets/action")),
    (r"POST /metric/.*/batch$", ("experiments/runs/write",)),
    (r"\w+ /metric/", ("experiments/runs/read",)),
    (r"(?:GET|HEAD) /artifact/", ("metadata/artifacts/read",)),
    (r"\w+ /artifact/", ("metadata/artifacts/write",)),
    (r"GET /mlflow/.*/(?:registered-models|model-versions)/", ("models/read",)),
    (r"POST /mlflow/.*/registered-models/get-latest-versions$", ("models/read",)),
    (r"\w+ /mlflow/.*/(?:registered-models|model-versions)/", ("models/write",)),
    (r"GET /mlflow/", ("experiments/runs/read",)),
    (r"POST /mlflow/.*/search$", ("experiments/runs/read",)),
    (r"\w+ /mlflow/", ("experiments/runs/write",)),
    (r"\w+ /data/", ("data/versions/read",)),
    (r"\w+ /modelregistry/", ("models/read",)),
    (r"GET /modelmanagement/.*/assets/", ("assets/read",)),
    (r"\w+ /modelmanagement/.*/assets$", ("assets/write",)),
    (r"GET /modelmanagement/", ("models/read",)),
    (r"DELETE /modelmanagement/", ("models/delete",)),
    (r"\w+ /modelmanagement/", ("models/write",)),
    (r"POST /environment/.*/image$", ("environments/build/action",)),
    (r"GET /environment/", ("environments/read",)),
    (r"\w+ /online/", ("onlineEndpoints/score/action",)),
    (r"POST /scoring/[^/]+/jobs$", INVOKE),
    (r"(?:GET|HEAD) /scoring/", ("batchEndpoints/jobs/read",)),
    (r"\w+ /scoring/", ("batchEndpoints/jobs/write",)),
)
"""Actions of requests to the services beside ARM, by ``METHOD /path``. That of run history is reported publicly
(``experiments/runs/read``); the others are those whose description fits, which is an assumption."""
