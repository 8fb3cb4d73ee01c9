"""What a YAML file without a ``$schema`` is, by its keys: a table of shapes, the first that fits decides.

Source: azure-ai-ml 1.35.2, ``_schema/``: the keys of each kind. A shape asks for as much as no other program's files
have, so that a folder of anything can be looked through.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Value = Mapping[Any, Any]


@dataclass(frozen=True)
class Match:
    """A kind, and the keys that it was recognised by, as a message shows them."""

    name: str
    keys: tuple[str, ...] = ()


def near(key: Any, words: Collection[str]) -> str:
    """Find the word that a key was most likely meant to be, an empty text for none; ``comment`` is no ``command``."""
    found = difflib.get_close_matches(key.lower(), words, n=1, cutoff=0.8) if isinstance(key, str) else []
    return found[0] if found else ""


def words(text: str) -> frozenset[str]:
    """Part a text into its words."""
    return frozenset(text.split())


@dataclass(frozen=True)
class Shape:
    """Keys by which a kind is recognised.

    :param name: the kind.
    :param all: keys that must be there.
    :param some: keys of which one must be there; empty: none is asked for.
    :param types: words of ``type``, one of which must be there; empty: it may have any type or none.
    :param only: all the keys that there may be; empty: any.
    """

    name: str
    all: frozenset[str] = frozenset()
    some: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    fits: Callable[[Value], bool] = field(default=lambda value: True, repr=False)

    def match(self, value: Value, loosely: bool) -> Match | None:
        """Look whether a document has this shape; None where it has not.

        :param loosely: one long key, or the type, may be misspelt.
        """
        missing = self.all - set(value)
        if missing and not (loosely and len(missing) == 1 and len(self.all) > 1 and _misspelt(missing, value)):
            return None
        keys = [key for key in value if key in self.some]
        if self.some and not keys:
            return None
        word = value.get("type")
        if self.types and not (isinstance(word, str) and _is_word(word, self.types, loosely)):
            return None
        if self.only and any(key not in self.only and not (loosely and near(key, self.only)) for key in value):
            return None
        if not self.fits(value):
            return None
        typed = (f'type "{word}"',) if self.types else ()
        return Match(self.name, (*typed, *sorted(self.all - missing), *keys[:2]))


def _misspelt(missing: frozenset[str], value: Value) -> bool:
    (key,) = missing
    return len(key) >= 8 and near(key, [name for name in value if isinstance(name, str)]) != ""


def _is_word(word: str, words: frozenset[str], loosely: bool) -> bool:
    return word.lower() in words or (loosely and len(word) > 6 and near(word.lower(), words) != "")


def _is_mapping(key: str) -> Callable[[Value], bool]:
    return lambda value: isinstance(value.get(key), Mapping)


def _is_list(key: str) -> Callable[[Value], bool]:
    return lambda value: isinstance(value.get(key), list)


def _is_text(key: str) -> Callable[[Value], bool]:
    return lambda value: isinstance(value.get(key), str)


def _auth(*modes: str) -> Callable[[Value], bool]:
    return lambda value: str(value.get("auth_mode")).lower().replace("_", "") in modes


CONNECTIONS = words(
    "git python_feed container_registry s3 snowflake azure_sql_db azure_synapse_analytics azure_my_sql_db azure_blob "
    "azure_postgres_db azure_open_ai azure_ai_services azure_ai_search azure_content_safety azure_speech_services "
    "azure_one_lake azure_data_lake_gen2 open_ai serverless api_key serp custom feature_store azure_key_vault"
)
ENVIRONMENT = words(
    "$schema name version image build conda_file description tags properties inference_config os_type datastore id"
)
DATA = words("uri_file uri_folder mltable")
CONDA = words("name channels dependencies prefix variables platforms")
STORE = words("offline_store online_store compute_runtime materialization_identity")
WORKSPACE = words(
    "hbi_workspace storage_account key_vault application_insights managed_network image_build_compute "
    "system_datastores_auth_mode primary_user_assigned_identity"
)
ONLINE = words(
    "instance_type scale_settings request_settings liveness_probe readiness_probe app_insights_enabled data_collector "
    "egress_public_network_access model_mount_path"
)
BATCH = words(
    "mini_batch_size output_action output_file_name error_threshold max_concurrency_per_instance retry_settings "
    "compute component job_definition settings"
)

SHAPES = (
    Shape("schedule", words("trigger create_job")),
    Shape("schedule", words("name create_job")),
    Shape("monitor", words("create_monitor"), words("name trigger")),
    Shape("import schedule", words("trigger import_data")),
    Shape("online deployment", words("name endpoint_name"), ONLINE),
    Shape("batch deployment", words("name endpoint_name"), BATCH),
    Shape("online deployment", words("name endpoint_name"), words("model environment code_configuration")),
    Shape("online endpoint", words("name auth_mode"), fits=_auth("key", "amltoken")),
    Shape("online endpoint", words("name auth_mode"), words("traffic mirror_traffic public_network_access")),
    Shape("batch endpoint", words("name auth_mode"), fits=_auth("aadtoken")),
    Shape(
        "batch endpoint",
        words("name defaults"),
        fits=lambda value: isinstance(value.get("defaults"), Mapping) and "deployment_name" in value["defaults"],
    ),
    Shape(
        "serverless endpoint",
        words("name model_id"),
        fits=lambda value: str(value.get("model_id")).startswith(("azureml://", "azureml:")),
    ),
    Shape("compute", words("name"), types=words("amlcompute computeinstance virtualmachine synapsespark")),
    Shape("compute", words("name resource_id"), types=words("kubernetes")),
    Shape("compute", words("size"), words("min_instances max_instances"), types=words("amlcompute")),
    Shape(
        "datastore",
        words("name"),
        words("account_name store_name one_lake_workspace_name name_node_address"),
        words("azure_blob azure_file azure_data_lake_gen1 azure_data_lake_gen2 one_lake hdfs"),
    ),
    Shape("connection", words("name"), words("target credentials api_key azure_endpoint endpoint"), CONNECTIONS),
    Shape(
        "data import",
        words("source path"),
        types=words("uri_file uri_folder mltable"),
        fits=_is_mapping("source"),
    ),
    Shape("data", words("path"), types=words("uri_file uri_folder mltable")),
    Shape("model", some=words("path name"), types=words("custom_model mlflow_model triton_model")),
    Shape("model", words("name path flavors"), fits=_is_mapping("flavors")),
    Shape("environment", words("image"), words("conda_file inference_config"), only=ENVIRONMENT),
    Shape("environment", words("name image"), only=ENVIRONMENT, fits=_is_text("image")),
    Shape("environment", words("build"), words("name version"), only=ENVIRONMENT, fits=_is_mapping("build")),
    Shape("feature set", words("name specification entities"), fits=_is_list("entities")),
    Shape("feature set specification", words("source features"), fits=_is_list("features")),
    Shape("feature store entity", words("name index_columns"), fits=_is_list("index_columns")),
    Shape("feature store", words("name"), STORE),
    Shape("registry", words("name location replication_locations"), fits=_is_list("replication_locations")),
    Shape("workspace", words("name"), WORKSPACE),
    Shape("flow", words("nodes outputs"), words("inputs environment"), fits=_is_list("nodes")),
    Shape("run of a flow", words("flow"), words("column_mapping variant")),
    Shape("model package", words("target_environment inferencing_server")),
    Shape("table", words("paths"), words("transformations"), fits=_is_list("paths")),
    Shape("conda file", words("dependencies"), words("channels name"), only=CONDA, fits=_is_list("dependencies")),
)
"""The first that fits decides."""
