"""Spark jobs. The checks serve the spark nodes of a pipeline, too.

Source: azure-ai-ml 1.35.2, ``_schema/job/parameterized_spark.py`` and ``entities/_job/spark_job.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_azureml.spec.commandtext import check_command
from airflow_azureml.spec.document import Spot
from airflow_azureml.spec.environments import inline
from airflow_azureml.spec.fields import (
    INVALID,
    OMIT,
    Field,
    Reading,
    answers,
    anything,
    nested,
    show,
    tell_reading,
    walk,
)
from airflow_azureml.spec.inputs import inputs
from airflow_azureml.spec.literals import is_literal
from airflow_azureml.spec.outputs import outputs
from airflow_azureml.spec.references import code, compute_id, environment, is_url
from airflow_azureml.spec.shared import HEAD, JOB_SERVICES, identity
from airflow_azureml.spec.values import listed, mapped, text

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


def entry(spot: Spot, reading: Reading) -> Any:
    """Take the entry of a job: a file. Microsoft's client refuses a class."""
    if not isinstance(spot.value, Mapping):
        return reading.refuse(spot, f"{show(spot.value)} is not an entry. Accepted: a mapping with file.")
    if "class_name" in spot.value and "file" not in spot.value:
        return reading.refuse(spot, "a class as entry is not supported. Accepted: file.", "class_name")
    rows: tuple[Field, ...] = (Field("file", "file", text, required=True),)
    if spot.document.built:
        rows += answers("spark_job_entry_type")
    return {reading.key("sparkJobEntryType"): "SparkJobPythonEntry", **walk(rows, spot, reading)}


def unique_texts(spot: Spot, reading: Reading) -> Any:
    """Take a list of texts without repetition."""
    found = listed(text)(spot, reading)
    if found is not INVALID and len(found) != len(set(found)):
        return reading.refuse(spot, "an entry stands here twice.")
    return found


def runtime_version(spot: Spot, reading: Reading) -> Any:
    """Take a version of Spark: whole numbers with dots between."""
    given = str(spot.value) if isinstance(spot.value, (str, int, float)) else ""
    if not given or not all(part.isdecimal() for part in given.split(".")):
        return reading.refuse(spot, f"{show(spot.value)} is not a version. Accepted: numbers with dots, such as 3.4.")
    tell_reading(spot, reading, given)
    return given


def instance_type(spot: Spot, reading: Reading) -> Any:
    """Take one of the sizes that serverless Spark has."""
    given = text(spot, reading)
    if given is INVALID or given.lower() in INSTANCE_TYPES:
        return given
    return reading.refuse(spot, f"{show(given)} is not a size for Spark. Accepted: {', '.join(INSTANCE_TYPES)}.")


RESOURCES = nested(
    (
        Field("instance_type", "instanceType", instance_type, required=True),
        Field("runtime_version", "runtimeVersion", runtime_version, required=True),
    )
)


def spark_environment(spot: Spot, reading: Reading) -> Any:
    """Take an environment; one that is written out may do without an image, and then only its packages are sent."""
    value = spot.value
    if value is None:
        return OMIT
    if not isinstance(value, Mapping) or value.get("image"):
        return environment(spot, reading)
    if "build" in value:
        reading.warn(spot, "Spark builds no images: only the packages of conda_file are used.")
    if inline(spot if "build" in value else spot.within({**value, "image": IMAGE}), reading) is INVALID:
        return INVALID
    kept = {key: value[key] for key in ("conda_file",) if value.get(key) is not None}
    return inline(spot.within({**kept, "image": IMAGE}), reading)


def given(spot: Spot, reading: Reading) -> Any:
    """Take any value but an empty one."""
    return reading.refuse(spot, "the value is empty.") if spot.value is None else anything(spot, reading)


CONFIGURATION = mapped(given)
PROPERTIES = mapped(given)

SPARK = (
    *HEAD,
    Field("code", "codeId", code),
    Field("entry", "entry", entry, required=True),
    Field("py_files", "pyFiles", unique_texts),
    Field("jars", "jars", unique_texts),
    Field("files", "files", unique_texts),
    Field("archives", "archives", unique_texts),
    Field("conf", None, CONFIGURATION),
    Field("args", "args", text),
    Field("environment", "environmentId", spark_environment),
    Field("inputs", "inputs", inputs),
    Field("outputs", "outputs", outputs),
    Field("compute", "computeId", compute_id),
    Field("resources", "resources", RESOURCES),
    Field("identity", "identity", identity),
    Field("services", None, JOB_SERVICES, unsent=True),
)


def spark(spot: Spot, reading: Reading) -> dict[str, Any]:
    """Translate a spark job."""
    rows = tuple(Field("properties", None, PROPERTIES) if row.name == "properties" else row for row in SPARK)
    body = {"jobType": "Spark", **walk(rows, spot, reading)}
    if spot.value.get("properties"):
        reading.warn(
            spot.child("properties"), "properties of a spark job are not sent, as Microsoft's client sends none."
        )
    settings = configuration(spot, reading)
    body["conf"] = {name: str(value) for name, value in settings.items() if value is not None}
    where_to_run(spot, reading)
    direct_only(spot, reading)
    entry_exists(spot, reading, None)
    if isinstance(spot.value.get("args"), str):
        check_command(spot.child("args"), reading, spot.value.get("inputs"))
    default = {"identityType": "Managed" if spot.value.get("compute") is not None else "UserIdentity"}
    return {**body, "identity": body.get("identity") or default}


def parted(given: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the settings of Spark into those with a short name, by it, and all others."""
    given = given if isinstance(given, Mapping) else {}
    known = {short: given[full] if given.get(full) is not None else given.get(short) for short, full in CONF.items()}
    return known, {name: value for name, value in given.items() if name not in CONF and name not in CONF.values()}


def completed(known: Mapping[str, Any]) -> dict[str, Any]:
    """Begin with the least number of executors where their number changes by itself and none is given."""
    dynamic = str(known["dynamic_allocation_enabled"]).lower() == "true"
    if known["executor_instances"] is None and dynamic:
        return {**known, "executor_instances": known[DYNAMIC[0]]}
    return dict(known)


def configuration(spot: Spot, reading: Reading) -> dict[str, Any]:
    """Read the settings under Spark's own names, and check that the necessary ones are there."""
    own, rest = parted(spot.value.get("conf"))
    known = completed({short: value or None for short, value in own.items()})
    check_configuration(spot, reading, known)
    settings = {**rest, **{CONF[short]: known[short] for short in ALWAYS}}
    if known["dynamic_allocation_enabled"] in ("True", "true", True):
        settings[CONF["dynamic_allocation_enabled"]] = True
        settings.update({CONF[short]: known[short] for short in DYNAMIC})
    return {**settings, CONF["executor_instances"]: known["executor_instances"]}


def check_configuration(spot: Spot, reading: Reading, known: Mapping[str, Any]) -> None:
    """Check the settings of Spark for completeness, with and without dynamic allocation."""
    dynamic = known["dynamic_allocation_enabled"] in ("True", "true", True)
    needed = (*ALWAYS, *DYNAMIC) if dynamic else (*ALWAYS, "executor_instances")
    missing = [CONF[short] for short in needed if known[short] is None]
    if missing:
        reading.refuse(spot, f"this is required in it: {', '.join(missing)}.", "conf")
        return
    low, high = (known[short] for short in DYNAMIC)
    if not dynamic and (low is not None or high is not None):
        reading.refuse(spot, "least and largest executors need spark.dynamicAllocation.enabled: true.", "conf")
    if dynamic:
        _check_range(spot, reading, low, high, known["executor_instances"])


def _check_range(spot: Spot, reading: Reading, low: Any, high: Any, instances: Any) -> None:
    try:
        least, most, count = int(low), int(high), int(instances) if instances else None
    except (TypeError, ValueError):
        reading.refuse(spot, "the numbers of executors are not whole numbers.", "conf")
        return
    if not 0 < least <= most:
        reading.refuse(
            spot, f"least executors {least}, largest {most}: accepted are 1 and more, the least first.", "conf"
        )
    elif count is not None and not least <= count <= most:
        reading.refuse(spot, f"{count} executors are not between the least, {least}, and the largest, {most}.", "conf")


def entry_exists(spot: Spot, reading: Reading, default: str | None = ".") -> None:
    """Check that the entry lies in the code, where both are local.

    :param default: where it lies without any code; None: nowhere to look.
    """
    code, given = spot.value.get("code", default), spot.value.get("entry")
    name = given.get("file") if isinstance(given, Mapping) else None
    if not isinstance(code, str) or not isinstance(name, str) or is_url(code) or code.startswith("git+"):
        return
    files = spot.document.files
    folder = files.locate(code, spot.place.folder)
    kind = files.kind(folder)
    if kind == "file":
        reading.refuse(spot, f"{show(code)} is a file; the code of a spark job is the folder of its entry.", "code")
    if kind == "folder" and files.kind(files.locate(name, folder)) is None:
        reading.refuse(spot, f"{show(name)}: there is no such file in the code, {folder}.", "entry", "file")


def where_to_run(spot: Spot, reading: Reading) -> None:
    """Check that there is either a compute or resources."""
    compute, resources = spot.value.get("compute"), spot.value.get("resources")
    if not compute and resources is None:
        reading.refuse(spot, "a spark job needs compute, or resources with instance_type and runtime_version.")
    if compute and resources:
        reading.refuse(spot, "compute and resources exclude each other.", "resources")


def direct_only(spot: Spot, reading: Reading) -> None:
    """Check that data goes in and out in the mode ``direct``, the only one that Spark has."""
    for part in ("inputs", "outputs"):
        group = spot.value.get(part)
        for name, value in group.items() if isinstance(group, Mapping) else ():
            plain = value is None or is_literal(value) or not isinstance(value, Mapping)
            mode = None if plain else value.get("mode")
            if not plain and set(value) != {"value"} and name != "default" and not _direct(mode):
                reading.refuse(spot, f"{show(mode)} is not a mode of Spark. Accepted: direct.", part, name, "mode")


def _direct(mode: Any) -> bool:
    return isinstance(mode, str) and mode.lower() == "direct"
