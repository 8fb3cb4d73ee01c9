"""What a YAML file without a ``$schema`` is, told by its keys: a table of shapes, and the two that need a closer look.

Source: azure-ai-ml 1.35.2, ``_schema/``: the keys of each kind. A shape asks for as much as no other program's files
have, so that a folder of anything can be looked through.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.jobspec.batch.invocation import INPUT_KEYS, OUTPUT_KEYS, SINGLE, TABLE
from airflow_azureml.jobspec.kinds.table import JOB_TYPES

Value = Mapping[Any, Any]


@dataclass(frozen=True)
class Told:
    """A kind, and the keys that it was told by, as a message shows them."""

    name: str
    keys: tuple[str, ...] = ()


def _near(key: Any, words: Collection[str]) -> str:
    """Find the word that a key was most likely meant to be, an empty text for none; ``comment`` is no ``command``."""
    found = difflib.get_close_matches(key.lower(), words, n=1, cutoff=0.8) if isinstance(key, str) else []
    return found[0] if found else ""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True)
class Shape:
    """Keys that tell a kind.

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

    def told(self, value: Value, loosely: bool) -> Told | None:
        """Tell whether a document has this shape.

        :param loosely: one long key, or the type, may be misspelt.
        """
        missing = self.all - set(value)
        if missing and not (loosely and len(missing) == 1 and len(self.all) > 1 and _misspelt(missing, value)):
            return None
        found = [key for key in value if key in self.some]
        if self.some and not found:
            return None
        word = value.get("type")
        if self.types and not (isinstance(word, str) and _is_word(word, self.types, loosely)):
            return None
        if self.only and any(key not in self.only and not (loosely and _near(key, self.only)) for key in value):
            return None
        if not self.fits(value):
            return None
        typed = (f'type "{word}"',) if self.types else ()
        return Told(self.name, (*typed, *sorted(self.all - missing), *found[:2]))


def _misspelt(missing: frozenset[str], value: Value) -> bool:
    (key,) = missing
    return len(key) >= 8 and _near(key, [name for name in value if isinstance(name, str)]) != ""


def _is_word(word: str, words: frozenset[str], loosely: bool) -> bool:
    return word.lower() in words or (loosely and len(word) > 6 and _near(word.lower(), words) != "")


def _is_mapping(key: str) -> Callable[[Value], bool]:
    return lambda value: isinstance(value.get(key), Mapping)


def _is_list(key: str) -> Callable[[Value], bool]:
    return lambda value: isinstance(value.get(key), list)


def _is_text(key: str) -> Callable[[Value], bool]:
    return lambda value: isinstance(value.get(key), str)


def _auth(*modes: str) -> Callable[[Value], bool]:
    return lambda value: str(value.get("auth_mode")).lower().replace("_", "") in modes


CONNECTIONS = _words(
    "git python_feed container_registry s3 snowflake azure_sql_db azure_synapse_analytics azure_my_sql_db azure_blob "
    "azure_postgres_db azure_open_ai azure_ai_services azure_ai_search azure_content_safety azure_speech_services "
    "azure_one_lake azure_data_lake_gen2 open_ai serverless api_key serp custom feature_store azure_key_vault"
)
ENVIRONMENT = _words(
    "$schema name version image build conda_file description tags properties inference_config os_type datastore id"
)
DATA = _words("uri_file uri_folder mltable")
CONDA = _words("name channels dependencies prefix variables platforms")
STORE = _words("offline_store online_store compute_runtime materialization_identity")
WORKSPACE = _words(
    "hbi_workspace storage_account key_vault application_insights managed_network image_build_compute "
    "system_datastores_auth_mode primary_user_assigned_identity"
)
ONLINE = _words(
    "instance_type scale_settings request_settings liveness_probe readiness_probe app_insights_enabled data_collector "
    "egress_public_network_access model_mount_path"
)
BATCH = _words(
    "mini_batch_size output_action output_file_name error_threshold max_concurrency_per_instance retry_settings "
    "compute component job_definition settings"
)

SHAPES = (
    Shape("schedule", _words("trigger create_job")),
    Shape("schedule", _words("name create_job")),
    Shape("monitor", _words("create_monitor"), _words("name trigger")),
    Shape("import schedule", _words("trigger import_data")),
    Shape("online deployment", _words("name endpoint_name"), ONLINE),
    Shape("batch deployment", _words("name endpoint_name"), BATCH),
    Shape("online deployment", _words("name endpoint_name"), _words("model environment code_configuration")),
    Shape("online endpoint", _words("name auth_mode"), fits=_auth("key", "amltoken")),
    Shape("online endpoint", _words("name auth_mode"), _words("traffic mirror_traffic public_network_access")),
    Shape("batch endpoint", _words("name auth_mode"), fits=_auth("aadtoken")),
    Shape(
        "batch endpoint",
        _words("name defaults"),
        fits=lambda value: isinstance(value.get("defaults"), Mapping) and "deployment_name" in value["defaults"],
    ),
    Shape(
        "serverless endpoint",
        _words("name model_id"),
        fits=lambda value: str(value.get("model_id")).startswith(("azureml://", "azureml:")),
    ),
    Shape("compute", _words("name"), types=_words("amlcompute computeinstance virtualmachine synapsespark")),
    Shape("compute", _words("name resource_id"), types=_words("kubernetes")),
    Shape("compute", _words("size"), _words("min_instances max_instances"), types=_words("amlcompute")),
    Shape(
        "datastore",
        _words("name"),
        _words("account_name store_name one_lake_workspace_name name_node_address"),
        _words("azure_blob azure_file azure_data_lake_gen1 azure_data_lake_gen2 one_lake hdfs"),
    ),
    Shape("connection", _words("name"), _words("target credentials api_key azure_endpoint endpoint"), CONNECTIONS),
    Shape(
        "data import", _words("source path"), types=_words("uri_file uri_folder mltable"), fits=_is_mapping("source")
    ),
    Shape("data", _words("path"), types=_words("uri_file uri_folder mltable")),
    Shape("model", some=_words("path name"), types=_words("custom_model mlflow_model triton_model")),
    Shape("model", _words("name path flavors"), fits=_is_mapping("flavors")),
    Shape("environment", _words("image"), _words("conda_file inference_config"), only=ENVIRONMENT),
    Shape("environment", _words("name image"), only=ENVIRONMENT, fits=_is_text("image")),
    Shape("environment", _words("build"), _words("name version"), only=ENVIRONMENT, fits=_is_mapping("build")),
    Shape("feature set", _words("name specification entities"), fits=_is_list("entities")),
    Shape("feature set specification", _words("source features"), fits=_is_list("features")),
    Shape("feature store entity", _words("name index_columns"), fits=_is_list("index_columns")),
    Shape("feature store", _words("name"), STORE),
    Shape("registry", _words("name location replication_locations"), fits=_is_list("replication_locations")),
    Shape("workspace", _words("name"), WORKSPACE),
    Shape("flow", _words("nodes outputs"), _words("inputs environment"), fits=_is_list("nodes")),
    Shape("run of a flow", _words("flow"), _words("column_mapping variant")),
    Shape("model package", _words("target_environment inferencing_server")),
    Shape("table", _words("paths"), _words("transformations"), fits=_is_list("paths")),
    Shape("conda file", _words("dependencies"), _words("channels name"), only=CONDA, fits=_is_list("dependencies")),
)
"""The first that fits decides."""


def told_by_shape(value: Value, named: bool = False) -> Told | None:
    """Tell what a document is by its keys; None for what is nothing of Azure ML.

    :param named: somebody gave this very file, see ``recognise``.
    """
    if {"apiVersion", "kind"} <= set(value):
        return None
    if told := _batch_inputs(value, named):
        return told
    for loosely in (False, True):
        for shape in SHAPES:
            if told := shape.told(value, loosely):
                return told
        if told := _component(value) or _job(value, loosely, named):
            return told
    return Told("job") if named and _like_a_job(value) else None


PORTS = (*INPUT_KEYS, *OUTPUT_KEYS)
BATCH_KEYS = {*INPUT_KEYS, *OUTPUT_KEYS, *SINGLE, *(row.name for row in TABLE), "$schema"}


OF_DATA = _words("path jobInputType JobInputType uri")
OF_LITERALS = _words("type value default")


def _batch_inputs(value: Value, named: bool) -> Told | None:
    """Tell the inputs of a batch endpoint: its own keys, misspelt or not, and no others."""
    ports = [value[key] for key in PORTS if key in value]
    if not ports or not all(key in BATCH_KEYS or _near(key, BATCH_KEYS) for key in value):
        return None
    told = Told("batch inputs", tuple(key for key in value if isinstance(key, str))[:3])
    return told if named or any(_is_port(port) for group in ports for port in _values(group)) else None


def _values(group: Any) -> list[Any]:
    return list(group.values()) if isinstance(group, Mapping) else []


def _is_port(port: Any) -> bool:
    """Tell a port from the declarations of parameters that other programs call inputs, which have types, too."""
    if not isinstance(port, Mapping):
        return str(port).startswith("azureml:")
    word = port.get("type")
    return bool(OF_DATA & set(port)) or (
        isinstance(word, str) and (_near(word.lower(), DATA) != "" or set(port) <= OF_LITERALS)
    )


# -- jobs and components, which have most of their keys in common

COMPONENTS = _words("command pipeline parallel spark data_transfer automl import sweep")
OF_COMPONENTS = _words("version is_deterministic")
OF_JOBS = _words("compute experiment_name services schedule trial")
PARTS = _words(
    "command environment code compute inputs outputs jobs trial entry training_data objective search_space settings "
    "experiment_name display_name resources distribution limits task primary_metric model"
)
"""Keys of jobs. Two beside a type of job tell a job, or one that only jobs of Azure ML have; so do two without a type,
``command`` or a misspelling among them."""

OWN_PARTS = _words("jobs trial search_space training_data primary_metric entry experiment_name code compute")
"""Keys of jobs that tell one beside its type: other programs have a ``type: command`` as well."""

OF_ALL = _words("type name description tags $schema")
PRIMITIVES = _words("number integer string boolean")
OF_PORTS = _words("default optional min max enum")


def _component(value: Value) -> Told | None:
    word = value.get("type")
    kind = word.lower() if isinstance(word, str) else None
    own = [key for key in value if key in OF_COMPONENTS]
    if kind is None:
        runs = isinstance(value.get("command"), str) and ("environment" in value or "is_deterministic" in value)
        return Told("component", (*own[:2], "command")) if own and runs else None
    if kind in ("commandcomponent", "sparkcomponent", "pipelinecomponent", "parallelcomponent"):
        return Told("component", (f'type "{word}"',))
    if kind not in COMPONENTS:
        return None
    if own and _runs(value):
        return Told("component", (f'type "{word}"', *own[:2]))
    if kind in ("parallel", "data_transfer") and "task" in value:
        return Told("component", (f'type "{word}"', "task"))
    if not OF_JOBS & set(value) and _declares_ports(value):
        return Told("component", (f'type "{word}"', "inputs with types and no values"))
    return None


def _runs(value: Value) -> bool:
    return bool(_words("command jobs task entry code inputs outputs trial") & set(value))


def _declares_ports(value: Value) -> bool:
    ports = value.get("inputs")
    return isinstance(ports, Mapping) and any(map(_is_declaration, ports.values()))


def _is_declaration(port: Any) -> bool:
    """Tell what a component declares, such as a number that has no value, from what a job is given."""
    if not isinstance(port, Mapping) or "type" not in port or {"path", "value"} & set(port):
        return False
    return str(port["type"]).lower() in PRIMITIVES or bool(OF_PORTS & set(port))


def _job(value: Value, loosely: bool, named: bool) -> Told | None:
    """Tell a job, also one whose type or keys are misspelt: it must not pass for something that nobody checks."""
    if _words("endpoint_name dependencies channels") & set(value):
        return None
    word = value.get("type")
    if "type" in value:
        right = isinstance(word, str) and word.lower() in JOB_TYPES
        meant = right or (loosely and isinstance(word, str) and _near(word.lower(), JOB_TYPES) != "")
        parts = [key for key in value if key in PARTS]
        told = len(parts) > 1 or OWN_PARTS & set(parts) or (named and (parts or set(value) <= OF_ALL))
        return Told("job", (f'type "{word}"', *parts[:2])) if meant and told else None
    nodes = value.get("jobs")
    if isinstance(nodes, Mapping) and any(map(_is_node, nodes.values())):
        return Told("job", ("jobs",))
    if "trial" in value and any(isinstance(value.get(key), Mapping) for key in ("search_space", "objective")):
        return Told("job", ("trial",))
    return _untyped_command(value, loosely)


def _is_node(node: Any) -> bool:
    if not isinstance(node, Mapping):
        return False
    return bool({"component", "trial"} & set(node)) or (
        "command" in node and bool(_words("environment code compute inputs outputs") & set(node))
    )


def _untyped_command(value: Value, loosely: bool) -> Told | None:
    names = {key: _near(key, PARTS) if loosely else key for key in value if isinstance(key, str)}
    known = {key: name for key, name in names.items() if name in PARTS}
    runs = "command" in known.values() and isinstance(value.get(_key_of(known, "command")), str)
    surroundings = _words("environment code compute") & set(known.values())
    exact = PARTS & set(value)
    if not runs or not surroundings or not exact or not _is_environment(value.get("environment", "")):
        return None
    if set(known.values()) == {"command", "environment"} and not _is_reference(value):
        return None
    return Told("job", tuple(known)[:3])


def _key_of(known: Mapping[str, str], name: str) -> str:
    return next(key for key, word in known.items() if word == name)


def _is_environment(given: Any) -> bool:
    """Tell an environment of Azure ML from environment variables, which other programs call that."""
    return isinstance(given, str) or (isinstance(given, Mapping) and bool(ENVIRONMENT & set(given)))


def _is_reference(value: Value) -> bool:
    """Tell an environment's name in Azure ML from the name of a stage, such as ``production``."""
    given = next((item for key, item in value.items() if _near(key, PARTS) == "environment"), None)
    return not isinstance(given, str) or bool(re.search(r"[:@/]|AzureML", given))


def _like_a_job(value: Value) -> bool:
    known = {_near(key, PARTS) for key in value if isinstance(key, str)}
    return "command" in known or ("trial" in known and len(known) > 2)
