"""The workspace, its region and its connections with Microsoft's client."""

from azure.ai.ml.entities import (
    AccessKeyConfiguration,
    APIKeyConnection,
    AzureOpenAIConnection,
    ComputeInstance,
    ManagedNetwork,
    UsernamePasswordConfiguration,
    Workspace,
    WorkspaceConnection,
)
from client import SEEN, UNIQUE, client, refused, report

ml = client()
keys = ml.workspaces.get_keys()
SEEN["keys"] = [bool(keys.user_storage_key), keys.user_storage_resource_id, keys.app_insights_instrumentation_key]
SEEN["synced"] = ml.workspaces.begin_sync_keys().result()
SEEN["diagnosis"] = list(vars(ml.workspaces.begin_diagnose(ml.workspace_name).result()).values())

first = ml.workspaces.get()
told = {"display_name": "Ours", "description": "Changed", "tags": {"by": UNIQUE}}
ml.workspaces.begin_update(ml.workspaces.get(), **told).result()
named = ml.workspaces.get()
SEEN["described"] = [named.display_name, named.description, named.tags == {"by": UNIQUE}, named.public_network_access]
theirs = Workspace(name=ml.workspace_name, display_name="Theirs", tags={"more": "x"})
again = ml.workspaces.begin_create(theirs).result()
SEEN["made again"] = [again.display_name, again.description, sorted(again.tags)]
network = ManagedNetwork(isolation_mode="allow_internet_outbound")
SEEN["network"] = refused(lambda: ml.workspaces.begin_update(named, managed_network=network).result())
SEEN["another"] = refused(lambda: ml.workspaces.begin_create(Workspace(name="another", location="eastus")).result())
told = {"display_name": first.display_name, "description": first.description, "tags": {}}
SEEN["as before"] = ml.workspaces.begin_update(named, **told).result().tags

sizes = {size.name: size for size in ml.compute.list_sizes()}
SEEN["size"] = [sizes["Standard_DS3_v2"].family, sizes["Standard_DS3_v2"].gpus]
SEEN["graphics"] = sorted(name for name, size in sizes.items() if size.gpus)
SEEN["of a type"] = len(ml.compute.list_sizes(compute_type="amlcompute")) == len(sizes)
SEEN["elsewhere"] = refused(lambda: ml.compute.list_sizes(location="westus"))
INSTANCE = f"ci{UNIQUE}"
ml.compute.begin_create_or_update(ComputeInstance(name=INSTANCE, size="Standard_DS3_v2")).result()
SEEN["usages"] = [usage.type.rpartition("MachineLearningServices/")[2] for usage in ml.compute.list_usage()]
ml.compute.enable_sso(name=INSTANCE, enable_sso=False)
ml.compute.begin_delete(INSTANCE).result()

NAME = f"snow-{UNIQUE}"
made = ml.connections.create_or_update(
    WorkspaceConnection(
        name=NAME,
        type="snowflake",
        target="jdbc:snowflake://x.example/?db=d",
        credentials=UsernamePasswordConfiguration(username="u", password="hush"),
        metadata={"k": "v"},
    )
)
SEEN["made"] = [made.name, made.type, made.target, made.metadata, made.credentials.password, made.id]
found = ml.connections.get(NAME)
SEEN["found"] = [found.type, found.credentials.type, found.credentials.username, found.is_shared]
api = ml.connections.create_or_update(
    APIKeyConnection(name=f"api-{UNIQUE}", api_base="https://a.example", api_key="k1")
)
SEEN["api"] = [api.type, api.api_base, api.api_key]
SEEN["secret"] = ml.connections.get(api.name, populate_secrets=True).api_key
openai = AzureOpenAIConnection(
    name=f"openai-{UNIQUE}", azure_endpoint="https://o.example", api_key="k2", api_version="2024-02-01"
)
SEEN["openai"] = ml.connections.create_or_update(openai, populate_secrets=True).api_key
store = WorkspaceConnection(
    name=f"s3-{UNIQUE}",
    type="s3",
    target="s3://bucket",
    credentials=AccessKeyConfiguration(access_key_id="i", secret_access_key="s"),
)
SEEN["s3"] = ml.connections.create_or_update(store).credentials.access_key_id
SEEN["listed"] = sorted(one.name for one in ml.connections.list() if one.name.endswith(UNIQUE))
SEEN["of a category"] = [one.name for one in ml.connections.list(connection_type="s3") if one.name.endswith(UNIQUE)]
SEEN["all secrets"] = [
    one.api_key for one in ml.connections.list("api_key", populate_secrets=True) if one.name == api.name
]
found.metadata = {"k": "w"}
SEEN["changed"] = ml.connections.create_or_update(found).metadata
for name in SEEN["listed"]:
    ml.connections.delete(name)
SEEN["gone"] = refused(lambda: ml.connections.get(NAME))
report()
