"""Entities, feature sets, indexes, serverless endpoints and marketplace subscriptions with Microsoft's client."""

from azure.ai.ml.entities import (
    DataColumn,
    FeatureSet,
    FeatureSetSpecification,
    FeatureStoreEntity,
    Index,
    MarketplaceSubscription,
    ServerlessEndpoint,
)
from client import SEEN, UNIQUE, client, report, write

ml = client()
SPECIFICATION = """
$schema: http://azureml/sdk-2-0/FeatureSetSpec.json
source:
  type: parquet
  path: azureml://datastores/workspaceblobstore/paths/x/*.parquet
  timestamp_column:
    name: timestamp
features:
  - name: balance
    type: double
index_columns:
  - name: id
    type: string
"""
NAME = f"account-{UNIQUE}"
entity = FeatureStoreEntity(name=NAME, version="1", index_columns=[DataColumn(name="id", type="string")])
made = ml.feature_store_entities.begin_create_or_update(entity).result()
SEEN["entity"] = [made.name, made.version, [(column.name, str(column.type)) for column in made.index_columns]]
write("set/FeatureSetSpec.yaml", SPECIFICATION)
specification = FeatureSetSpecification(path="set")
feature_set = FeatureSet(name=NAME, version="1", entities=[f"azureml:{NAME}:1"], specification=specification)
ml.feature_sets.begin_create_or_update(feature_set).result()
SEEN["set"] = ml.feature_sets.get(NAME, "1").entities
SEEN["features"] = [(one.name, one.data_type) for one in ml.feature_sets.list_features(NAME, "1")]
SEEN["feature"] = ml.feature_sets.get_feature(NAME, "1", feature_name="balance").name
SEEN["materialized"] = len(list(ml.feature_sets.list_materialization_operations(NAME, "1")))
for operations in (ml.feature_sets, ml.feature_store_entities):
    operations.archive(NAME, "1")
    hidden = len(list(operations.list(name=NAME)))
    operations.restore(NAME, "1")
    SEEN.setdefault("archived", []).append([hidden, len(list(operations.list(name=NAME)))])
    SEEN.setdefault("listed", []).append(NAME in [one.name for one in operations.list()])

MODEL = "azureml://registries/azureml-meta/models/Llama-2-7b-chat"
subscription = MarketplaceSubscription(name=f"sub-{UNIQUE}", model_id=MODEL)
made = ml.marketplace_subscriptions.begin_create_or_update(subscription).result()
SEEN["subscription"] = [made.status, ml.marketplace_subscriptions.get(made.name).model_id]
endpoint = ServerlessEndpoint(name=f"end-{UNIQUE}", model_id=MODEL, tags={"a": "b"})
made = ml.serverless_endpoints.begin_create_or_update(endpoint).result()
SEEN["endpoint"] = [made.auth_mode, made.provisioning_state, made.scoring_uri.rpartition("/")[2] == made.name]
SEEN["keys"] = len({ml.serverless_endpoints.get_keys(made.name).primary_key, None})
SEEN["there"] = made.name in [one.name for one in ml.serverless_endpoints.list()]
ml.serverless_endpoints.begin_delete(made.name).result()
ml.marketplace_subscriptions.begin_delete(subscription.name).result()
SEEN["left"] = [
    one.name
    for group in (ml.serverless_endpoints, ml.marketplace_subscriptions)
    for one in group.list()
    if one.name.endswith(UNIQUE)
]
write("index/chunks.txt", "one")
for name in ("one", "two"):
    ml.indexes.create_or_update(Index(name=NAME, path="index", description=name))
found = ml.indexes.get(NAME, label="latest")
SEEN["index"] = [found.version, found.description, ml.indexes.get(NAME, version="1").path.startswith("azureml://")]
SEEN["indexes"] = [len(list(ml.indexes.list(NAME))), NAME in [one.name for one in ml.indexes.list()]]
report()
