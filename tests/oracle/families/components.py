"""Components of nodes: every way to name one, every key of a component's file, ports of every kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from tests.corpus.fake_azure import HOME
from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES, Way, changed, each, these, without

COMPONENT: dict[str, Any] = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json",
    "name": "comp",
    "version": 3,
    "type": "command",
    "display_name": "Comp",
    "description": "c d",
    "tags": {"a": "b"},
    "properties": {"p": "q"},
    "is_deterministic": False,
    "inputs": {
        "i1": {"type": "integer", "default": 3, "min": 1, "max": 10, "description": "x", "optional": False},
        "s1": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "d1": {"type": "uri_file", "mode": "download", "optional": True, "description": "y"},
    },
    "outputs": {"o1": {"type": "uri_folder", "mode": "upload", "description": "o"}},
    "command": "python train.py ${{inputs.i1}} ${{inputs.s1}} $[[${{inputs.d1}}]] ${{outputs.o1}}",
    "code": "./src",
    "environment": {"image": "img", "conda_file": "./conda.yml"},
    "resources": {"instance_count": 2, "instance_type": "T", "shm_size": "1g", "properties": {"a": {"b": "c"}}},
    "distribution": {"type": "mpi", "process_count_per_instance": 2},
}
PLAIN: dict[str, Any] = {"type": "command", "command": "echo", "environment": "azureml:e:1"}
JOB: dict[str, Any] = {
    "type": "pipeline",
    "compute": "azureml:c",
    "jobs": {"n": {"type": "command", "component": "./comp.yml"}},
}
NODE = "jobs/n"
FEW = {
    word: VALUES[word] for word in ("null", "true", "one", "3.5", "empty", "word", "list", "mapping", "binding", "date")
}

WRITTEN = {
    "full": COMPONENT,
    "plain": PLAIN,
    "other": {**PLAIN, "type": "parallel"},
    "spark": {"type": "spark", "code": "src", "entry": {"file": "train.py"}, "conf": {}},
    "no type": {"command": "echo", "environment": "azureml:e:1"},
    "capital": {**PLAIN, "type": "Command"},
    "empty": {},
    "list": [],
}


def text(component: Any) -> str:
    """A component's file."""
    return yaml.safe_dump(component, sort_keys=False, allow_unicode=True)


def with_file(case: Case, place: str = "comp.yml") -> Case:
    """Make a case of a component into one of a job whose node names it."""
    return Case(case.id, JOB, {**FILES, place: case.text})


REFERENCES: dict[str, Any] = {
    "name": "azureml:comp:1",
    "name and latest": "azureml:comp@latest",
    "name and default": "azureml:comp@default",
    "name and label": "azureml:comp@other",
    "name alone": "azureml:comp",
    "slash": "azureml:/comp@latest",
    "without azureml": "comp:1",
    "registry": "azureml://registries/r/components/c/versions/1",
    "registry label": "azureml://registries/r/components/c/labels/latest",
    "registry alone": "azureml://registries/r/components/c",
    "registry of environments": "azureml://registries/r/environments/c/versions/1",
    "id": f"{HOME}/components/c/versions/1",
    "azureml id": f"azureml:{HOME}/components/c/versions/1",
    "id of a label": f"azureml:{HOME}/components/c/labels/default",
    "id of an environment": f"azureml:{HOME}/environments/c/versions/1",
    "missing": "azureml:no-such-component:1",
    "null": None,
    "number": 3,
    "true": True,
    "empty": "",
    "list": [],
    "mapping": {},
    "binding": "${{parent.inputs.x}}",
    "file": "comp.yml",
    "dot file": "./comp.yml",
    "file: dot": "file:./comp.yml",
    "file:": "file:comp.yml",
    "yaml": "comp.yaml",
    "folder": "deep/comp.yml",
    "up": "deep/../comp.yml",
    "absent": "nope.yml",
    "a folder": "src",
    "no yaml": "src/train.py",
    "broken": "broken.yml",
    "list file": "list.yml",
    "empty file": "empty.yml",
    "url": "https://host/comp.yml",
}
SETTINGS: dict[str, Any] = {
    "comment": "c",
    "tags": {"a": "b"},
    "properties": {"a": "b"},
    "resources": {"instance_count": 3},
    "environment_variables": {"A": "b"},
    "zzz": {"a": [1, "${{parent.inputs.x}}", None]},
}
OWN: dict[str, tuple[Any, ...]] = {
    "environment": (
        *(1, None, "", [], {}, "x", "azureml:e:1", "azureml:e", "file:no.yml", "${{parent.inputs.x}}"),
        *({"image": "i", "zzz": 1}, {"image": "i", "conda_file": "no.yml"}, {"name": "n"}, {"image": 1}),
    ),
    "code": (1, None, "", [], "no", "src", "azureml:c:1", "https://host/c", "${{parent.inputs.x}}"),
    "command": (1, None, "", [], "echo"),
}
"""What a node may have beside a component that has it, too."""

PORTS: Mapping[str, Any] = {
    **{kind: {"type": kind} for kind in ("path", "uri_file", "uri_folder", "mltable", "custom_model", "mlflow_model")},
    **{
        kind: {"type": kind}
        for kind in ("triton_model", "number", "integer", "boolean", "string", "Integer", "URI_FILE")
    },
    **{kind: {"type": kind} for kind in ("float", "int", "bool", "str", "enum", "group", "any", "openai_model")},
    "no type": {},
    "null type": {"type": None},
    "list": [],
    "null": None,
    "text": "string",
    "optional": {"type": "integer", "optional": True},
    "optional text": {"type": "integer", "optional": "true"},
    "optional null": {"type": "integer", "optional": None},
    "optional with default": {"type": "integer", "optional": True, "default": 2},
    "default 0": {"type": "integer", "default": 0},
    "default of a fraction": {"type": "integer", "default": 2.5},
    "default of a text": {"type": "integer", "default": "3"},
    "default of a word": {"type": "integer", "default": "x"},
    "default of a truth": {"type": "integer", "default": True},
    "default null": {"type": "integer", "default": None},
    "default list": {"type": "integer", "default": [1]},
    "big": {"type": "integer", "default": 12345678901234567890},
    "number 5": {"type": "number", "default": 5},
    "number text": {"type": "number", "default": "5"},
    "number e": {"type": "number", "default": 1e-5},
    "number huge": {"type": "number", "default": 1e300},
    "number nan": {"type": "number", "default": float("nan")},
    "string 5": {"type": "string", "default": 5},
    "string 5.5": {"type": "string", "default": 5.5},
    "string true": {"type": "string", "default": True},
    "string empty": {"type": "string", "default": ""},
    "boolean text": {"type": "boolean", "default": "false"},
    "boolean 0": {"type": "boolean", "default": 0},
    "boolean 1.0": {"type": "boolean", "default": 1.0},
    "boolean yes": {"type": "boolean", "default": "yes"},
    "limits": {"type": "number", "min": 0, "max": 1.5, "default": 0.5},
    "limits in text": {"type": "number", "min": "0", "max": "1e3"},
    "limits beyond": {"type": "integer", "min": 5, "max": 1, "default": 9},
    "limits of a string": {"type": "string", "min": 1},
    "limits of a boolean": {"type": "boolean", "max": 1},
    "enum": {"type": "string", "enum": ["a", "b"], "default": "b"},
    "enum of numbers": {"type": "string", "enum": [1, 2]},
    "enum of integers": {"type": "integer", "enum": ["1", "2"], "default": 1},
    "enum of others": {"type": "string", "enum": ["a"], "default": "z"},
    "enum empty": {"type": "string", "enum": []},
    "enum a text": {"type": "string", "enum": "a"},
    "description 5": {"type": "string", "description": 5},
    "unknown": {"type": "string", "zzz": 1},
    "data unknown": {"type": "uri_file", "zzz": 1},
    "data default": {"type": "uri_file", "default": "azureml:d:1"},
    "data default path": {"type": "uri_file", "path": "azureml:d:1"},
    "data enum": {"type": "uri_file", "enum": ["a"]},
    **{f"mode {mode}": {"type": "uri_folder", "mode": mode} for mode in ("mount", "ro_mount", "rw_mount", "download")},
    **{f"mode {mode}": {"type": "uri_folder", "mode": mode} for mode in ("upload", "direct", "eval_mount", "link")},
    **{
        f"mode {mode}": {"type": "uri_folder", "mode": mode}
        for mode in ("eval_download", "hdfs", "RO_MOUNT", "zzz", None)
    },
    "mode of a number": {"type": "number", "mode": "direct"},
    "control": {"type": "boolean", "is_control": True},
    "early": {"type": "boolean", "early_available": True},
    "data early": {"type": "uri_file", "early_available": True},
    "protected": {"type": "uri_file", "intellectual_property": {"protection_level": "none"}},
}
GIVEN: Mapping[str, Any] = {
    "number": 2,
    "fraction": 2.5,
    "text": "2",
    "word": "w",
    "truth": True,
    "null": None,
    "mapping": {},
    "list": [1],
    "data": {"type": "uri_file", "path": "data.csv"},
    "data without a type": {"path": "azureml:d:1"},
    "reference": "azureml:d:1",
    "path": "./data.csv",
    "url": "https://host/x",
    "binding": "${{parent.inputs.x}}",
    "value": {"value": 2},
}
KEYS: dict[str, dict[str, Any]] = {
    "code from above": {"code": "../src"},
    "code absent": {"code": "nope"},
    "code registered": {"code": "azureml:c:1"},
    "code id": {"code": f"azureml:{HOME}/codes/c/versions/1"},
    "code bare id": {"code": f"{HOME}/codes/c/versions/1"},
    "code git": {"code": "git+https://github.com/a/b"},
    "code url": {"code": "https://host/b"},
    "code registry": {"code": "azureml://registries/r/codes/c/versions/1"},
    "code file": {"code": "./src/train.py"},
    "code here": {"code": "."},
    "environment registered": {"environment": "azureml:e@latest"},
    "environment bare": {"environment": "e:1"},
    "environment curated": {"environment": "azureml:AzureML-x:1"},
    "environment registry": {"environment": "azureml://registries/azureml/environments/e/labels/latest"},
    "environment id": {"environment": f"azureml:{HOME}/environments/e/versions/1"},
    "environment built": {"environment": {"build": {"path": "./ctx", "dockerfile_path": "Dockerfile"}}},
    "environment image": {"environment": {"image": "x", "name": "n", "version": 1, "os_type": "linux"}},
    "environment conda": {"environment": {"image": "x", "conda_file": {"dependencies": ["python"]}}},
    "environment file": {"environment": "file:env.yml"},
    "environment path": {"environment": "env.yml"},
    "version text": {"version": "1.0.0"},
    "version fraction": {"version": 0.1},
    "name with letters": {"name": "My Comp-1"},
    "no name": {"name": ...},
    "limits": {"limits": {"timeout": 5}},
    "variables": {"environment_variables": {"A": "b"}},
    "identity": {"identity": {"type": "managed"}},
    "services": {"services": {"s": {"type": "ssh"}}},
    "queue": {"queue_settings": {"job_tier": "spot"}},
    "includes": {"additional_includes": ["../x", "./data.csv"]},
    "no includes": {"additional_includes": []},
    "tags of numbers": {"tags": {"a": 1}},
    "tags null": {"tags": {"a": None}},
    "property": {"intellectual_property": {"publisher": "p"}},
    "creation": {"creation_context": {"created_by": "x"}, "id": "azureml:x:1"},
    "folded": {"command": "a\n  b\n"},
    "old bindings": {"command": "echo {inputs.i1} ${{inputs.i1}}"},
    "spaces": {"command": "echo ${{ inputs.i1 }}"},
    "unknown input": {"command": "echo ${{inputs.nope}}"},
    "unknown output": {"command": "echo ${{outputs.nope}}"},
    "optional input": {"command": "echo $[[${{inputs.nope}}]]"},
    "ray": {"distribution": {"type": "ray", "port": 1}},
    "pytorch": {"distribution": {"type": "PyTorch"}},
    "tensorflow": {"distribution": {"type": "tensorflow", "worker_count": 1, "zzz": 1}},
    "distribution zzz": {"distribution": {"type": "zzz"}},
    "docker list": {"resources": {"docker_args": ["a", "b"]}},
    "locations": {"resources": {"locations": ["a"], "max_instance_count": 3, "zzz": 1}},
    "target": {"resources": {"target": "x"}},
}
NAMES = ("A", "a b", "a-b", "1a", "a.b", "a.b.c", "_", "ä", "a..b", ".a", "A1_", "path", "type", "name", "")


def cases() -> Iterator[Case]:
    """All of them."""
    files = {
        **FILES,
        "comp.yml": text(COMPONENT),
        "comp.yaml": text(PLAIN),
        "deep/comp.yml": text({**PLAIN, "code": "../src"}),
        "broken.yml": "a: [",
        "list.yml": "- a\n",
        "empty.yml": "",
    }
    given: dict[str, Any] = {
        f"{NODE}/inputs": {"a": 1, "d": {"path": "azureml:d:1"}},
        f"{NODE}/outputs": {"o": None, "p": {"mode": "upload"}},
    }
    yield from these("named", JOB, {word: {f"{NODE}/component": value} for word, value in REFERENCES.items()}, files)
    for word in ("name", "registry", "id", "dot file"):
        named = changed(JOB, ("jobs", "n", "component"), REFERENCES[word])
        yield from these(f"{word}, with", named, {"io": given, "no type": {f"{NODE}/type": ...}}, files)
        rows = {key: {f"{NODE}/{key}": value} for key, value in SETTINGS.items()}
        yield from these(f"{word}, with", named, rows, files)
        rows = {f"{key} = {value!r}": {f"{NODE}/{key}": value} for key, values in OWN.items() for value in values}
        yield from these(f"{word}, with", named, rows, files)
        for kind in ("parallel", "spark", "sweep", "pipeline", "automl", "import", "Command", "zzz"):
            yield from these(f"{word}, node of type", named, {kind: {f"{NODE}/type": kind}}, files)
    yield from written_out(files)
    yield from (with_file(case) for case in each("key", COMPONENT, values=FEW, only=_own))
    env = {"env.yml": "image: x\n"}
    for case in these("key", COMPONENT, KEYS):
        yield Case(case.id, JOB, {**FILES, **env, "comp.yml": case.text})
    deeper = these(
        "deep", {**COMPONENT, "code": "../src"}, {w: KEYS[w] for w in ("code from above", "environment built")}
    )
    for case in deeper:
        job = changed(JOB, ("jobs", "n", "component"), "file:./deep/comp.yml")
        yield Case(case.id, job, {**FILES, "deep/ctx/Dockerfile": "FROM y\n", "deep/comp.yml": case.text})
    yield from ports()


def _own(way: Way) -> bool:
    return way[0] not in {"inputs", "outputs"} or len(way) < 2


def written_out(files: Mapping[str, str]) -> Iterator[Case]:
    """Components that stand in the job itself, or in a file of another type than the node's."""
    for kind in ("command", "parallel", "spark", "pipeline", ...):
        for word, component in WRITTEN.items():
            rows = {f"{NODE}/type": kind, f"{NODE}/component": component}
            yield from these(f"{kind} node", JOB, {f"{word} in place": rows}, files)
            place = f"of-{word}.yml".replace(" ", "-")
            rows = {f"{NODE}/type": kind, f"{NODE}/component": place}
            yield from these(f"{kind} node", JOB, {f"{word} in a file": rows}, {**FILES, place: text(component)})


def ports() -> Iterator[Case]:
    """Ports of every kind, and what a node gives to them."""
    base = {**PLAIN, "command": "echo ${{inputs.a}}"}
    for word, port in PORTS.items():
        node = {"type": "command", "component": "./comp.yml", "inputs": {"a": "2"}}
        taken = {**base, "inputs": {"a": port}}
        yield Case(f"input {word}, given", changed(JOB, ("jobs", "n"), node), {**FILES, "comp.yml": text(taken)})
        yield Case(f"input {word}, not given", JOB, {**FILES, "comp.yml": text(taken)})
        made = {**PLAIN, "command": "echo ${{outputs.a}}", "outputs": {"a": port}}
        yield Case(f"output {word}", JOB, {**FILES, "comp.yml": text(made)})
    for kind in ("integer", "number", "boolean", "string", "uri_file", "uri_folder", "mltable", "custom_model", "path"):
        for word, value in GIVEN.items():
            node = {"type": "command", "component": "./comp.yml", "inputs": {"a": value}}
            job = {**changed(JOB, ("jobs", "n"), node), "inputs": {"x": 1}}
            taken = {**base, "inputs": {"a": {"type": kind}}}
            yield Case(f"{word} for {kind}", job, {**FILES, "comp.yml": text(taken)})
    for name in NAMES:
        taken = {**PLAIN, "inputs": {name: {"type": "integer", "default": 1}}, "outputs": {name: {"type": "uri_file"}}}
        yield Case(f"ports named {name}", JOB, {**FILES, "comp.yml": text(taken)})
        yield Case(f"an input named {name}", JOB, {**FILES, "comp.yml": text(without(taken, ("outputs",)))})
        node = {"type": "command", "component": "./comp.yml", "inputs": {name: 3}}
        yield Case(
            f"given {name}",
            changed(JOB, ("jobs", "n"), node),
            {**FILES, "comp.yml": text(without(taken, ("outputs",)))},
        )
    twice = {**PLAIN, "inputs": {"a": {"type": "integer", "default": 1}, "A": {"type": "string", "default": "x"}}}
    yield Case("ports that differ by case", JOB, {**FILES, "comp.yml": text(twice)})
