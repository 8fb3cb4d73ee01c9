"""What a YAML file is told to be: each kind by its ``$schema`` and by its keys, other programs' files as nothing."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from airflow_azureml.jobspec.batch import invocation
from airflow_azureml.jobspec.batch.invocation import translate_invocation
from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.recognition.file_kinds import FILE_KINDS
from airflow_azureml.jobspec.recognition.job_shapes import BATCH_KEYS
from airflow_azureml.jobspec.recognition.recognised import recognise
from airflow_azureml.jobspec.resources.table import RESOURCES
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WORKSPACE = Workspace("s", "g", "w")
HOST = "https://azuremlschemas.azureedge.net/latest"

SCHEMAS = {
    "commandJob": "job",
    "pipelineJob": "job",
    "autoMLImageClassificationMultilabelJob": "job",
    "data": "data",
    "model": "model",
    "environment": "environment",
    "commandComponent": "component",
    "pipelineComponent": "component",
    "sparkComponent": "component",
    "batchEndpoint": "batch endpoint",
    "batchDeployment": "batch deployment",
    "modelBatchDeployment": "batch deployment",
    "pipelineComponentBatchDeployment": "batch deployment",
    "managedOnlineEndpoint": "online endpoint",
    "kubernetesOnlineEndpoint": "online endpoint",
    "managedOnlineDeployment": "online deployment",
    "amlCompute": "compute",
    "computeInstance": "compute",
    "vmCompute": "compute",
    "schedule": "schedule",
    "monitorSchedule": "monitor",
    "azureBlob": "datastore",
    "azureDataLakeGen2": "datastore",
    "workspaceConnection": "connection",
    "workspace": "workspace",
    "registry": "registry",
    "featureSet": "feature set",
    "featureStore": "feature store",
    "featureStoreEntity": "feature store entity",
    "somethingNew": "other",
}

SHAPES = {
    "job": "type: sweep\ntrial: {command: echo}\nobjective: {goal: minimize}\n",
    "batch inputs": "inputs: {d: {type: uri_folder, path: azureml:d:1}}\n",
    "data": "name: d\ntype: uri_folder\npath: ./data\n",
    "model": "name: m\ntype: mlflow_model\npath: ./model\n",
    "environment": "name: e\nimage: python\nconda_file: conda.yml\n",
    "component": "name: c\ntype: command\ninputs: {rate: {type: number}}\ncommand: echo\nenvironment: azureml:e:1\n",
    "batch endpoint": "name: scores\nauth_mode: aad_token\n",
    "batch deployment": "name: a\nendpoint_name: scores\nmodel: azureml:m:1\ncompute: azureml:c\n",
    "online endpoint": "name: scores\nauth_mode: key\n",
    "online deployment": "name: blue\nendpoint_name: scores\nmodel: azureml:m:1\ninstance_type: Standard_DS3_v2\n",
    "serverless endpoint": "name: s\nmodel_id: azureml://registries/azureml-meta/models/m\n",
    "compute": "name: c\ntype: amlcompute\nsize: STANDARD_DS3_v2\nmin_instances: 0\nmax_instances: 2\n",
    "schedule": "name: nightly\ntrigger: {type: cron, expression: 0 3 * * *}\ncreate_job: ./pipeline.yml\n",
    "monitor": "name: m\ntrigger: {type: cron, expression: 0 3 * * *}\ncreate_monitor: {compute: {}}\n",
    "import schedule": "name: i\ntrigger: {type: cron, expression: 0 3 * * *}\nimport_data: ./import.yml\n",
    "data import": "name: i\ntype: mltable\nsource: {type: database, query: select 1}\npath: azureml://datastores/d\n",
    "datastore": "name: s\ntype: azure_blob\naccount_name: a\ncontainer_name: c\n",
    "connection": "name: c\ntype: python_feed\ntarget: https://feed.example\n",
    "workspace": "name: w\nlocation: eastus\nhbi_workspace: false\n",
    "registry": "name: r\nlocation: eastus\nreplication_locations: [{location: eastus}]\n",
    "feature set": "name: f\nversion: 1\nspecification: {path: ./spec}\nentities: [azureml:account:1]\n",
    "feature store": "name: f\noffline_store: {type: azure_data_lake_gen2}\n",
    "feature store entity": "name: account\nversion: 1\nindex_columns: [{name: id, type: string}]\n",
    "flow": "inputs: {}\noutputs: {}\nnodes: [{name: a, type: python}]\n",
    "table": "paths: [{file: a.csv}]\ntransformations: [read_delimited]\n",
    "conda file": "name: e\nchannels: [conda-forge]\ndependencies: [python=3.11]\n",
}

OTHERS = {
    "codecov": "comment: {layout: diff}\n",
    "codecov with a job's words": "codecov: {}\ncoverage: {}\ncomment: {}\nignore: []\nflags: {}\n",
    "kubernetes": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n",
    "kubernetes, a job": "apiVersion: batch/v1\nkind: Job\ntype: command\ncommand: echo\nenvironment: x\n",
    "compose": "services: {web: {image: x, command: run, environment: {A: b}}}\n",
    "a compose service": "image: x\ncommand: run\nenvironment: {A: b}\n",
    "workflow": "name: w\non: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n",
    "workflow, reusable": "on: push\njobs: {test: {uses: a/b/.github/workflows/c.yml, with: {command: x}}}\n",
    "action": "name: a\ndescription: b\ninputs: {x: {default: y}}\nruns: {using: docker}\n",
    "action with outputs": "name: a\ninputs: {path: {description: b}}\noutputs: {c: {value: d}}\nruns: {using: x}\n",
    "circleci": "version: 2.1\njobs: {build: {docker: [{image: x}], steps: [checkout]}}\n",
    "azure pipelines": "trigger: [main]\npool: {vmImage: x}\njobs: [{job: a, steps: []}]\n",
    "pre-commit": "repos: [{repo: https://x.example, rev: v1, hooks: [{id: ruff}]}]\n",
    "mkdocs": "site_name: x\nnav: [{Home: index.md}]\nplugins: [search]\n",
    "MLmodel": "artifact_path: model\nflavors: {sklearn: {}}\nmodel_uuid: x\nrun_id: y\n",
    "helm chart": "apiVersion: v2\nname: x\nversion: 1.0.0\ntype: application\ndependencies: [{name: y}]\n",
    "helm values": "image: {repository: x, tag: y}\nresources: {}\nservice: {type: ClusterIP}\n",
    "dbt": "version: 2\nmodels: [{name: a}]\n",
    "dbt project": "name: shop\nversion: 1.0.0\nprofile: x\nmodels: {shop: {}}\n",
    "dvc": "stages: {train: {cmd: python train.py, deps: [a]}}\n",
    "dvc file": "outs: [{md5: x, path: data.csv}]\n",
    "kubeflow": "name: a\ninputs: [{name: x, type: String}]\noutputs: []\nimplementation: {container: {image: x}}\n",
    "prefect": "name: x\ndeployments: [{name: a, entrypoint: f.py}]\n",
    "openapi": "openapi: 3.0.0\ninfo: {title: x, version: '1'}\npaths: {/a: {}}\n",
    "ansible variables": "name: x\ncompute: y\n",
    "hydra": "defaults: [a, b]\nmodel: {name: x}\ntrainer: {lr: 0.1}\ndata: {path: x}\n",
    "tmuxinator": "name: x\ncommands: [a]\nroot: ~/x\n",
    "a list of paths": "name: x\npath: y\n",
    "github issue form": "name: x\ndescription: y\nlabels: [a]\nbody: []\n",
    "sphinx": "version: 2\nbuild: {os: ubuntu, tools: {python: '3.11'}}\npython: {install: []}\n",
    "kedro catalog": "cars: {type: pandas.CSVDataset, filepath: data/cars.csv}\n",
    "wandb sweep": "program: train.py\nmethod: bayes\nmetric: {goal: minimize}\nparameters: {}\n",
    "cloudformation": "AWSTemplateFormatVersion: '2010-09-09'\nResources: {}\nOutputs: {}\n",
    "filebeat": "filebeat.inputs: [{type: log}]\noutput.elasticsearch: {hosts: [x]}\n",
    "a stage": "command: gunicorn app\nenvironment: production\nport: 80\n",
    "parameters": "inputs: {foo: {type: string, description: x, required: true}}\n",
    "parameters with defaults": "inputs: {foo: {type: number, default: 1, label: x}}\n",
    "an intent": "type: command\nname: restart\ndescription: x\n",
    "a task of an editor": "type: command\ncommand: make\n",
    "a network's configuration": "type: sweep\nmodel: resnet\n",
    "a course": "name: x\nmodel: y\ntrial: free\nobjective: z\n",
    "vector": "inputs: [a]\noutputs: {b: {c: d}}\n",
    "another schema": "$schema: https://json.schemastore.org/environment.json\nname: x\n",
    "azd": "$schema: https://raw.example/azure.yaml.json\nname: x\nservices: {}\n",
    "v1 pipeline": "pipeline: {name: x, steps: {}}\n",
    "registry assets": "name: c\nversion: auto\ntype: component\nspec: spec.yaml\ncategories: [x]\n",
}

MISSPELT = {
    "type": ("job", "type: comand\ncommand: echo\nenvironment: azureml:e:1\n"),
    "a key": ("job", "comand: echo\nenvironment: azureml:e:1\n"),
    "of a node": ("job", "jobs: {a: {command: echo, environment: azureml:e:1}}\n"),
    "of batch inputs": ("batch inputs", "inputs: {d: {type: uri_folder, path: azureml:d:1}}\noutput: {}\n"),
    "type of data": ("data", "name: d\ntype: uri_foldr\npath: ./data\n"),
    "type of batch input": ("batch inputs", "inputs: {d: {type: uri_foldr, pth: azureml:d:1}}\n"),
    "no environment": ("job", "type: command\ncommand: echo\ncode: src\n"),
    "endpoint": ("batch deployment", "name: a\nendpoint_nme: scores\nmodel: azureml:m:1\nmini_batch_size: 2\n"),
    "environment": ("environment", "name: e\nimage: python\nconda_fille: conda.yml\n"),
}


@pytest.mark.parametrize(("schema", "kind"), SCHEMAS.items())
@pytest.mark.parametrize("address", [f"{HOST}/{{}}.schema.json", "http://azureml/sdk-2-0/{}.json"])
def test_a_schema_tells_the_kind(schema: str, kind: str, address: str) -> None:
    found = recognise({"$schema": address.format(schema), "name": "x"})
    assert found is not None
    assert found.name == kind


@pytest.mark.parametrize(("kind", "text"), SHAPES.items())
def test_keys_tell_the_kind(kind: str, text: str) -> None:
    found = recognise(yaml.safe_load(text))
    assert found is not None
    assert found.name == kind


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_files_of_other_programs_are_nothing_of_azure_ml(text: str) -> None:
    assert recognise(yaml.safe_load(text)) is None


@pytest.mark.parametrize(("kind", "text"), MISSPELT.values(), ids=MISSPELT)
def test_one_misspelling_does_not_hide_a_file(kind: str, text: str) -> None:
    """It must not pass for a file that nobody checks."""
    found = recognise(yaml.safe_load(text))
    assert found is not None
    assert found.name == kind


def test_every_kind_is_told_by_something() -> None:
    assert set(SHAPES) | set(SCHEMAS.values()) | {
        *("hub", "project", "capability host", "index", "prompt", "run of a flow", "model package"),
        *("marketplace subscription", "deployment template", "feature set specification"),
    } == set(FILE_KINDS)


def read_as(wanted: str, text: str) -> Any:
    """Translate a text as a kind that it may not be of."""
    document = load(text)
    if wanted == "job":
        return translate(document, WORKSPACE)
    return (
        translate_invocation(document, WORKSPACE)
        if wanted == "batch inputs"
        else RESOURCES[wanted].read(document, WORKSPACE)
    )


@pytest.mark.parametrize("wanted", ["job", "batch inputs", *RESOURCES])
@pytest.mark.parametrize("given", ["schedule", "monitor", "data", "batch deployment", "job", "compute"])
def test_a_file_of_another_kind_is_told_as_what_it_is(wanted: str, given: str) -> None:
    """Instead of each of its keys as unknown; what takes it is said."""
    if wanted == given:
        return
    with pytest.raises(SpecError) as caught:
        read_as(wanted, SHAPES[given])
    problem, *further = caught.value.problems
    assert not further or (given, wanted) == ("job", "component")
    titles = {"job": "a sweep job"}
    assert problem.message.startswith(f"this is {titles.get(given, FILE_KINDS[given].title)} (recognised by ")
    assert problem.message.endswith(f", not {FILE_KINDS[wanted].title}. {FILE_KINDS[given].place}")


def test_the_schema_is_shown() -> None:
    with pytest.raises(SpecError) as caught:
        translate(load(f"name: a\n$schema: {HOST}/schedule.schema.json\ncreate_job: x\n"), WORKSPACE)
    (problem,) = caught.value.problems
    assert (problem.path, problem.line) == ("$schema", 2)
    assert f'this is a schedule ($schema "{HOST}/schedule.schema.json"), not a job.' in problem.message


def test_a_schema_that_is_not_meant_stops_nothing() -> None:
    """Microsoft's client does not look at it."""
    text = f"$schema: {HOST}/commandComponent.schema.json\ncommand: echo\nenvironment: azureml:e:1\n"
    assert translate(load(text), WORKSPACE).body["properties"]["jobType"] == "Command"


def test_a_job_with_a_key_of_components_is_told_both() -> None:
    with pytest.raises(SpecError) as caught:
        translate(load("type: command\nversion: 1\ncommand: echo\nenvironment: azureml:e:1\n"), WORKSPACE)
    assert [problem.path for problem in caught.value.problems] == ["", "version"]


def test_all_keys_of_batch_inputs_are_recognised() -> None:
    keys = {row.name for row in invocation.TABLE} | {*invocation.SINGLE, *invocation.INPUT_KEYS}
    assert keys | {*invocation.OUTPUT_KEYS, "$schema"} == BATCH_KEYS


@pytest.mark.parametrize(
    ("keys", "kind"),
    [
        ("compute: azureml:c\n", "job"),
        ("experiment_name: x\n", "job"),
        ("inputs: {d: {type: uri_file, path: ./a.csv}}\n", "job"),
        ("inputs: {d: {type: uri_file}}\n", "component"),
        ("inputs: {n: {type: integer, default: 1}}\ncompute: azureml:c\n", "component"),
        ("version: 1\ncompute: azureml:c\n", "component"),
    ],
)
def test_what_only_a_job_has_outranks_the_schema_of_a_component(keys: str, kind: str) -> None:
    """Microsoft's own files have spark jobs with the schema of a component."""
    schema = "$schema: http://azureml/sdk-2-0/SparkComponent.json\n"
    found = recognise(yaml.safe_load(f"{schema}type: spark\nname: words\ncode: ./src\nentry: {{file: a.py}}\n{keys}"))
    assert found is not None
    assert found.name == kind
