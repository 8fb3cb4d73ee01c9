"""Endpoints and deployments, batch and online, and computes: every key, in both forms of settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.corpus.fake_azure import HOME
from tests.oracle.judge import Case
from tests.oracle.resources import of
from tests.oracle.variations import FILES, each, these

ENDPOINT: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/batchEndpoint.schema.json",
    "name": "cards",
    "description": "d",
    "auth_mode": "aad_token",
    "tags": {"a": "b"},
    "properties": {"p": "q"},
    "defaults": {"deployment_name": "blue"},
}
HEAD: dict[str, Any] = {
    "name": "blue",
    "endpoint_name": "cards",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"p": "q"},
    "model": "azureml:m:1",
    "code_configuration": {"code": "./src", "scoring_script": "train.py"},
    "environment": {"image": "python", "conda_file": "conda.yml"},
}
SETTINGS: dict[str, Any] = {
    "mini_batch_size": 3,
    "max_concurrency_per_instance": 2,
    "output_action": "append_row",
    "output_file_name": "p.csv",
    "retry_settings": {"max_retries": 3, "timeout": 90},
    "error_threshold": 4,
    "logging_level": "info",
    "environment_variables": {"A": "b"},
}
BATCH = {**HEAD, "type": "model", "compute": "azureml:cpu", "resources": {"instance_count": 2}, "settings": SETTINGS}
OLD = {**HEAD, "compute": "azureml:cpu", "resources": {"instance_count": 2, "instance_type": "s"}, **SETTINGS}
PIPELINE: dict[str, Any] = {
    "name": "blue",
    "endpoint_name": "cards",
    "type": "pipeline",
    "component": "azureml:c:1",
    "description": "d",
    "tags": {"a": "b"},
    "settings": {"default_compute": "cpu", "continue_on_step_failure": False},
}
ONLINE_ENDPOINT: dict[str, Any] = {
    "name": "live",
    "description": "d",
    "auth_mode": "key",
    "tags": {"a": "b"},
    "properties": {"p": "q"},
    "traffic": {"blue": 90, "green": 10},
    "mirror_traffic": {"green": 10},
    "public_network_access": "disabled",
    "identity": {"type": "user_assigned", "user_assigned_identities": [{"resource_id": "/subscriptions/s/x"}]},
}
PROBE = {"initial_delay": 1, "period": 2, "timeout": 3, "success_threshold": 4, "failure_threshold": 5}
ONLINE: dict[str, Any] = {
    **HEAD,
    "endpoint_name": "live",
    "instance_type": "Standard_DS3_v2",
    "instance_count": 2,
    "environment_variables": {"A": "b"},
    "app_insights_enabled": True,
    "scale_settings": {"type": "default"},
    "request_settings": {
        "request_timeout_ms": 5000,
        "max_concurrent_requests_per_instance": 3,
        "max_queue_wait_ms": 1500,
    },
    "liveness_probe": PROBE,
    "readiness_probe": PROBE,
    "model_mount_path": "/m",
    "egress_public_network_access": "enabled",
    "data_collector": {
        "collections": {"model_inputs": {"enabled": "true", "client_id": "i"}},
        "rolling_rate": "hour",
        "sampling_rate": 0.5,
        "request_logging": {"capture_headers": ["h"]},
    },
}
KUBERNETES = {
    **{key: value for key, value in ONLINE.items() if key != "egress_public_network_access"},
    "type": "kubernetes",
    "scale_settings": {
        "type": "target_utilization",
        "min_instances": 1,
        "max_instances": 3,
        "polling_interval": 10,
        "target_utilization_percentage": 70,
    },
    "resources": {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"cpu": "2", "memory": "3Gi", "gpu": "1"}},
}
CLUSTER: dict[str, Any] = {
    "name": "cpu",
    "type": "amlcompute",
    "description": "d",
    "tags": {"a": "b"},
    "size": "Standard_DS3_v2",
    "tier": "low_priority",
    "min_instances": 0,
    "max_instances": 3,
    "idle_time_before_scale_down": 120,
    "location": "westus",
    "network_settings": {"vnet_name": "v", "subnet": "s"},
    "ssh_public_access_enabled": True,
    "ssh_settings": {"admin_username": "u", "ssh_key_value": "k", "admin_password": "p"},
    "identity": {"type": "system_assigned"},
    "enable_node_public_ip": False,
}
INSTANCE: dict[str, Any] = {
    "name": "ci",
    "type": "computeinstance",
    "description": "d",
    "tags": {"a": "b"},
    "size": "Standard_DS3_v2",
    "ssh_public_access_enabled": True,
    "ssh_settings": {"ssh_key_value": "k"},
    "create_on_behalf_of": {"user_tenant_id": "t", "user_object_id": "o"},
    "idle_time_before_shutdown_minutes": 30,
    "setup_scripts": {"creation_script": {"path": "p.sh", "command": "bash p.sh", "timeout_minutes": 5}},
    "schedules": {
        "compute_start_stop": [
            {"action": "stop", "state": "enabled", "trigger": {"type": "cron", "expression": "0 18 * * *"}},
        ]
    },
    "custom_applications": [
        {
            "name": "notebook",
            "type": "docker",
            "image": {"reference": "i"},
            "endpoints": [{"target": 8000, "published": 8001}],
            "environment_variables": {"A": "b"},
            "bind_mounts": [{"source": "/a", "target": "/b"}],
        }
    ],
    "enable_node_public_ip": True,
    "enable_sso": True,
    "enable_root_access": True,
    "release_quota_on_stop": True,
    "enable_os_patching": False,
    "identity": {"type": "user_assigned", "user_assigned_identities": [{"resource_id": "/subscriptions/s/x"}]},
}
MACHINE: dict[str, Any] = {
    "name": "vm",
    "type": "virtualmachine",
    "description": "d",
    "tags": {"a": "b"},
    "resource_id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m",
    "ssh_settings": {"admin_username": "u", "admin_password": "p", "ssh_port": 2222, "ssh_private_key_file": "id_rsa"},
}
KUBERNETES_CLUSTER: dict[str, Any] = {
    "name": "k8s",
    "type": "kubernetes",
    "description": "d",
    "tags": {"a": "b"},
    "resource_id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Kubernetes/connectedClusters/m",
    "namespace": "n",
    "properties": {"defaultInstanceType": "x"},
    "identity": {"type": "system_assigned"},
}
POOL: dict[str, Any] = {
    "name": "spark",
    "type": "synapsespark",
    "description": "d",
    "tags": {"a": "b"},
    "resource_id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Synapse/workspaces/w/bigDataPools/p",
    "identity": {"type": "user_assigned", "user_assigned_identities": [{"resource_id": "/subscriptions/s/x"}]},
    "scale_settings": {"min_node_count": 1, "max_node_count": 4, "auto_scale_enabled": True},
    "auto_pause_settings": {"delay_in_minutes": 5, "auto_pause_enabled": True},
}
ALONE = dict.fromkeys(("description", "tags", "namespace", "properties", "identity"), ...)
KEYS = {"id_rsa": "\ufeffBEGIN é\r\nx\n", "keys/id_rsa": "BEGIN\n"}
NAMES = ("a", "ab", "abc", "a-b", "a_b", "1ab", "ab-", "A-B", "x" * 32, "x" * 33, "", "a b", 1)
HERE = {**FILES, "model/MLmodel": "flavors: {}\n", "env.yml": "name: e\nimage: i\n", "broken/s.py": "def f(:\n"}
MODELS: tuple[Any, ...] = (
    *({"path": "./model"}, {"path": "./model", "type": "mlflow_model"}, {"path": "model", "name": "m"}),
    *({"path": "model", "name": "m", "version": 3}, {"path": "model", "version": 3}, {"path": "no"}, {}),
    *({"path": "azureml://datastores/d/paths/p/"}, {"path": "model", "tags": {"a": "b"}, "description": "d"}),
    *("azureml:m:1", "azureml:m@latest", "azureml:m", "m:1", "m", "./model", "file:./model", "", 1, None, []),
    *(
        f"azureml:{HOME}/models/m/versions/1",
        f"{HOME}/models/m/versions/1",
        "azureml://registries/r/models/m/versions/1",
    ),
)
ENVIRONMENTS: tuple[Any, ...] = (
    *("azureml:e:1", "azureml:e@latest", "e:1", "file:env.yml", "azureml:AzureML-x:1", "", None, 1, {}),
    *(
        {"image": "i"},
        {"image": "i", "name": "e"},
        {"image": "i", "name": "e", "version": 2},
        {"image": "i", "version": 2},
    ),
    *({"build": {"path": "ctx"}}, {"conda_file": "conda.yml"}, {"image": "i", "conda_file": {"dependencies": ["pip"]}}),
)
CODES: tuple[Any, ...] = (
    *({"code": "src", "scoring_script": name} for name in ("train.py", "./train.py", "sub/x.txt", "no.py", "", "../f")),
    *({"code": "broken", "scoring_script": "s.py"}, {"code": "src"}, {"scoring_script": "train.py"}, {}, None, "src"),
    *(
        {"code": code, "scoring_script": "train.py"}
        for code in ("no", "src/train.py", "", f"azureml:{HOME}/codes/c/versions/1")
    ),
    {"code": f"{HOME}/codes/c/versions/1", "scoring_script": "train.py"},
)


def cases() -> Iterator[Case]:
    """All of them."""
    yield from of("batch endpoint", each("batch endpoint", ENDPOINT))
    yield from of("batch endpoint", these("", ENDPOINT, {f"called {name!r}": {"name": name} for name in NAMES}))
    yield from of("batch deployment", _batch())
    yield from of("online endpoint", each("managed", ONLINE_ENDPOINT))
    kubernetes = {**ONLINE_ENDPOINT, "compute": "azureml:k8s"}
    del kubernetes["public_network_access"]
    yield from of("online endpoint", each("kubernetes", kubernetes, only=lambda way: way[0] == "compute"))
    yield from of("online endpoint", these("", ONLINE_ENDPOINT, {f"called {name!r}": {"name": name} for name in NAMES}))
    yield from of("online deployment", _deployed("managed", ONLINE))
    yield from of("online deployment", each("kubernetes", KUBERNETES, HERE))
    yield from of("compute", each("cluster", CLUSTER))
    yield from of("compute", each("instance", INSTANCE))
    yield from of("compute", these("", CLUSTER, _networks()))
    yield from of("compute", each("kubernetes", KUBERNETES_CLUSTER))
    yield from of("compute", these("kubernetes", KUBERNETES_CLUSTER, {"alone": ALONE}))
    pool = {key: value for key, value in POOL.items() if not key.endswith("_settings")}
    yield from of("compute", each("spark", pool))
    yield from of("compute", (Case("spark: with what it shows", POOL),))
    yield from of("compute", each("machine", MACHINE, KEYS))
    yield from of("compute", these("machine", MACHINE, _accounts(), KEYS))


def _accounts() -> dict[str, dict[str, Any]]:
    user = {"admin_username": "u"}
    keys = ({"ssh_private_key_file": path} for path in ("keys/id_rsa", "./keys/../id_rsa", "no", "keys", "."))
    rows = (user, {**user, "admin_password": "p"}, *({**user, **key} for key in keys))
    return {f"by {row}": {"ssh_settings": row} for row in rows}


def _networks() -> dict[str, dict[str, Any]]:
    subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
    rows: tuple[Any, ...] = (
        {"subnet": subnet},
        {"subnet": "s"},
        {"vnet_name": "v"},
        {"vnet_name": "v", "subnet": subnet},
    )
    return {f"in {row}": {"network_settings": row} for row in rows}


def _batch() -> Iterator[Case]:
    yield from _deployed("model", BATCH)
    yield from each("flat", OLD, HERE)
    yield from each("pipeline", PIPELINE, HERE)
    alone = {key: BATCH[key] for key in ("name", "endpoint_name", "model", "compute")}
    yield Case("alone", alone, HERE)
    yield Case("alone, model", {**alone, "type": "model"}, HERE)
    for word in ("summary_only", "SummaryOnly", "AppendRow", "Append_Row"):
        for more in ({}, {"output_file_name": "x.csv"}):
            yield Case(
                f"{word} and {more}", {**alone, "type": "model", "settings": {"output_action": word, **more}}, HERE
            )
    for word in ("info", "INFO", "Debug", "warning", "error"):
        yield Case(f"logs {word}", {**alone, "type": "model", "settings": {"logging_level": word}}, HERE)
    yield from these("both counts", BATCH, {"": {"settings/instance_count": 3}}, HERE)
    for job in ("j", "azureml:j", f"azureml:{HOME}/jobs/j", f"{HOME}/jobs/j", {"type": "pipeline", "jobs": {}}):
        yield from these("pipeline", PIPELINE, {f"of {job!r}": {"component": ..., "job_definition": job}}, HERE)


def _deployed(tag: str, base: dict[str, Any]) -> Iterator[Case]:
    yield from each(tag, base, HERE)
    yield from these(tag, base, {f"called {name!r}": {"name": name} for name in NAMES}, HERE)
    yield from these(tag, base, {f"of {model!r}": {"model": model} for model in MODELS}, HERE)
    yield from these(tag, base, {f"in {one!r}": {"environment": one} for one in ENVIRONMENTS}, HERE)
    yield from these(tag, base, {f"by {one!r}": {"code_configuration": one} for one in CODES}, HERE)
