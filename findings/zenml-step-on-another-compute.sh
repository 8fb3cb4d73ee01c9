#!/usr/bin/env bash
# A step of a ZenML 0.98.0 pipeline on Azure ML that asks for a compute of its own is sent without it, silently, where it cannot have it.
#
# The cluster that a step names is made if it is not there. Where that is refused, say for want of quota, or the compute
# instance that it names is stopped, ZenML writes a line at debug level and submits the pipeline all the same: the step
# inherits the pipeline's compute. So does one that asks for serverless compute, and each one gets the pipeline's shared
# memory and not its own. A pipeline whose own compute cannot be had raises. The node of the last step, for its part,
# is called component_job, which is the name of a variable of ZenML's.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check zenml==0.98.0 azure-ai-ml==1.35.2 \
    azure-identity==1.25.1 'marshmallow<4'

cat > "$folder/expected.txt" <<'TEXT'
asked to make the cluster gpu, of Standard_NC6s_v3: no quota
the pipeline's computeId: cpu
prepare: computeId None, resources {'shm_size': '2g'}
train: computeId None, resources {'shm_size': '2g'}
tune: computeId None, resources {'shm_size': '2g'}
score: computeId None, resources {'shm_size': '2g'}
component_job: computeId None, resources {'shm_size': '2g'}
asked to make the cluster gpu, of Standard_NC6s_v3: no quota
a pipeline with the settings of train: HttpResponseError
TEXT
(cd "$folder" && HOME="$folder" ZENML_ANALYTICS_OPT_IN=false ZENML_LOGGING_VERBOSITY=ERROR ZENML_CONFIG_PATH="$folder/zenml" \
    venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
from datetime import datetime, timezone
from types import SimpleNamespace
from uuid import UUID

from azure.ai.ml.entities import AmlCompute, ComputeInstance
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from zenml.config.step_configurations import Step, StepConfiguration, StepSpec
from zenml.integrations.azure.flavors.azureml_orchestrator_flavor import AzureMLOrchestratorConfig
from zenml.integrations.azure.flavors.azureml_orchestrator_flavor import AzureMLOrchestratorSettings as Settings
from zenml.integrations.azure.orchestrators import AzureMLOrchestrator

CPU = Settings(mode="compute-cluster", compute_name="cpu", shm_size="2g")
GPU = Settings(mode="compute-cluster", compute_name="gpu", size="Standard_NC6s_v3")
STEPS = {
    "prepare": CPU,
    "train": GPU,
    "tune": Settings(mode="compute-instance", compute_name="box"),
    "score": Settings(mode="serverless"),
    "report": Settings(mode="compute-cluster", compute_name="cpu", shm_size="200g"),
}
sent = []


class Workspace:
    """What azure-ai-ml's client answers in a workspace with a cluster, a stopped instance and no quota."""

    def get(self, name):
        if name == "cpu":
            return AmlCompute(name=name, size="STANDARD_D2_V3", provisioning_state="Succeeded")
        if name == "box":
            return ComputeInstance(name=name, size="STANDARD_D2_V3", state="Stopped")
        raise ResourceNotFoundError(name)

    def begin_create_or_update(self, compute):
        print(f"asked to make the cluster {compute.name}, of {compute.size}: no quota")
        raise HttpResponseError("no quota")

    def create_or_update(self, job):
        sent.append(job._to_rest_object().as_dict()["properties"])
        return SimpleNamespace(name="train-1", services={"Studio": SimpleNamespace(endpoint="https://studio")})

    compute = jobs = property(lambda self: self)


class Orchestrator(AzureMLOrchestrator):
    get_azureml_client = lambda self: Workspace()  # noqa: E731
    get_image = lambda self, snapshot, step_name=None: "registry/train:1"  # noqa: E731
    compute_metadata = lambda self, job: {}  # noqa: E731


now = datetime.now(timezone.utc)
config = AzureMLOrchestratorConfig(subscription_id="s", resource_group="g", workspace="w")
orchestrator = Orchestrator(
    name="azure", id=UUID(int=1), config=config, flavor="azureml", type="orchestrator", user=None, created=now, updated=now
)


def snapshot(settings):
    steps = {
        name: Step(
            spec=StepSpec(source="train.step", upstream_steps=[], invocation_id=name),
            config=StepConfiguration(name=name, settings={"orchestrator.azureml": wanted}),
            step_config_overrides=StepConfiguration(name=name, settings={"orchestrator.azureml": wanted}),
        )
        for name, wanted in STEPS.items()
    }
    pipeline = SimpleNamespace(name="train", settings={"orchestrator.azureml": settings})
    return SimpleNamespace(id=UUID(int=2), schedule=None, pipeline_configuration=pipeline, step_configurations=steps)


orchestrator.submit_pipeline(snapshot(CPU), None, {}, {name: {} for name in STEPS})
print("the pipeline's computeId:", sent[0]["computeId"])
for name, node in sent[0]["jobs"].items():
    print(f"{name}: computeId {node.get('computeId')}, resources {node.get('resources')}")
STEPS.clear()
try:
    orchestrator.submit_pipeline(snapshot(GPU), None, {}, {})
except HttpResponseError as error:
    print("a pipeline with the settings of train:", type(error).__name__)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: ZenML 0.98.0 sends a step without the compute that it asked for."
