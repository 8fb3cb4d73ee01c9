"""Pipelines with Microsoft's client: by ``@dsl.pipeline``, from YAML, of components, inside of each other."""

import time

from azure.ai.ml import Input, Output, command, dsl, load_component, load_job
from azure.ai.ml.parallel import RunFunction, parallel_run_function
from azure.ai.ml.sweep import MedianStoppingPolicy, Uniform
from client import SEEN, UNIQUE, client, ended, files, held, refused, report, streamed, write

ENVIRONMENT = "azureml:AzureML-minimal:1"
ml = client()
summed = held("paste -sd+ ${{inputs.prepared}}/rows.txt > ${{outputs.total}} && echo m > ${{outputs.model}}/m.txt")
write(
    "src/prep.py",
    "import sys, pathlib\nsource, factor, out = sys.argv[1:]\nrows = pathlib.Path(source).read_text()\n"
    "text = ''.join(f'{int(row) * int(factor)}\\n' for row in rows.split())\n"
    "pathlib.Path(out, 'rows.txt').write_text(text)\n",
)
write("data/rows.txt", "1\n2\n3\n")
write(
    "prep.yml",
    f"""
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: prep_{UNIQUE}
version: 1
type: command
display_name: Prepare
inputs:
  rows: {{type: uri_file}}
  factor: {{type: integer, default: 10}}
  note: {{type: string, optional: true}}
outputs:
  prepared: {{type: uri_folder}}
code: ./src
environment: {ENVIRONMENT}
command: >-
  python prep.py ${{{{inputs.rows}}}} ${{{{inputs.factor}}}} ${{{{outputs.prepared}}}} &&
  echo said $[[${{{{inputs.note}}}}]]
""",
)
write(
    "sum.yml",
    f"""
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: sum_{UNIQUE}
type: command
inputs:
  prepared: {{type: uri_folder}}
outputs:
  total: {{type: uri_file}}
  model: {{type: custom_model}}
environment: {ENVIRONMENT}
command: >-
  {summed}
""",
)
prep = load_component("prep.yml")
total = load_component("sum.yml")
inline = command(
    command="echo ${{inputs.word}} > ${{outputs.out}}/word.txt",
    inputs={"word": Input(type="string")},
    outputs={"out": Output(type="uri_folder", mode="upload")},
    environment=ENVIRONMENT,
)


@dsl.pipeline(default_compute="cpu-cluster", description="by decorator", tags={"k": "v"})
def by_decorator(rows: Input(type="uri_file"), factor: int, word: str = "fixed"):
    first = prep(rows=rows, factor=factor)
    second = total(prepared=first.outputs.prepared)
    second.compute = "gpu-cluster"
    third = inline(word=word)
    return {"total": second.outputs.total, "word": third.outputs.out}


def submit(job, **keywords):
    return ml.jobs.create_or_update(job, experiment_name="conformance", **keywords)


job = submit(by_decorator(rows=Input(type="uri_file", path="data/rows.txt"), factor=2))
SEEN["first"] = {"status": job.status, "type": job.type, "studio": job.studio_url}
SEEN["log"], SEEN["stream_error"] = streamed(ml, job.name)
done = ended(ml, job.name)
SEEN["done"] = {"status": done.status, "outputs": sorted(done.outputs), "jobs": sorted(done.jobs), "tags": done.tags}
children = {child.display_name: child for child in ml.jobs.list(parent_job_name=job.name)}
SEEN["children"] = {name: [type(child).__name__, child.status] for name, child in children.items()}
for name in ("total", "word"):
    ml.jobs.download(job.name, output_name=name, download_path="one-by-one")
SEEN["downloaded"] = files("one-by-one/named-outputs")
ml.jobs.download(job.name, all=True, download_path="everything")
SEEN["everything"] = sorted(files("everything"))
child = ml.jobs.get(children["first"].name)
SEEN["child"] = [child.name == children["first"].name, child.status]
ml.jobs.download(child.name, output_name="prepared", download_path="of-a-child")
SEEN["of a child"] = files("of-a-child/named-outputs")
repeated = ended(ml, submit(by_decorator(rows=Input(type="uri_file", path="data/rows.txt"), factor=2)).name)
steps = {child.display_name: child for child in ml.jobs.list(parent_job_name=repeated.name)}
SEEN["reused"] = {name: step.properties.get("azureml.isreused") for name, step in sorted(steps.items())}
ml.jobs.download(steps["first"].name, output_name="prepared", download_path="of-a-reused-child")
SEEN["of a reused child"] = files("of-a-reused-child/named-outputs")
SEEN["child log"] = streamed(ml, children["first"].name)
again = ml.jobs.get(job.name)
SEEN["again"] = [ml.jobs.create_or_update(again).name == job.name, len(list(ml.jobs.list(parent_job_name=job.name)))]
ml.jobs.archive(job.name)
SEEN["archived"] = job.name not in [row.name for row in ml.jobs.list()]

registered = ml.components.create_or_update(load_component("prep.yml"))
write(
    "pipeline.yml",
    f"""
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
display_name: from a file
settings:
  default_compute: azureml:serverless
inputs:
  rows: {{type: uri_file, path: ./data/rows.txt}}
  factor: 3
outputs:
  total: {{type: uri_file}}
  named: {{type: uri_folder, name: named_{UNIQUE}}}
jobs:
  registered:
    type: command
    component: azureml:{registered.name}:{registered.version}
    inputs: {{rows: "${{{{parent.inputs.rows}}}}", factor: "${{{{parent.inputs.factor}}}}", note: noted}}
    outputs: {{prepared: "${{{{parent.outputs.named}}}}"}}
  of_file:
    type: command
    component: ./sum.yml
    inputs: {{prepared: "${{{{parent.jobs.registered.outputs.prepared}}}}"}}
    outputs: {{total: "${{{{parent.outputs.total}}}}"}}
  inline:
    type: command
    command: grep . ${{{{inputs.all}}}}/rows.txt; echo $WORD ${{{{inputs.n}}}}
    environment: {ENVIRONMENT}
    environment_variables: {{WORD: hello}}
    inputs:
      all: {{type: uri_folder, path: "${{{{parent.jobs.registered.outputs.prepared}}}}", mode: download}}
      n: 0.5
""",
)
of_file = ended(ml, submit(load_job("pipeline.yml")).name)
SEEN["of file"] = of_file.status
ml.jobs.download(of_file.name, output_name="total", download_path="of-file")
SEEN["of file total"] = files("of-file/named-outputs")
logs = {child.display_name: child.name for child in ml.jobs.list(parent_job_name=of_file.name)}
for name in ("registered", "inline"):
    ml.jobs.download(logs[name], download_path=f"logs/{name}")
SEEN["logs"] = files("logs")
SEEN["named"] = ml.data.get(f"named_{UNIQUE}", label="latest").path


@dsl.pipeline()
def inner(rows: Input(type="uri_file"), note: Input(type="string", optional=True) = None):
    node = prep(rows=rows, note=note)
    return {"prepared": node.outputs.prepared}


@dsl.pipeline(default_compute="cpu-cluster")
def outer(rows: Input(type="uri_file")):
    one = inner(rows=rows, note="deep")
    two = inner(rows=rows)
    both = total(prepared=one.outputs.prepared)
    return {"total": both.outputs.total, "second": two.outputs.prepared}


nested = ended(ml, submit(outer(rows=Input(type="uri_file", path="data/rows.txt"))).name)
SEEN["nested"] = nested.status
for name in ("total", "second"):
    ml.jobs.download(nested.name, output_name=name, download_path="nested")
SEEN["nested outputs"] = files("nested/named-outputs")

SEEN["optional"] = ended(
    ml, submit(inner(rows=Input(type="uri_file", path="data/rows.txt")), compute="cpu-cluster").name
).status
component = inner._pipeline_builder.build(user_provided_kwargs={})
component.name = f"inner_{UNIQUE}"
component = ml.components.create_or_update(component)
SEEN["component"] = [component.type, sorted(component.inputs), sorted(component.outputs)]
of_component = component(rows=Input(type="uri_file", path="data/rows.txt"))
of_component.settings.default_compute = "cpu-cluster"
SEEN["of component"] = ended(ml, submit(of_component).name).status

fail = command(command=held("echo reason; exit 3"), environment=ENVIRONMENT)
slow = command(command="sleep 300", environment=ENVIRONMENT)


@dsl.pipeline(default_compute="cpu-cluster")
def failing():
    fail()


@dsl.pipeline(default_compute="cpu-cluster")
def endless():
    slow()


failed = submit(failing())
SEEN["failing"] = streamed(ml, failed.name), ml.jobs.get(failed.name).status
long = submit(endless())
while not [child for child in ml.jobs.list(parent_job_name=long.name) if child.status == "Running"]:
    time.sleep(0.1)
SEEN["cancel"] = refused(lambda: ml.jobs.begin_cancel(long.name).result()), ended(ml, long.name).status
SEEN["canceled children"] = [child.status for child in ml.jobs.list(parent_job_name=long.name)]


@dsl.pipeline(default_compute="cpu-cluster")
def sweeping(rows: Input(type="uri_file")):
    trial = command(
        command="cat ${{inputs.rows}} > ${{outputs.model}}/rows.txt; python log.py m ${{inputs.rate}}",
        code="./src",
        inputs={"rate": 0.1, "rows": Input(type="uri_file")},
        outputs={"model": Output(type="uri_folder")},
        environment=ENVIRONMENT,
    )
    swept = trial(rate=Uniform(0.1, 0.9), rows=rows).sweep(
        primary_metric="m", goal="minimize", sampling_algorithm="random"
    )
    swept.set_limits(max_total_trials=2, timeout=600)
    swept.early_termination = MedianStoppingPolicy(delay_evaluation=5, evaluation_interval=1)
    score = parallel_run_function(
        name="score",
        inputs={"models": Input(type="uri_folder"), "word": Input(type="string")},
        outputs={"rows": Output(type="uri_file")},
        input_data="${{inputs.models}}",
        instance_count=1,
        mini_batch_size="1",
        mini_batch_error_threshold=0,
        retry_settings={"timeout": 60, "max_retries": 0},
        task=RunFunction(
            code="./src",
            entry_script="batch.py",
            program_arguments="--word ${{inputs.word}}",
            environment=ENVIRONMENT,
            append_row_to="${{outputs.rows}}",
        ),
    )
    return {"rows": score(models=swept.outputs.model, word="hello").outputs.rows}


write(
    "src/batch.py",
    "import argparse\ndef init():\n  global word\n  parser = argparse.ArgumentParser()\n"
    "  parser.add_argument('--word')\n  word = parser.parse_known_args()[0].word\n"
    "def run(batch): return [f'{word} {open(path).read().splitlines()}' for path in batch]\n",
)
write(
    "src/log.py",
    "import json, os, ssl, sys, urllib.request as u\ne = os.environ\n"
    "body = {'run_id': e['MLFLOW_RUN_ID'], 'key': sys.argv[1], 'value': float(sys.argv[2]), 'timestamp': 1}\n"
    "head = {'Authorization': 'Bearer ' + e['MLFLOW_TRACKING_TOKEN'], 'Content-Type': 'application/json'}\n"
    "url = e['MLFLOW_TRACKING_URI'].replace('azureml://', 'https://') + '/api/2.0/mlflow/runs/log-metric'\n"
    "trust = ssl.create_default_context(cafile=e['SSL_CERT_FILE'])\n"
    "u.urlopen(u.Request(url, json.dumps(body).encode(), head), context=trust)\n",
)
swept = submit(sweeping(rows=Input(type="uri_file", path="data/rows.txt")))
SEEN["sweep"] = ended(ml, swept.name).status
(tuned,) = (child for child in ml.jobs.list(parent_job_name=swept.name) if child.display_name == "swept")
SEEN["trials"] = [child.status for child in ml.jobs.list(parent_job_name=tuned.name)]
ml.jobs.download(f"{tuned.name}_1", output_name="model", download_path="trial")
SEEN["of a trial"] = sorted(files("trial"))
ml.jobs.download(swept.name, output_name="rows", download_path="scored")
(SEEN["scored"],) = files("scored").values()

write("one/both.txt", "one")
write("two/both.txt", "two")
write("two/own.txt", "own")
write(
    "merge.yml",
    """
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
settings: {default_compute: azureml:cpu-cluster}
outputs:
  merged: {type: uri_folder}
jobs:
  merge:
    type: data_transfer
    task: copy_data
    data_copy_mode: merge_with_overwrite
    inputs:
      one: {type: uri_folder, path: one}
      two: {type: uri_folder, path: two}
    outputs:
      out: "${{parent.outputs.merged}}"
""",
)
merged = submit(load_job("merge.yml"))
SEEN["merge"] = ended(ml, merged.name).status
ml.jobs.download(merged.name, output_name="merged", download_path="merged")
SEEN["merged"] = files("merged/named-outputs/merged")
report()
