"""Spark jobs. The checks serve the spark nodes of a pipeline, too.

Source: azure-ai-ml 1.35.2, ``_schema/job/parameterized_spark.py`` and ``entities/_job/spark_job.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Placeholder
from airflow_azureml.jobspec.grammar.code import code
from airflow_azureml.jobspec.grammar.command_text import check_command, warn_of_outputs
from airflow_azureml.jobspec.grammar.computes import compute_id
from airflow_azureml.jobspec.grammar.environments import environment, inline
from airflow_azureml.jobspec.grammar.inputs import inputs
from airflow_azureml.jobspec.grammar.literals import is_literal
from airflow_azureml.jobspec.grammar.outputs import outputs
from airflow_azureml.jobspec.grammar.references import is_url
from airflow_azureml.jobspec.grammar.shared import HEAD, JOB_SERVICES, identity
from airflow_azureml.jobspec.nodes.component import component_code, spec_id
from airflow_azureml.jobspec.nodes.node_keys import rows
from airflow_azureml.jobspec.table.convert import convert_mapping, nested
from airflow_azureml.jobspec.table.field import Container, Field, answers
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.json_values import filled, warn_of_reading
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import listed, mapped, text

CONF = {
    "driver_cores": "spark.driver.cores",
    "driver_memory": "spark.driver.memory",
    "executor_cores": "spark.executor.cores",
    "executor_memory": "spark.executor.memory",
    "executor_instances": "spark.executor.instances",
    "dynamic_allocation_enabled": "spark.dynamicAllocation.enabled",
    "dynamic_allocation_min_executors": "spark.dynamicAllocation.minExecutors",
    "dynamic_allocation_max_executors": "spark.dynamicAllocation.maxExecutors",
}
"""Settings that have a short name in YAML, and Spark's own name."""

ALWAYS = ("driver_cores", "driver_memory", "executor_cores", "executor_memory")
DYNAMIC = ("dynamic_allocation_min_executors", "dynamic_allocation_max_executors")
INSTANCE_TYPES = tuple(f"standard_e{size}s_v3" for size in (4, 8, 16, 32, 64))
IMAGE = "conda/miniconda3"
"""What an environment of a spark job that names no image is registered with."""


def _file(located: Located, ctx: Translator) -> str | Invalid:
    """Take the file of an entry."""
    return ctx.error(located, '"" is not a file.') if located.value == "" else text(located, ctx)


@Container
def entry(located: Located, ctx: Translator) -> dict[str, Any] | Invalid:
    """Take the entry of a job: a file. Microsoft's client refuses a class."""
    if not isinstance(located.value, Mapping):
        return ctx.error(located, f"{show(located.value)} is not an entry. Accepted: a mapping with file.")
    if "class_name" in located.value and "file" not in located.value:
        return ctx.error(located, "a class as entry is not supported. Accepted: file.", "class_name")
    table: tuple[Field, ...] = (Field("file", "file", _file, required=True),)
    if located.document.from_python:
        table += answers("spark_job_entry_type")
    body = convert_mapping(table, located, ctx)
    return body if ctx.form is Form.COMPONENT else {ctx.key("sparkJobEntryType"): "SparkJobPythonEntry", **body}


_TEXTS = listed(text)


@Container
def unique_texts(located: Located, ctx: Translator) -> list[Any] | Invalid:
    """Take a list of texts without repetition."""
    texts = _TEXTS(located, ctx)
    if texts is not INVALID and len(texts) != len(set(texts)):
        return ctx.error(located, "an entry is given twice.")
    return texts


def runtime_version(located: Located, ctx: Translator) -> str | Invalid:
    """Take a version of Spark: whole numbers with dots between."""
    version = str(located.value) if isinstance(located.value, (str, int, float)) else ""
    if not version or not all(part.isdecimal() for part in version.split(".")):
        return ctx.error(located, f"{show(located.value)} is not a version. Accepted: numbers with dots, such as 3.4.")
    warn_of_reading(located, ctx, version)
    return version


def instance_type(located: Located, ctx: Translator) -> str | Invalid:
    """Take one of the sizes that serverless Spark has."""
    size = text(located, ctx)
    if size is INVALID or size.lower() in INSTANCE_TYPES:
        return size
    return ctx.error(located, f"{show(size)} is not a size for Spark. Accepted: {', '.join(INSTANCE_TYPES)}.")


RESOURCES = nested(
    (
        Field("instance_type", "instanceType", instance_type, required=True),
        Field("runtime_version", "runtimeVersion", runtime_version, required=True),
    )
)


def _code(located: Located, ctx: Translator) -> str | Placeholder | Invalid:
    """Take the code of a job or component."""
    return (component_code if ctx.form is Form.COMPONENT else code)(located, ctx)


def spark_environment(located: Located, ctx: Translator) -> Converted[str | Placeholder]:
    """Take an environment."""
    environment_id = _environment(located, ctx)
    return environment_id if environment_id is OMIT or ctx.form is not Form.COMPONENT else spec_id(environment_id)


def _environment(located: Located, ctx: Translator) -> Converted[str | Placeholder]:
    """Take an environment; one that is written out may do without an image, and then only its packages are sent."""
    written = located.value
    if written is None:
        return OMIT
    if not isinstance(written, Mapping) or written.get("image"):
        return environment(located, ctx)
    if "build" in written:
        ctx.warn(located, "Spark builds no images: only the packages of conda_file are used.")
    if inline(located if "build" in written else located.within({**written, "image": IMAGE}), ctx) is INVALID:
        return INVALID
    conda = {key: written[key] for key in ("conda_file",) if written.get(key) is not None}
    return inline(located.within({**conda, "image": IMAGE}), ctx)


CONFIGURATION = mapped(filled)
PROPERTIES = mapped(filled)

SPARK = (
    *rows(HEAD, "name", "type", "display_name", "description", "experiment_name", "tags"),
    *rows(HEAD, "id", "status", "creation_context", "log_files"),
    Field("properties", None, PROPERTIES),
    Field("code", "codeId", _code),
    Field("entry", "entry", entry, required=True),
    Field("py_files", "pyFiles", unique_texts),
    Field("jars", "jars", unique_texts),
    Field("files", "files", unique_texts),
    Field("archives", "archives", unique_texts),
    Field("conf", None, CONFIGURATION, component="conf"),
    Field("args", "args", text),
    Field("environment", "environmentId", spark_environment),
    Field("inputs", "inputs", inputs),
    Field("outputs", "outputs", outputs),
    Field("compute", "computeId", compute_id),
    Field("resources", "resources", RESOURCES),
    Field("identity", "identity", identity),
    Field("services", None, JOB_SERVICES, unsent=True),
)


def spark(located: Located, ctx: Translator) -> dict[str, Any]:
    """Translate a spark job."""
    body = {"jobType": "Spark", **convert_mapping(SPARK, located, ctx)}
    if located.value.get("properties"):
        ctx.warn(
            located.child("properties"), "properties of a spark job are not sent, as Microsoft's client sends none."
        )
    settings = configuration(located, ctx)
    body["conf"] = {name: str(value) for name, value in settings.items() if value is not None}
    where_to_run(located, ctx)
    direct_only(located, ctx)
    entry_exists(located, ctx)
    if isinstance(located.value.get("args"), str):
        check_command(located.child("args"), ctx, located.value.get("inputs"))
        warn_of_outputs(located.child("args"), ctx, located.value.get("outputs"))
    default = {"identityType": "Managed" if located.value.get("compute") is not None else "UserIdentity"}
    return {**body, "identity": body.get("identity") or default}


def parted(conf: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the settings of Spark into those with a short name, by it, and all others."""
    conf = conf if isinstance(conf, Mapping) else {}
    known = {short: conf[name] if conf.get(name) is not None else conf.get(short) for short, name in CONF.items()}
    return known, {name: value for name, value in conf.items() if name not in CONF and name not in CONF.values()}


def completed(known: Mapping[str, Any]) -> dict[str, Any]:
    """Begin with the least number of executors where their number changes by itself and none is given."""
    dynamic = str(known["dynamic_allocation_enabled"]).lower() == "true"
    if known["executor_instances"] is None and dynamic:
        return {**known, "executor_instances": known[DYNAMIC[0]]}
    return dict(known)


def configuration(located: Located, ctx: Translator) -> dict[str, Any]:
    """Read the settings under Spark's own names, and check that the necessary ones are there."""
    short_named, others = parted(located.value.get("conf"))
    known = completed({short: value or None for short, value in short_named.items()})
    check_configuration(located, ctx, known)
    settings = {**others, **{CONF[short]: known[short] for short in ALWAYS}}
    if known["dynamic_allocation_enabled"] in ("True", "true", True):
        settings[CONF["dynamic_allocation_enabled"]] = True
        settings.update({CONF[short]: known[short] for short in DYNAMIC})
    return {**settings, CONF["executor_instances"]: known["executor_instances"]}


def check_configuration(located: Located, ctx: Translator, known: Mapping[str, Any]) -> None:
    """Check the settings of Spark for completeness, with and without dynamic allocation."""
    dynamic = known["dynamic_allocation_enabled"] in ("True", "true", True)
    needed = (*ALWAYS, *DYNAMIC) if dynamic else (*ALWAYS, "executor_instances")
    missing = [CONF[short] for short in needed if known[short] is None]
    if missing:
        ctx.error(located, f"missing from conf: {', '.join(missing)}.", "conf")
        return
    low, high = (known[short] for short in DYNAMIC)
    if not dynamic and (low is not None or high is not None):
        ctx.error(located, "minExecutors and maxExecutors need spark.dynamicAllocation.enabled: true.", "conf")
    if dynamic:
        _check_range(located, ctx, low, high, known["executor_instances"])


def _check_range(located: Located, ctx: Translator, low: Any, high: Any, instances: Any) -> None:
    try:
        least, most, count = int(low), int(high), int(instances) if instances else None
    except (TypeError, ValueError):
        ctx.error(located, "the numbers of executors must be whole numbers.", "conf")
        return
    if not 0 < least <= most:
        ctx.error(
            located,
            f"minExecutors is {least} and maxExecutors {most}. Accepted: 1 or more, and no more than maxExecutors.",
            "conf",
        )
    elif count is not None and not least <= count <= most:
        ctx.error(
            located,
            f"spark.executor.instances is {count}. Accepted: from minExecutors, {least}, to maxExecutors, {most}.",
            "conf",
        )


def entry_exists(located: Located, ctx: Translator) -> None:
    """Check that the entry lies in the code, where both are local."""
    code, entry = located.value.get("code"), located.value.get("entry")
    file = entry.get("file") if isinstance(entry, Mapping) else None
    if not isinstance(code, str) or not isinstance(file, str) or is_url(code) or code.startswith("git+"):
        return
    files = located.document.files
    folder = files.locate(code, located.place.folder)
    code_kind = files.kind(folder)
    if code_kind == "file":
        ctx.error(located, f"{show(code)} is a file; the code of a spark job is the folder of its entry.", "code")
    if code_kind == "folder" and files.kind(files.locate(file, folder)) is None:
        ctx.error(located, f"{show(file)}: there is no such file in the code, {folder}.", "entry", "file")


def where_to_run(located: Located, ctx: Translator) -> None:
    """Check that there is either a compute or resources."""
    compute, resources = located.value.get("compute"), located.value.get("resources")
    if not compute and resources is None:
        ctx.error(located, "a spark job needs compute, or resources with instance_type and runtime_version.")
    if compute and resources:
        ctx.error(located, "compute and resources exclude each other.", "resources")


def has_any_mode(part: str, name: str) -> bool:
    """Whether a port need not be in the mode ``direct``: an output called ``default``.

    Source: ``_validate_input_output_mode`` of azure-ai-ml 1.35.2; no documentation says it.
    """
    return (part, name) == ("outputs", "default")


def direct_only(located: Located, ctx: Translator) -> None:
    """Check that data goes in and out in the mode ``direct``, the only one that Spark has."""
    for part in ("inputs", "outputs"):
        group = located.value.get(part)
        for name, port in group.items() if isinstance(group, Mapping) else ():
            plain = port is None or is_literal(port) or not isinstance(port, Mapping)
            mode = None if plain else port.get("mode")
            if not (plain or set(port) == {"value"} or has_any_mode(part, name) or _direct(mode)):
                ctx.error(located, f"{show(mode)} is not a mode of Spark. Accepted: direct.", part, name, "mode")


def _direct(mode: Any) -> bool:
    return isinstance(mode, str) and mode.lower() == "direct"
