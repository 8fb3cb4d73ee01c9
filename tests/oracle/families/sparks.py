"""Spark jobs, and spark nodes of a pipeline, written out and with components: every key, settings in all spellings."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, each, these

CONF: dict[str, Any] = {
    "spark.driver.cores": 1,
    "spark.driver.memory": "2g",
    "spark.executor.cores": 2,
    "spark.executor.memory": "2g",
    "spark.executor.instances": 2,
    "spark.x": True,
}
SIZES = {"instance_type": "standard_e4s_v3", "runtime_version": "3.4"}
FULL: dict[str, Any] = {
    "type": "spark",
    "name": "sp",
    "display_name": "D",
    "experiment_name": "ex",
    "description": "d",
    "tags": {"a": "b"},
    "properties": {"p": "v"},
    "code": "src",
    "entry": {"file": "train.py"},
    "py_files": ["a.py"],
    "jars": ["j.jar"],
    "files": ["f.txt"],
    "archives": ["z.zip"],
    "conf": CONF,
    "args": "--a ${{inputs.i}} ${{outputs.o}} ${{inputs.n}}",
    "inputs": {"i": {"type": "uri_file", "path": "azureml://datastores/a/paths/b", "mode": "direct"}, "n": 1},
    "outputs": {"o": {"type": "uri_folder", "path": "azureml://datastores/a/paths/c", "mode": "direct"}},
    "resources": SIZES,
    "identity": {"type": "managed"},
    "environment": "azureml:e:1",
    "services": {"s": {"type": "jupyter_lab"}},
}
PARTS = {"driver_cores": 1, "driver_memory": "2g", "executor_cores": 2, "executor_memory": "2g"}


def attached(job: dict[str, Any]) -> dict[str, Any]:
    """The same on a compute."""
    return {**{key: value for key, value in job.items() if key != "resources"}, "compute": "azureml:sp"}


def dynamic(**settings: Any) -> dict[str, Any]:
    """Settings with dynamic allocation; None takes one away."""
    given = {"enabled": True, "minExecutors": 1, "maxExecutors": 3, **settings}
    rest = {f"spark.dynamicAllocation.{name}": value for name, value in given.items() if value is not None}
    return {**{key: value for key, value in CONF.items() if not key.endswith("instances")}, **rest}


CONFS: dict[str, Any] = {
    "empty": {},
    "short names": {**PARTS, "executor_instances": 2},
    "short and long names": {**CONF, **PARTS, "driver_cores": 4},
    "one short name": {**CONF, "driver_cores": 4},
    "short names as text": {**{key: str(value) for key, value in PARTS.items()}, "executor_instances": "2"},
    "long names as text": {key: str(value) for key, value in CONF.items()},
    "dynamic": dynamic(),
    "dynamic as text": dynamic(enabled="True", minExecutors="1", maxExecutors="3"),
    "dynamic in small letters": dynamic(enabled="true"),
    "dynamic in capitals": dynamic(enabled="TRUE"),
    "dynamic as a number": dynamic(enabled=1),
    "not dynamic": {**dynamic(enabled=False), "spark.executor.instances": 2},
    "not dynamic at all": {**dynamic(enabled=False, minExecutors=None, maxExecutors=None), "executor_instances": 2},
    "without a word": {**dynamic(enabled=None), "spark.executor.instances": 2},
    "no least": dynamic(minExecutors=None),
    "no largest": dynamic(maxExecutors=None),
    "least over largest": dynamic(minExecutors=5),
    "least zero": dynamic(minExecutors=0),
    "equal": dynamic(minExecutors=3),
    "negative": dynamic(minExecutors=-2),
    "letters": dynamic(minExecutors="a"),
    "fractions": dynamic(minExecutors=1.5),
    "dynamic with instances": {**dynamic(), "spark.executor.instances": 2},
    "dynamic with too many": {**dynamic(), "spark.executor.instances": 9},
    "dynamic with too few": {**dynamic(minExecutors=2), "spark.executor.instances": 1},
    "dynamic by short names": {
        **PARTS,
        "dynamic_allocation_enabled": True,
        "dynamic_allocation_min_executors": 1,
        "dynamic_allocation_max_executors": 3,
    },
    "dynamic by short names, more": {
        **PARTS,
        "dynamic_allocation_enabled": "true",
        "dynamic_allocation_min_executors": "1",
        "dynamic_allocation_max_executors": "3",
        "executor_instances": "2",
    },
    "others": {**CONF, "spark.sql.x": 1.5, "a.b": None, "c": [1], "d": {"e": 1}, "f": False, "g": "", "h": 1e-7},
    "a list": [{"spark.driver.cores": 1}],
    **{f"no {key}": {name: value for name, value in CONF.items() if name != key} for key in CONF},
}
ENTRIES: dict[str, Any] = {
    "class": {"class_name": "x.y"},
    "class and file": {"class_name": "x.y", "file": "train.py"},
    "text": "train.py",
    "below": {"file": "sub/x.txt"},
    "dotted": {"file": "./train.py"},
    "missing": {"file": "nope.py"},
    "folder": {"file": "sub"},
    "outside": {"file": "../data.csv"},
    "with its type": {"file": "train.py", "spark_job_entry_type": "SparkJobPythonEntry"},
    "with another type": {"file": "train.py", "spark_job_entry_type": "SparkJobScalaEntry"},
    "nothing": {},
    "more": {"file": "train.py", "x": 1},
}
LISTS: dict[str, Any] = {
    "several": ["a.py", "b.py"],
    "twice": ["a.py", "a.py"],
    "numbers": [1],
    "nulls": [None],
    "text": "a.py",
    "url": ["https://x/y.jar"],
    "store": ["azureml://datastores/a/paths/b.jar"],
}
OPTIONAL = (
    *("name", "display_name", "experiment_name", "description", "tags", "properties", "py_files", "jars"),
    *("files", "archives", "args", "inputs", "outputs", "identity", "environment", "services"),
)
OTHERS: dict[str, dict[str, Any]] = {
    **{f"conf {word}": {"conf": value} for word, value in CONFS.items()},
    **{f"entry {word}": {"entry": value} for word, value in ENTRIES.items()},
    **{f"{key} {word}": {key: value} for key in ("py_files", "jars") for word, value in LISTS.items()},
    "files twice": {"files": ["a", "a"]},
    "archives twice": {"archives": ["a", "a"]},
    **{
        f"{word} {value}": {f"resources/{word}": value}
        for word, values in {
            "instance_type": ("Standard_E4s_V3", "standard_e8s_v3", "standard_e64s_v3", "standard_d2_v2", ""),
            "runtime_version": (3.4, 3, "3.4.1", "3.x", "v3", "3.2.0", "3.", ".3", ""),
        }.items()
        for value in values
    },
    "no sizes": {"resources": {}},
    "another size": {"resources/instance_count": 2},
    **{
        f"{part}/{name} {word}": {f"{part}/{name}/mode": word}
        for part, name in (("inputs", "i"), ("outputs", "o"))
        for word in (..., "ro_mount", "Direct", "DIRECT", "rw_mount", "download", "upload", "mount", "", None)
    },
    "a local input": {"inputs/i/path": "data.csv"},
    "a local folder": {"inputs/i": {"type": "uri_folder", "path": "data", "mode": "direct"}},
    "an input of a path": {"inputs/i": {"path": "azureml://datastores/a/paths/b", "mode": "direct"}},
    "an input of a path alone": {"inputs/i": {"path": "azureml://datastores/a/paths/b"}},
    "an asset": {"inputs/i/path": "azureml:x:1"},
    "a value": {"inputs/i": {"value": 3}},
    "a typed value": {"inputs/i": {"type": "integer", "value": 3}},
    "a model": {"inputs/i": {"type": "mlflow_model", "path": "azureml:m:1", "mode": "direct"}},
    "an mltable": {"inputs/i": {"type": "mltable", "path": "mlt", "mode": "direct"}},
    "a wrong argument": {"args": "--a ${{inputs.zz}}"},
    "a wrong output argument": {"args": "--a ${{outputs.zz}}"},
    "no arguments": {"args": ""},
    "an output of nothing": {"outputs/o": None},
    "an empty output": {"outputs/o": {}},
    "an output of a mode": {"outputs/o": {"mode": "direct"}},
    "an output with a name": {"outputs/o/name": "x"},
    "an output called default": {"outputs/default": {"type": "uri_folder"}},
    "an image": {"environment": {"image": "x"}},
    "an image with packages": {"environment": {"image": "x", "conda_file": "conda.yml"}},
    "packages": {"environment": {"conda_file": "conda.yml"}},
    "packages written out": {"environment": {"conda_file": {"name": "e", "dependencies": ["python=3.10"]}}},
    "named packages": {"environment": {"name": "n", "version": "2", "conda_file": "conda.yml"}},
    "a build": {"environment": {"build": {"path": "ctx"}}},
    "the latest environment": {"environment": "azureml:e@latest"},
    "code by id": {"code": "azureml:c:1"},
    "code from git": {"code": "git+https://github.com/a/b"},
    "code from a store": {"code": "azureml://datastores/a/paths/b"},
    "a file as code": {"code": "src/train.py", "entry": {"file": "train.py"}},
    "no code": {"code": ..., "entry": {"file": "src/train.py"}},
    **{
        f"identity {word}": {"identity": {"type": word}}
        for word in ("user_identity", "UserIdentity", "aml_token", "managed_identity", "managed", "x")
    },
    "a short identity": {"identity": "user_identity"},
    "variables": {"environment_variables": {"A": "b"}},
    "distribution": {"distribution": {"type": "mpi"}},
    "limits": {"limits": {"timeout": 1}},
    "queue": {"queue_settings": {"job_tier": "spot"}},
    "settings outside of conf": {"conf": ..., **PARTS, "executor_instances": 2},
    "settings in and outside of conf": {**PARTS},
    "nothing optional": dict.fromkeys(
        (
            *("name", "display_name", "experiment_name", "description", "tags", "properties", "py_files", "jars"),
            *("files", "archives", "args", "inputs", "outputs", "identity", "environment", "services"),
        ),
        ...,
    ),
}
PLACES: dict[str, dict[str, Any]] = {
    "compute and resources": {"resources": SIZES},
    "compute and nothing": {"resources": {}},
    "serverless": {"compute": "serverless"},
    "bare": {"compute": "sp"},
    "no identity": {"identity": ...},
    "an empty compute": {"compute": ""},
    "null and resources": {"compute": None, "resources": SIZES},
    "neither": {"compute": ...},
    "local": {"compute": "local"},
}

COMPONENT = """
name: sc
version: 1
type: spark
inputs: {i: {type: uri_file, mode: direct}, n: {type: integer, default: 2}, m: {type: string, optional: true}}
outputs: {o: {type: uri_folder, mode: direct}}
code: ./src
entry: {file: train.py}
py_files: [a.py]
conf: {spark.driver.cores: 1, spark.driver.memory: 2g, spark.executor.cores: 2, spark.executor.memory: 2g,
  spark.executor.instances: 2, spark.y: 1}
args: --a ${{inputs.i}} --n ${{inputs.n}} $[[--m ${{inputs.m}}]] ${{outputs.o}}
"""
DYNAMIC = COMPONENT.replace(
    "spark.executor.instances: 2",
    "spark.dynamicAllocation.enabled: true, spark.dynamicAllocation.minExecutors: 1,"
    " spark.dynamicAllocation.maxExecutors: 3",
)
LOCAL = {
    **FILES,
    "sc.yml": COMPONENT,
    "dyn.yml": DYNAMIC,
    "short.yml": COMPONENT.replace("spark.driver.cores", "driver_cores"),
    "bare.yml": "type: spark\ncode: src\nentry: {file: train.py}\n",
    "env.yml": COMPONENT + "environment: {conda_file: conda.yml}\n",
    "class.yml": COMPONENT.replace("file: train.py", "class_name: x.y"),
    "lost.yml": COMPONENT.replace("file: train.py", "file: nope.py"),
    "more.yml": COMPONENT + "zzz: 1\nidentity: {type: managed}\n",
    "mounted.yml": COMPONENT.replace("mode: direct", "mode: ro_mount"),
    "modeless.yml": COMPONENT.replace(", mode: direct", ""),
    "wrong.yml": COMPONENT.replace("${{inputs.n}}", "${{inputs.zz}}"),
}
NODE = {
    "type": "spark",
    "component": "./sc.yml",
    "inputs": {"i": {"type": "uri_file", "path": "${{parent.inputs.x}}"}, "n": 3},
    "outputs": {"o": "${{parent.outputs.po}}"},
    "resources": SIZES,
    "conf": {"spark.executor.instances": 4},
    "identity": {"type": "managed"},
    "tags": {"a": "b"},
    "display_name": "D",
    "description": "d",
    "properties": {"p": "v"},
}


def pipeline(node: Any) -> dict[str, Any]:
    """A pipeline of one node, ``s``."""
    return {
        "type": "pipeline",
        "inputs": {"x": {"type": "uri_file", "path": "data.csv"}, "num": 3, "word": "standard_e8s_v3"},
        "outputs": {"po": {"type": "uri_folder"}},
        "jobs": {"s": node},
    }


INLINE = {
    **copy.deepcopy(FULL),
    "inputs": {"i": {"type": "uri_file", "path": "${{parent.inputs.x}}", "mode": "direct"}, "n": 1},
    "outputs": {"o": {"type": "uri_folder", "mode": "direct"}},
}
BY_COMPONENT: dict[str, dict[str, Any]] = {
    **{
        f"component {name}": {"component": name}
        for name in (
            *(name for name in LOCAL if name.endswith(".yml") and name != "conda.yml"),
            *("file:sc.yml", "azureml:sc:1", "azureml:sc@latest", "azureml:/subscriptions/x", "nope.yml"),
            *("azureml://registries/r/components/c/versions/1", "azureml://registries/r/components/c/labels/latest"),
        )
    },
    "registered with all": {"component": "azureml:sc:1", "conf": CONF, "args": "x", "py_files": ["x"]},
    **{f"conf {word}": {"conf": value} for word, value in CONFS.items()},
    **{f"dynamic, conf {word}": {"component": "dyn.yml", "conf": value} for word, value in CONFS.items()},
    **{
        f"own {key}": {key: value}
        for key, value in {
            "code": "src",
            "entry": {"file": "train.py"},
            "py_files": ["q.py"],
            "jars": ["q.jar"],
            "files": ["q"],
            "archives": ["q.zip"],
            "args": "--q ${{inputs.n}}",
            "environment": "azureml:e:2",
            "environment_variables": {"A": "b"},
            "executor_instances": 3,
            "driver_cores": 2,
            "services": {"s": {"type": "jupyter_lab"}},
            "name": "n",
            "experiment_name": "n",
            "limits": {"timeout": 3},
            "zzz": 3,
        }.items()
    },
    **{
        f"own environment {value!r}": {"environment": value}
        for value in (1, None, "", "x", "azureml:e", {"image": "i", "zzz": 1}, {"conda_file": "no.yml"}, {"name": "n"})
    },
    **{
        f"own entry {value!r}": {"entry": value}
        for value in (1, None, {}, {"file": ""}, {"class_name": "x.y"}, {"file": "train.py", "zzz": 1})
    },
    "a size from the pipeline": {"resources/instance_type": "${{parent.inputs.word}}"},
    "a setting from the pipeline": {"conf/spark.executor.instances": "${{parent.inputs.num}}"},
    **{f"mode {word}": {"inputs/i/mode": word} for word in ("direct", "ro_mount", "Direct", "download")},
    **{f"output mode {word}": {"outputs/o": {"mode": word}} for word in ("direct", "rw_mount", "upload")},
    "an output with a path": {"outputs/o": {"type": "uri_folder", "path": "azureml://datastores/a/paths/b"}},
    "a local input": {"inputs/i": {"type": "uri_file", "path": "data.csv", "mode": "direct"}},
    "a local input in another mode": {"inputs/i": {"type": "uri_file", "path": "data.csv", "mode": "ro_mount"}},
    "a local input without a mode": {"inputs/i": {"type": "uri_file", "path": "data.csv"}},
    "no inputs": {"inputs": ...},
    "an unknown input": {"inputs/zz": 1},
    "an optional input": {"inputs/m": "x"},
    "no identity": {"identity": ...},
    "no identity with a compute": {"identity": ..., "resources": ..., "compute": "azureml:sp"},
}
INLINE_CHANGES = {
    "a size from the pipeline": {"resources/instance_type": "${{parent.inputs.word}}"},
    "a setting from the pipeline": {"conf/spark.executor.instances": "${{parent.inputs.num}}"},
    "a bare binding": {"inputs/i": "${{parent.inputs.x}}"},
    "a bare output": {"outputs/o": "${{parent.outputs.po}}"},
    **OTHERS,
}
FEW = {word: VALUES[word] for word in ("null", "true", "one", "3.5", "empty", "word", "list", "mapping of a text")}


def cases() -> Iterator[Case]:
    """All of them."""
    few = {**FEW, "'1'": "1", "2.0": 2.0, "list of a text": ["a"], "mapping": {}}
    yield from each("spark", FULL, LOCAL, values=few)
    yield from these("spark", FULL, OTHERS, LOCAL)
    yield from these("spark on a compute", attached(FULL), {"as it is": {}, **PLACES}, LOCAL)
    for tag, node, rows in (
        ("spark node", INLINE, INLINE_CHANGES),
        ("spark node of a component", NODE, BY_COMPONENT),
    ):
        yield from each(tag, pipeline(node), LOCAL, only=lambda way: way[:2] == ("jobs", "s"), values=FEW)
        found = {word: {f"jobs/s/{key}": value for key, value in changes.items()} for word, changes in rows.items()}
        yield from these(tag, pipeline(node), found, LOCAL)
        places = {word: {f"jobs/s/{key}": value for key, value in changes.items()} for word, changes in PLACES.items()}
        yield from these(f"{tag} on a compute", pipeline(attached(node)), places, LOCAL)
