"""Data, environments, models, components, datastores and computes with Microsoft's client."""

from azure.ai.ml import load_component
from azure.ai.ml.constants import ListViewType
from azure.ai.ml.entities import (
    AccountKeyConfiguration,
    AmlCompute,
    AzureBlobDatastore,
    BuildContext,
    ComputeInstance,
    Data,
    Environment,
    Model,
)
from client import SEEN, UNIQUE, client, files, refused, report, write

ml = client()
write("data/a.csv", "a,b\n")
write("data/sub/b.csv", "c\n")
write("table/MLTable", "paths:\n  - file: ./a.csv\n")
write("table/a.csv", "a\n")
write("model/m.pkl", b"\x00\x01")
write("context/Dockerfile", "FROM scratch")
name = f"x{UNIQUE}"


def versions(operations, **keywords) -> list:
    """The versions that a list shows, the newest first."""
    return [row.version for row in operations.list(name=name, **keywords)]


def archived(operations, version: str) -> list:
    """What lists show while one version is archived, and after it was restored."""
    operations.archive(name=name, version=version)
    during = versions(operations)
    operations.restore(name=name, version=version)
    return [during, versions(operations), versions(operations, list_view_type=ListViewType.ALL)]


folder = ml.data.create_or_update(Data(name=name, path="./data", type="uri_folder", description="d", tags={"a": "b"}))
file = ml.data.create_or_update(Data(name=name, path="./data/a.csv", type="uri_file"))
web = ml.data.create_or_update(Data(name=name, version="initial", path="https://example.org/a.csv", type="uri_file"))
table = ml.data.create_or_update(Data(name=f"{name}-t", path="./table", type="mltable"))
folder.tags = {"n": "m"}
other = Data(name=name, version="1", path="azureml://datastores/workspaceblobstore/paths/other/", type="uri_folder")
SEEN["data"] = {
    "versions": [folder.version, file.version, web.version, table.version],
    "paths": [folder.path, file.path, web.path],
    "latest": ml.data.get(name, label="latest").version,
    "updated": ml.data.create_or_update(folder).tags,
    "clash": refused(lambda: ml.data.create_or_update(other)),
    "missing": refused(lambda: ml.data.get("no-such-data", "1")),
    "archived": archived(ml.data, "1"),
    "names": name in [row.name for row in ml.data.list()],
}
ml.data.archive(name=name)
SEEN["data"]["container archived"] = name in [row.name for row in ml.data.list()]

conda = {"channels": ["conda-forge"], "dependencies": ["python=3.10"]}
one = ml.environments.create_or_update(Environment(name=name, image="mcr/x", conda_file=conda))
two = ml.environments.create_or_update(Environment(name=name, image="mcr/y"))
build = ml.environments.create_or_update(Environment(name=f"{name}-b", build=BuildContext(path="./context")))
SEEN["environments"] = {
    "versions": [one.version, two.version],
    "conda": ml.environments.get(name, "1").conda_file,
    "build": build.build.path,
    "latest": ml.environments.get(name, label="latest").version,
    "curated": ml.environments.get("AzureML-sklearn-1.0-ubuntu20.04-py38-cpu", version="33").name,
    "archived": archived(ml.environments, "1"),
}

whole = ml.models.create_or_update(Model(name=name, path="./model", type="custom_model", tags={"a": "b"}))
single = ml.models.create_or_update(Model(name=name, path="./model/m.pkl", type="custom_model"))
for model in (whole, single):
    ml.models.download(name, model.version, download_path=f"models/{model.version}")
whole = ml.models.get(name, "1")
whole.description, whole.stage = "said", "Production"
changed = ml.models.create_or_update(whole)
SEEN["models"] = {
    "versions": [whole.version, single.version],
    "latest": ml.models.get(name, label="latest").version,
    "downloaded": files("models"),
    "changed": [changed.description, changed.stage],
    "archived": archived(ml.models, "2"),
}

write(
    "component.yml",
    f"""$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: {name}
type: command
inputs:
  number: {{type: integer, default: 3}}
  data: {{type: uri_folder, optional: true}}
outputs:
  out: {{type: uri_folder}}
code: ./data
environment: azureml:{name}:1
command: echo ${{{{inputs.number}}}} $[[--data ${{{{inputs.data}}}}]] --out ${{{{outputs.out}}}}
""",
)
component = ml.components.create_or_update(load_component("component.yml"))
newer = load_component("component.yml")
newer.command = "echo other"
newer = ml.components.create_or_update(newer)
SEEN["components"] = {
    "versions": [component.version, newer.version],
    "default": ml.components.get(name).version,
    "latest": ml.components.get(name, label="latest").version,
    "inputs": sorted(ml.components.get(name, "1").inputs),
    "archived": archived(ml.components, "1"),
}

default = ml.datastores.get_default()
key = AccountKeyConfiguration(account_key="c2VjcmV0")
mine = AzureBlobDatastore(
    name=name, account_name=default.account_name, container_name=default.container_name, credentials=key
)
ml.datastores.create_or_update(mine)
SEEN["datastores"] = {
    "default": default.name,
    "listed": sorted(row.name for row in ml.datastores.list()),
    "secret": ml.datastores.get(name, include_secrets=True).credentials.account_key,
}
ml.datastores.delete(name)
SEEN["datastores"]["deleted"] = refused(lambda: ml.datastores.get(name))

cluster = AmlCompute(name=f"c-{UNIQUE}", size="STANDARD_DS3_V2", max_instances=2, idle_time_before_scale_down=120)
made = ml.compute.begin_create_or_update(cluster).result()
made.max_instances = 3
SEEN["computes"] = {
    "state": made.provisioning_state,
    "resized": ml.compute.begin_update(made).result().max_instances,
    "listed": sorted(row.name for row in ml.compute.list()),
    "nodes": list(ml.compute.list_nodes(made.name)),
}
instance = ml.compute.begin_create_or_update(ComputeInstance(name=f"i-{UNIQUE}", size="STANDARD_DS3_V2")).result()
ml.compute.begin_stop(instance.name).result()
SEEN["computes"]["instance"] = [instance.state, ml.compute.get(instance.name).state]
ml.compute.begin_start(instance.name).result()
ml.compute.begin_restart(instance.name).result()
SEEN["computes"]["instance"].append(ml.compute.get(instance.name).state)
SEEN["computes"]["start"] = refused(lambda: ml.compute.begin_start(instance.name).result())
ml.compute.begin_delete(made.name).result()
SEEN["computes"]["deleted"] = refused(lambda: ml.compute.get(made.name))

workspace = ml.workspaces.get(ml.workspace_name)
SEEN["workspace"] = [workspace.name, workspace.location, [row.name for row in ml.workspaces.list()]]
SEEN["key"] = bool(ml.workspaces.get_keys(ml.workspace_name).user_storage_key)
report()
