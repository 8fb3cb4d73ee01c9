"""The registry with Microsoft's client: models, environments, data and components in it, shared, used in jobs."""

import os

from azure.ai.ml import Input, MLClient, command, dsl, load_component
from azure.ai.ml.entities import Data, Environment, Model, Registry, RegistryRegionDetails
from azure.identity import DefaultAzureCredential
from client import SEEN, UNIQUE, client, ended, files, refused, report, write

ml = client()
names = ("AZUREML_SUBSCRIPTION_ID", "AZUREML_RESOURCE_GROUP")
credential = DefaultAzureCredential(disable_instance_discovery=True)
registry = MLClient(credential, *(os.environ[name] for name in names), registry_name="local")

write("model/weights.txt", "10")
write("data/rows.csv", "a,b\n1,2\n")
model = registry.models.create_or_update(Model(name=f"m-{UNIQUE}", version="3", path="model", type="custom_model"))
SEEN["model"] = [model.id, model.version, registry.models.get(model.name, "3").tags]
registry.models.download(model.name, "3", download_path="down")
SEEN["downloaded"] = files("down")
SEEN["listed"] = [each.version for each in registry.models.list(name=model.name)]
SEEN["latest"] = registry.models.get(model.name, label="latest").version

environment = registry.environments.create_or_update(
    Environment(name=f"e-{UNIQUE}", version="1", image="mcr/x", conda_file={"dependencies": ["python=3.11"]})
)
SEEN["environment"] = [environment.id, environment.image]
data = registry.data.create_or_update(Data(name=f"d-{UNIQUE}", version="1", path="data", type="uri_folder"))
SEEN["data"] = data.id
write("code/show.py", "import sys\nprint(open(sys.argv[1] + '/rows.csv').read(), end='')\n")
spec = write(
    "show.yml",
    "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\n"
    f"type: command\nname: c_{UNIQUE}\nversion: '1'\ninputs:\n  rows:\n    type: uri_folder\n"
    f"code: code\ncommand: python show.py ${{{{inputs.rows}}}}\nenvironment: {environment.id}\n",
)
component = registry.components.create_or_update(load_component(str(spec)))
SEEN["component"] = component.id
SEEN["found"] = registry.components.get(f"c_{UNIQUE}", "1").command

own = ml.models.create_or_update(Model(name=f"own-{UNIQUE}", path="model", type="custom_model"))
shared = ml.models.share(own.name, own.version, share_with_name=own.name, share_with_version="7", registry_name="local")
SEEN["shared"] = [shared.id, registry.models.get(own.name, "7").version]
registry.models.download(own.name, "7", download_path="copy")
SEEN["copied"] = files("copy")

rows = ml.data.create_or_update(Data(name=f"own-{UNIQUE}", version="2", path="data", type="uri_folder"))
image = ml.environments.create_or_update(Environment(name=f"own-{UNIQUE}", version="2", image="mcr/x"))
scope = (os.environ["AZUREML_RESOURCE_GROUP"], ml.workspace_name)
here, renamed = {"registryName": "local"}, {"registryName": "local", "destinationName": f"p-{UNIQUE}"}
ml.models._model_versions_operation.begin_publish(*scope, own.name, own.version, body=renamed).result()
ml.data._operation.begin_publish(*scope, rows.name, "2", body=here).result()
ml.environments._version_operations.begin_publish(*scope, image.name, "2", body=here).result()
registry.models.download(f"p-{UNIQUE}", own.version, download_path="published")
SEEN["published"] = files("published")
SEEN["published data"] = [registry.data.get(rows.name, "2").type, registry.environments.get(image.name, "2").image]
again = {"body": here, "polling": False}
SEEN["twice"] = refused(lambda: ml.data._operation.begin_publish(*scope, rows.name, "2", **again))
nowhere = {"body": {"registryName": "nowhere"}, "polling": False}
SEEN["nowhere"] = refused(lambda: ml.data._operation.begin_publish(*scope, rows.name, "2", **nowhere))

job = command(
    command="cat ${{inputs.model}}/weights.txt ${{inputs.rows}}/rows.csv",
    environment=environment.id,
    compute="cpu-cluster",
    inputs={
        "model": Input(type="custom_model", path=model.id),
        "rows": Input(type="uri_folder", path=data.id),
    },
)
ran = ended(ml, ml.jobs.create_or_update(job).name)
ml.jobs.download(ran.name, download_path="log", all=True)
SEEN["ran"] = [ran.status, *(text for name, text in files("log").items() if name.endswith("std_log.txt"))]
show = registry.components.get(f"c_{UNIQUE}", "1")


@dsl.pipeline(default_compute="cpu-cluster")
def graph(rows: Input):
    """One step, of the registry."""
    show(rows=rows)


SEEN["component ran"] = ended(ml, ml.jobs.create_or_update(graph(Input(type="uri_folder", path=data.id))).name).status
SEEN["absent"] = refused(lambda: registry.models.get("absent", "1"))
OTHER = f"r-{UNIQUE}"
regions = [RegistryRegionDetails(location="eastus")]
made = ml.registries.begin_create(Registry(name=OTHER, location="eastus", replication_locations=regions)).result()
SEEN["another"] = [made.name == OTHER, OTHER in [each.name for each in ml.registries.list(scope="subscription")]]
ml.registries.begin_delete(name=OTHER).result()
SEEN["another gone"] = refused(lambda: ml.registries.get(OTHER))
SEEN["registries"] = [[each.name for each in ml.registries.list()], ml.registries.get("local").location]
report()
