"""Batch endpoints with Microsoft's client: create, deploy, invoke, list, download, delete."""

from azure.ai.ml import Input, Output, dsl, load_component
from azure.ai.ml.constants import BatchDeploymentOutputAction
from azure.ai.ml.entities import (
    BatchDeployment,
    BatchEndpoint,
    BatchRetrySettings,
    CodeConfiguration,
    Environment,
    Model,
    ModelBatchDeployment,
    ModelBatchDeploymentSettings,
    PipelineComponentBatchDeployment,
)
from client import SEEN, UNIQUE, client, ended, files, hold, refused, report, streamed, write

ml = client()
NAME = f"ep-{UNIQUE}"
write("model/factor.txt", "10")
write(
    "code/score.py",
    "import os, time\ndef init():\n    global factor\n"
    f"    for _ in range(600):\n        if os.path.exists({str(hold())!r}): break\n        time.sleep(0.1)\n"
    "    path = os.path.join(os.environ['AZUREML_MODEL_DIR'], 'model', 'factor.txt')\n"
    "    factor = int(open(path).read())\n"
    "def run(mini_batch):\n"
    "    return [f'{os.path.basename(path)} {factor * int(open(path).read())}' for path in mini_batch]\n",
)
for number in range(3):
    write(f"data/f{number}.txt", str(number))

made = ml.batch_endpoints.begin_create_or_update(BatchEndpoint(name=NAME, description="d", tags={"k": "v"})).result()
SEEN["endpoint"] = [made.name, made.scoring_uri, made.auth_mode, made.tags, made.description, made.provisioning_state]
model = ml.models.create_or_update(Model(name=f"model-{UNIQUE}", path="model", type="custom_model"))
deployment = BatchDeployment(
    name="first",
    endpoint_name=NAME,
    model=model,
    code_configuration=CodeConfiguration(code="code", scoring_script="score.py"),
    environment=Environment(name=f"env-{UNIQUE}", image="mcr/x"),
    compute="cpu-cluster",
    instance_count=1,
    mini_batch_size=2,
    max_concurrency_per_instance=1,
    output_action=BatchDeploymentOutputAction.APPEND_ROW,
    output_file_name="mine.csv",
    retry_settings=BatchRetrySettings(max_retries=1, timeout=20),
    logging_level="info",
)
first = ml.batch_deployments.begin_create_or_update(deployment).result()
SEEN["deployment"] = [first.name, first.mini_batch_size, first.output_file_name, first.error_threshold, first.compute]
SEEN["retries"] = [first.retry_settings.max_retries, first.retry_settings.timeout]
endpoint = ml.batch_endpoints.get(NAME)
SEEN["no default"] = refused(lambda: ml.batch_endpoints.invoke(endpoint_name=NAME, input=Input(path="data")))
endpoint.defaults.deployment_name = "first"
updated = ml.batch_endpoints.begin_create_or_update(endpoint).result()
SEEN["default"] = updated.defaults.deployment_name

job = ml.batch_endpoints.invoke(endpoint_name=NAME, input=Input(type="uri_folder", path="data"))
SEEN["invoked"] = [job.name, job.status]
SEEN["log"], SEEN["stream_error"] = streamed(ml, job.name)
done = ended(ml, job.name)
SEEN["done"] = [done.type, done.status, done.experiment_name, done.tags.get("azureml.batchrun")]
ml.jobs.download(job.name, download_path="scores", output_name="score")
SEEN["scores"] = files("scores")

settings = ModelBatchDeploymentSettings(mini_batch_size=5, output_action="append_row", output_file_name="rows.txt")
second = ModelBatchDeployment(
    name="second",
    endpoint_name=NAME,
    model=f"azureml:model-{UNIQUE}:1",
    code_configuration=CodeConfiguration(code="code", scoring_script="score.py"),
    environment=f"azureml:env-{UNIQUE}:1",
    compute="cpu-cluster",
    settings=settings,
)
ml.batch_deployments.begin_create_or_update(second).result()
place = f"azureml://datastores/workspaceblobstore/paths/batch/{UNIQUE}/out.csv"
other = ml.batch_endpoints.invoke(
    endpoint_name=NAME,
    deployment_name="second",
    inputs={"heart": Input(type="uri_file", path="data/f2.txt")},
    outputs={"score": Output(type="uri_file", path=place)},
    params_override=[{"mini_batch_size": 1}],
)
ended(ml, other.name)
SEEN["jobs"] = [row.name for row in ml.batch_endpoints.list_jobs(NAME)] == [other.name, job.name]
SEEN["second's"] = [row.name for row in ml.batch_deployments.list_jobs(NAME, name="second")] == [other.name]
SEEN["names"] = sorted(row.name for row in ml.batch_deployments.list(NAME))
SEEN["listed"] = NAME in [row.name for row in ml.batch_endpoints.list()]
SEEN["unknown"] = refused(
    lambda: ml.batch_endpoints.invoke(endpoint_name=NAME, deployment_name="absent", input=Input(path="data"))
)

write(
    "step.yml",
    f"$schema: x\nname: step_{UNIQUE.replace('-', '_')}\nversion: '1'\ntype: command\n"
    "inputs:\n  data: {type: uri_folder}\n  word: {type: string, default: none}\n  many: {type: integer, default: 1}\n"
    "outputs:\n  out: {type: uri_folder}\n"
    f"environment: azureml:env-{UNIQUE}:1\n"
    "command: >-\n  echo ${{inputs.word}} ${{inputs.many}} > ${{outputs.out}}/a.txt"
    " && ls ${{inputs.data}} >> ${{outputs.out}}/a.txt\n",
)
step = load_component("step.yml")


@dsl.pipeline(name=f"pipe_{UNIQUE.replace('-', '_')}", default_compute="cpu-cluster")
def pipe(data: Input(type="uri_folder"), word: str = "none", many: int = 2):
    """One step."""
    node = step(data=data, word=word, many=many)
    return {"out": node.outputs.out}


component = ml.components.create_or_update(
    pipe._pipeline_builder.build() if hasattr(pipe, "_pipeline_builder") else pipe
)
pipeline = PipelineComponentBatchDeployment(
    name="third",
    endpoint_name=NAME,
    component=component,
    settings={"default_compute": "cpu-cluster", "continue_on_step_failure": False},
)
third = ml.batch_deployments.begin_create_or_update(pipeline).result()
SEEN["third"] = third.component
graph = ml.batch_endpoints.invoke(
    endpoint_name=NAME,
    deployment_name="third",
    inputs={
        "data": Input(type="uri_folder", path="data"),
        "word": Input(type="string", default="hello"),
        "many": Input(type="integer", default=5),
    },
    experiment_name="batch-graphs",
)
found = ended(ml, graph.name)
SEEN["graph"] = [found.type, found.status, found.experiment_name]
ml.jobs.download(graph.name, download_path="graph", output_name="out")
SEEN["graph files"] = files("graph")

source = pipe(data=Input(type="uri_folder", path="data"), word="again")
submitted = ml.jobs.create_or_update(source, experiment_name="batch-graphs")
assert ended(ml, submitted.name).status == "Completed"
fourth = PipelineComponentBatchDeployment(name="fourth", endpoint_name=NAME, job_definition=submitted.name)
ml.batch_deployments.begin_create_or_update(fourth).result()
again = {"data": Input(type="uri_folder", path="data"), "many": Input(type="integer", default=7)}
repeated = ml.batch_endpoints.invoke(endpoint_name=NAME, deployment_name="fourth", inputs=again)
SEEN["repeated"] = ended(ml, repeated.name).status
ml.jobs.download(repeated.name, download_path="repeated", output_name="out")
SEEN["repeated files"] = files("repeated")

ml.batch_deployments.begin_delete("second", NAME).result()
SEEN["left"] = sorted(row.name for row in ml.batch_deployments.list(NAME))
ml.batch_endpoints.begin_delete(NAME).result()
SEEN["gone"] = refused(lambda: ml.batch_endpoints.get(NAME))
report()
