"""Online endpoints with Microsoft's client: create, deploy, shares, invoke, keys, logs, delete."""

import json

from azure.ai.ml.entities import (
    CodeConfiguration,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    OnlineRequestSettings,
    ProbeSettings,
)
from client import SEEN, UNIQUE, client, refused, report, write

ml = client()
NAME = f"on-{UNIQUE}"
write("model/factor.txt", "10")
write(
    "code/score.py",
    "import json, logging, os\ndef init():\n    global factor\n"
    "    path = os.path.join(os.environ['AZUREML_MODEL_DIR'], 'model', 'factor.txt')\n"
    "    factor = int(open(path).read())\n    logging.info('the factor is %s', factor)\n"
    "def run(raw_data):\n    return [factor * number for number in json.loads(raw_data)['data']]\n",
)
request = str(write("request.json", json.dumps({"data": [1, 2]})))

endpoint = ManagedOnlineEndpoint(name=NAME, auth_mode="key", description="d", tags={"k": "v"})
made = ml.online_endpoints.begin_create_or_update(endpoint).result()
SEEN["endpoint"] = [made.name, made.scoring_uri, made.auth_mode, made.tags, made.provisioning_state]
SEEN["listed"] = NAME in [each.name for each in ml.online_endpoints.list()]


def deployment(name: str, **more) -> ManagedOnlineDeployment:
    """A deployment of the script."""
    given = {
        "model": Model(path="model", type="custom_model"),
        "code_configuration": CodeConfiguration(code="code", scoring_script="score.py"),
        "environment": Environment(image="mcr/x", conda_file={"dependencies": ["python=3.11"]}),
        "instance_type": "Standard_DS3_v2",
        "instance_count": 1,
        **more,
    }
    return ManagedOnlineDeployment(name=name, endpoint_name=NAME, **given)


settings = {
    "request_settings": OnlineRequestSettings(request_timeout_ms=3000, max_concurrent_requests_per_instance=2),
    "liveness_probe": ProbeSettings(initial_delay=5, period=7, timeout=3, failure_threshold=4),
    "environment_variables": {"WORKER_COUNT": "2"},
}
blue = ml.online_deployments.begin_create_or_update(deployment("blue", **settings)).result()
SEEN["deployment"] = [blue.name, blue.provisioning_state, blue.instance_type, blue.instance_count]
SEEN["settings"] = [blue.request_settings.request_timeout_ms, blue.liveness_probe.period]
endpoint.traffic = {"blue": 100}
SEEN["traffic"] = ml.online_endpoints.begin_create_or_update(endpoint).result().traffic
SEEN["invoked"] = ml.online_endpoints.invoke(endpoint_name=NAME, request_file=request)
SEEN["by name"] = ml.online_endpoints.invoke(endpoint_name=NAME, request_file=request, deployment_name="blue")

keys = ml.online_endpoints.get_keys(NAME)
ml.online_endpoints.begin_regenerate_keys(NAME, key_type="secondary").result()
renewed = ml.online_endpoints.get_keys(NAME)
SEEN["keys"] = [keys.primary_key == renewed.primary_key, keys.secondary_key == renewed.secondary_key]
SEEN["logs"] = ml.online_deployments.get_logs(name="blue", endpoint_name=NAME, lines=50)
SEEN["files"] = ml.online_deployments.get_logs(
    name="blue", endpoint_name=NAME, lines=50, container_type="storage-initializer"
)
write("bad/score.py", "def init():\n    raise RuntimeError('the weights do not fit')\ndef run(raw_data): pass\n")
bad = deployment("bad", code_configuration=CodeConfiguration(code="bad", scoring_script="score.py"))
SEEN["bad"] = refused(lambda: ml.online_deployments.begin_create_or_update(bad).result())
SEEN["bad state"] = ml.online_deployments.get("bad", NAME).provisioning_state
wrong = str(write("wrong.json", json.dumps({"no": 1})))
SEEN["wrong"] = refused(lambda: ml.online_endpoints.invoke(endpoint_name=NAME, request_file=wrong))

for mode in ("aml_token", "aad_token"):
    endpoint.auth_mode = mode
    ml.online_endpoints.begin_create_or_update(endpoint).result()
    SEEN[mode] = ml.online_endpoints.invoke(endpoint_name=NAME, request_file=request)

write(
    "mlmodel/MLmodel",
    "flavors:\n  python_function:\n    code: code\n    loader_module: doubling\n    python_version: 3.11.0\n"
    "mlflow_version: 2.22.0\nmodel_uuid: 6f1bb9b9a1e84d3f8f0c2a9f4f1c0b11\nutc_time_created: '2026-01-01 00:00:00.0'\n",
)
write(
    "mlmodel/code/doubling.py",
    "class Doubling:\n    def predict(self, frame, params=None):\n        return (frame['x'] * 2).to_numpy()\n\n"
    "def _load_pyfunc(path):\n    return Doubling()\n",
)
plain = ManagedOnlineDeployment(
    name="mlflow",
    endpoint_name=NAME,
    model=Model(path="mlmodel", type="mlflow_model"),
    instance_type="Standard_DS3_v2",
    instance_count=1,
    request_settings=OnlineRequestSettings(request_timeout_ms=30000),
)
SEEN["mlflow"] = ml.online_deployments.begin_create_or_update(plain).result().provisioning_state
table = {"input_data": {"columns": ["x"], "index": [0, 1], "data": [[1.5], [4]]}}
rows = str(write("rows.json", json.dumps(table)))
SEEN["predicted"] = ml.online_endpoints.invoke(endpoint_name=NAME, request_file=rows, deployment_name="mlflow")

ml.online_deployments.begin_delete("bad", NAME).result()
SEEN["left"] = sorted(each.name for each in ml.online_deployments.list(NAME))
ml.online_endpoints.begin_delete(NAME).result()
SEEN["gone"] = refused(lambda: ml.online_endpoints.get(NAME))
report()
