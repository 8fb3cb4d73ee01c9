"""Loops and conditions of pipelines with Microsoft's client, where they are a private preview."""

from azure.ai.ml import Input, Output, command, dsl, load_component
from azure.ai.ml.dsl._condition import condition
from azure.ai.ml.dsl._do_while import do_while
from azure.ai.ml.dsl._parallel_for import parallel_for
from client import SEEN, client, ended, files, report, write

ENVIRONMENT = "azureml:AzureML-minimal:1"
ml = client()
write(
    "src/count.py",
    """
import json, os, pathlib, ssl, sys, urllib.request

number, out = int(sys.argv[1]), pathlib.Path(sys.argv[2])
(out / "n.txt").write_text(f"{number}\\n")
history = os.environ["MLFLOW_TRACKING_URI"].replace("azureml:", "https:").replace("/mlflow/", "/history/")
values = json.dumps({"next": number + 1, "more": number < 3})
request = urllib.request.Request(
    history.partition("?")[0].replace("v2.0", "v1.0") + "/runs/" + os.environ["MLFLOW_RUN_ID"],
    json.dumps({"properties": {"azureml.pipeline.control": values}}).encode(),
    {"Authorization": "Bearer " + os.environ["MLFLOW_TRACKING_TOKEN"], "Content-Type": "application/json"},
    method="PATCH",
)
urllib.request.urlopen(request, context=ssl.create_default_context(cafile=os.environ["REQUESTS_CA_BUNDLE"]))
""",
)
write(
    "count.yml",
    f"""
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: count
type: command
inputs:
  n: {{type: integer}}
outputs:
  next: {{type: integer, is_control: true}}
  more: {{type: boolean, is_control: true}}
  out: {{type: uri_folder}}
code: ./src
environment: {ENVIRONMENT}
command: python count.py ${{{{inputs.n}}}} ${{{{outputs.out}}}}
""",
)
count = load_component("count.yml")
say = command(
    command="echo ${{inputs.n}} > ${{outputs.out}}/n.txt",
    inputs={"n": Input(type="integer")},
    outputs={"out": Output(type="uri_folder")},
    environment=ENVIRONMENT,
)


@dsl.pipeline(default_compute="cpu-cluster")
def flowing(start: int):
    body = count(n=start)
    do_while(
        body=body,
        mapping={body.outputs.next: body.inputs.n},
        condition=body.outputs.more,
        max_iteration_count=5,
    )
    yes, no = say(n=body.outputs.next), say(n=0)
    condition(condition=body.outputs.more, true_block=yes, false_block=no)
    each = say()
    loop = parallel_for(body=each, items=[{"n": 5}, {"n": start}])
    return {"all": loop.outputs.out, "last": body.outputs.out}


job = ended(ml, ml.jobs.create_or_update(flowing(start=2), experiment_name="conformance").name)
SEEN["status"] = job.status
SEEN["nodes"] = {name: node.type for name, node in job.jobs.items()}
SEEN["steps"] = sorted(child.display_name for child in ml.jobs.list(parent_job_name=job.name))
for name in ("all", "last"):
    ml.jobs.download(job.name, output_name=name, download_path="got")
SEEN["downloaded"] = {name: bytes.fromhex(text).decode() for name, text in files("got/named-outputs").items()}
report()
