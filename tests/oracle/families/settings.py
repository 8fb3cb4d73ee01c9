"""Settings of a command job: distribution, resources, limits, identity, services, queue, code, compute, head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.corpus.fake_azure import HOME
from tests.oracle.judge import Case
from tests.oracle.variations import FILES, VALUES

JOB = {"type": "command", "command": "echo", "environment": "azureml:e:1", "compute": "azureml:cpu"}
HERE = Path(__file__).resolve().parent.parent / "scripts"
OTHER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
WHOLE: tuple[Any, ...] = (*VALUES.values(), 0, -1)

DISTRIBUTIONS: tuple[Any, ...] = (
    *(
        {"type": word}
        for word in ("pytorch", "PyTorch", "PYTORCH", "py_torch", "mpi", "MPI", "Mpi", "tensorflow", "TensorFlow")
    ),
    *({"type": word} for word in ("tensor_flow", "ray", "Ray", "horovod", "", None, 1, ["mpi"], "distributed")),
    *({"type": kind, "process_count_per_instance": value} for kind in ("pytorch", "mpi") for value in WHOLE),
    *({"type": kind, "process_count": 2} for kind in ("pytorch", "mpi", "ray")),
    *({"type": "tensorflow", key: value} for key in ("worker_count", "parameter_server_count") for value in WHOLE),
    {"type": "tensorflow", "worker_count": 2, "parameter_server_count": 1},
    {"type": "tensorflow", "process_count_per_instance": 1},
    *(
        {"type": "ray", key: value}
        for key in ("port", "dashboard_port", "include_dashboard", "address")
        for value in WHOLE
    ),
    *(
        {"type": "ray", key: value}
        for key in ("head_node_additional_args", "worker_node_additional_args")
        for value in ("--x", None, 1)
    ),
    {"type": "ray", "port": 1, "address": "a", "include_dashboard": "yes", "dashboard_port": "2"},
    {"distribution_type": "mpi"},
    {"process_count_per_instance": 1},
    *("pytorch", "mpi", {}, [], None, 1),
)
SIZES = ("2g", "2G", "2gb", "2048m", "1.5g", "100k", "1b", "1", "g", "2 g", "-1g", "0g", "", "${{x}}", 2, None, True)
INNER: tuple[Any, ...] = (
    *({}, None, "x", 1, [], {"a": None}, {"a": {}}, {"a": []}, {"a": {"b": None}}, {"a": {"b": {}}}),
    *({"a": {"b": [{}]}}, {"a": [None]}, {"a": ""}, {"a": 0}, {"a": False}, {"a": {"b": ""}}, {1: 2}),
    *({"a": [{"b": None}]}, {"a": {"b": {"c": {}}, "d": 1}}, {"AISuperComputer": {"x": None, "y": {}}}),
)
RESOURCES: tuple[Any, ...] = (
    *({"shm_size": size} for size in SIZES),
    *(
        {"docker_args": value}
        for value in ("--x", "", "--a --b", [], ["--a", "--b"], ["a", 1], [""], None, 1, {"a": "b"})
    ),
    *({"instance_count": value} for value in WHOLE),
    *({"max_instance_count": value} for value in WHOLE),
    *({"instance_type": value} for value in ("Standard_D2", "", ["a"], ["a", "b"], None, 1, "a,b")),
    *({"locations": value} for value in (["eastus"], [], "eastus", None, [1], [None], ["a", "b"])),
    *(
        {"docker_args": ["--a"], key: value}
        for key, value in (("locations", ["a"]), ("max_instance_count", 3), ("shm_size", "1g"))
    ),
    *({"docker_args": [], key: value} for key, value in (("locations", ["a"]), ("max_instance_count", 3))),
    *({"docker_args": "--a", key: value} for key, value in (("locations", ["a"]), ("max_instance_count", 3))),
    *(
        {"properties": {key: {"a": 1}}}
        for key in ("AISuperComputer", "aisupercomputer", "Singularity", "singularity", "SINGULARITY")
    ),
    *(
        {"properties": {key: {"a": 1}}}
        for key in ("itp", "ITP", "target_selector", "target_Selector", "TargetSelector", "is_local", "x")
    ),
    *({"properties": value} for value in INNER),
    {
        "properties": {
            "AISuperComputer": {"instanceType": "ND40", "imageVersion": "", "slaTier": "Premium", "interactive": True}
        }
    },
    {"properties": {"Singularity": {"instance_type": "ND40"}, "AISuperComputer": {"b": 1}}},
    {"properties": {"_a": 1, "b_": 2, "__c": 3}},
    {"properties": {"key": 1, "value": 2, "items": 3, "self": 4, "keys": 5}},
    *({"resources": {}}, {"cpu": 1}, {"instanceCount": 1}, {"gpu_count": 1}, {"memory_in_gb": 2}, {}, [], None, "x", 1),
)
TIMEOUTS: tuple[Any, ...] = (
    *(
        *WHOLE,
        60,
        59,
        61,
        3600,
        3661,
        86400,
        90061,
        604800,
        31536000,
        10**9,
        10**12,
        10**18,
        -60,
        0.5,
        59.9,
        "60",
        "60.0",
        " 60 ",
        "1h",
    ),
    *("PT1H", "1_000", "0x10", "٣", float("inf"), float("nan"), 1e3),
)
LIMITS: tuple[Any, ...] = (
    *({"timeout": value} for value in TIMEOUTS),
    *({"trial_timeout": 1}, {"max_total_trials": 1}, {"type": "command", "timeout": 1}, {"Timeout": 1}, {}, []),
    *(None, 60, "60"),
)
ID = "00000000-0000-4000-8000-000000000001"
MSI = f"/subscriptions/{ID}/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
IDENTITIES: tuple[Any, ...] = (
    *(
        {"type": word}
        for word in (
            "managed",
            "Managed",
            "managed_identity",
            "ManagedIdentity",
            "MANAGED",
            "managedIdentity",
            "managed-identity",
        )
    ),
    *(
        {"type": word}
        for word in (
            "user_identity",
            "UserIdentity",
            "userIdentity",
            "user",
            "User_Identity",
            "USER_IDENTITY",
            "useridentity",
        )
    ),
    *(
        {"type": word}
        for word in (
            "aml_token",
            "AMLToken",
            "amlToken",
            "AmlToken",
            "aml",
            "AML_TOKEN",
            "amltoken",
            "token",
            "",
            None,
            1,
            "none",
        )
    ),
    *(
        {"type": "managed", key: value}
        for key in ("client_id", "object_id", "msi_resource_id", "resource_id")
        for value in (ID, MSI, "x", "", None, 1)
    ),
    {"type": "managed", "client_id": ID, "object_id": ID, "msi_resource_id": MSI},
    *({"type": kind, "client_id": ID} for kind in ("user_identity", "aml_token")),
    *({"type": "managed", key: ID} for key in ("clientId", "principal_id", "tenant_id", "name")),
    *({"client_id": ID}, {"identity_type": "managed"}, {}, [], None, "managed", "user_identity", "UserIdentity"),
    *("aml_token", 1),
)
TYPES = ("ssh", "tensor_board", "vs_code", "jupyter_lab", "custom")
WORDS = (
    "SSH",
    "Ssh",
    "TensorBoard",
    "tensorboard",
    "TENSOR_BOARD",
    "VSCode",
    "vscode",
    "JupyterLab",
    "jupyter",
    "Custom",
    "RayDashboard",
)
WORDS_MORE = (
    "raydashboard",
    "ray_dashboard",
    "Tracking",
    "tracking",
    "Studio",
    "studio",
    "grafana",
    "",
    "web",
    None,
    1,
)
SERVICES: tuple[Any, ...] = (
    *({"type": kind} for kind in (*TYPES, *WORDS, *WORDS_MORE)),
    *({"type": kind, "port": value} for kind in TYPES for value in (1, "8080", 1.5, True, None, "x", -1)),
    *(
        {"type": kind, "nodes": value}
        for kind in TYPES
        for value in ("all", "All", "0", "0,1", "", None, 1, ["all"], {"nodes_value_type": "all"})
    ),
    *(
        {"type": kind, "properties": value}
        for kind in TYPES
        for value in ({}, {"a": "b"}, {"a": 1}, {"a": None}, {"a": {"b": 1}}, None, "x")
    ),
    *(
        {"type": kind, key: value}
        for kind in TYPES
        for key in ("log_dir", "ssh_public_keys")
        for value in ("x", "", None, 1, ["a"])
    ),
    *(
        {"type": kind, key: value}
        for kind in TYPES
        for key in ("endpoint", "status", "error_message", "zzz", "job_service_type")
        for value in ("x", None)
    ),
    *({"ssh_public_keys": "k"}, {"log_dir": "l"}, {"port": 1}, {"nodes": "all"}),
    *({"log_dir": "l", "ssh_public_keys": "k"}, {"properties": {"a": "b"}}),
    *({"type": "ssh", "ssh_public_keys": "k", "properties": {"sshPublicKeys": "other", "a": "b"}},),
    *({"type": "tensor_board", "log_dir": "l", "properties": {"logDir": "other"}}, {"job_service_type": "ssh"}),
    *({}, [], None, "ssh", 1),
)
QUEUES: tuple[Any, ...] = (
    *(
        {"job_tier": word}
        for word in (
            "spot",
            "Spot",
            "basic",
            "standard",
            "Standard",
            "premium",
            "PREMIUM",
            "null",
            "Null",
            None,
            "",
            "x",
            1,
        )
    ),
    *({"priority": word} for word in ("low", "Low", "medium", "high", "HIGH", "", None, 1, "1", 2.0, True, "x")),
    *({"job_tier": "spot", "priority": "low"}, {"tier": "spot"}, {}, [], None, "spot"),
)
CODES: tuple[Any, ...] = (
    *("src", "./src", "src/", "./src/", "src/train.py", "src/sub", ".", "./", "..", "../other", "../other/x.py"),
    *("src/../src", "no-such", "./no"),
    *("", " ", "~", "src ", "file:src", "file:./src", "folder:src", "empty", "only ignored", "dätä", "colon:x"),
    *("/no/such", str(HERE)),
    *("https://github.com/a/b", "http://h/c", "https://a.blob.core.windows.net/c/p", "HTTPS://h/c", "https://h"),
    *("ftp://h/c", "h/c"),
    *("git+https://github.com/a/b", "git://h/r", "git@github.com:a/b.git", "azureml:c:1", "azureml:c@latest"),
    *("azureml:c", "c:1", "azureml:"),
    *(f"{home}/codes/c/versions/1" for home in (HOME, OTHER)),
    *(f"azureml:{home}/codes/c/versions/1" for home in (HOME, OTHER, HOME[1:])),
    *(f"azureml:{HOME}/{tail}" for tail in ("data/c/versions/1", "codes/c", "codes/c/labels/latest")),
    *("azureml://registries/r/codes/c/versions/1", "azureml://feeds/r/codes/c/versions/1"),
    *("azureml://datastores/d/paths/c",),
    *("azureml://codes/c/versions/1", "azureml://locations/l/workspaces/w/codes/c/versions/1", "wasbs://c@a/p"),
    *("abfss://c@a/p", "s3://b"),
    *(None, True, 1, [], ["src"], {}, {"path": "src"}, {"a": "b"}, "${{parent.inputs.x}}"),
)
COMPUTES: tuple[Any, ...] = (
    *("cpu", "azureml:cpu", "azureml:", "", " ", "azureml: cpu", "AZUREML:cpu", "azureml:cpu:1"),
    *("azureml:cpu@latest", "cpu-cluster_1", "é"),
    *("local", "Local", "LOCAL", "azureml:local", "serverless", "Serverless", "azureml:serverless"),
    *("azureml:Serverless", "AmlCompute"),
    *(f"{home}/computes/cpu" for home in (HOME, OTHER)),
    *(f"azureml:{home}/computes/cpu" for home in (HOME, OTHER, HOME[1:])),
    *(f"azureml:{HOME}/{tail}" for tail in ("data/a/versions/1", "computes/cpu/x", "computes/")),
    *(f"azureml:{HOME}/computes/serverless", f"azureml:{HOME.lower()}/computes/cpu", f"{HOME}/computes/local"),
    *("azureml:azureml:cpu",),
    *("virtualclusters/vc", "azureml:virtualclusters/vc", "azureml:virtualClusters/vc", "azureml:VirtualClusters/vc"),
    *("/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/virtualclusters/vc",),
    *("azureml:no-such-compute",),
    *("azureml:/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/virtualclusters/vc",),
    *("azureml://subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/virtualclusters/vc",),
    *("azureml://registries/r/computes/c", "https://h/c", "a/b", "azureml:a/b", "/cpu", "cpu/"),
    *("${{parent.inputs.c}}", "x-${{y}}"),
    *(None, True, 1, 1.5, [], ["cpu"], {}, {"target": "cpu"}),
)
TEXTS: tuple[Any, ...] = (*WHOLE, " ", "a b", "é", "a\nb", "a/b", "azureml:x", "a" * 300, "${{x}}", "  padded  ")
MAPS: tuple[Any, ...] = (
    *(
        *WHOLE,
        {"a": None},
        {"a": 1},
        {"a": True},
        {"a": 1.5},
        {"a": ""},
        {"a": ["b"]},
        {"a": {"b": 1}},
        {1: "b"},
        {True: "b"},
        {None: "b"},
    ),
    *({1.5: "b"}, {"": "b"}, {"é": "ü"}, {"a b": "c"}, {"a": "b" * 2000}, {"a": VALUES["date"]}),
    *({"a": {"b": VALUES["date"]}}, {"a": [VALUES["date"]]}),
    *({"a": "${{x}}"}, {"a": "x", "A": "y"}, {"a": float("inf")}, {"a": 10**30}, {"a": "1"}, {"value": "x"}),
    *({"value": 1}, {"a": b"x"}),
)
KEYS: Mapping[str, tuple[Any, ...]] = {
    "distribution": DISTRIBUTIONS,
    "resources": RESOURCES,
    "limits": LIMITS,
    "identity": IDENTITIES,
    "queue_settings": QUEUES,
    "code": CODES,
    "compute": COMPUTES,
    "environment_variables": MAPS,
    "tags": MAPS,
    "properties": (*MAPS, {"_azureml.ComputeTargetType": "x"}, {"_azureml.ComputeTargetType": "x", "a": "b"}),
    **dict.fromkeys(("description", "display_name", "experiment_name", "parent_job_name", "command"), TEXTS),
    "name": ("a", "a-b", "a_b", "A", "", None, 1, True, "a b", "é", "a" * 300, "a.b", "a?b", "a#b", "a%20b"),
    "type": (
        "Command",
        "COMMAND",
        "command ",
        "",
        None,
        1,
        [],
        "commandJob",
        "Commands",
        "base",
        "parallel",
        "import",
        "component",
    ),
    "$schema": ("x", "", None, 1, {}, "https://azuremlschemas.azureedge.net/latest/commandJob.schema.json"),
    "services": (None, [], "x", {}, {1: {"type": "ssh"}}, {"a": None}, {"a b": {"type": "ssh"}}, {"": {"type": "ssh"}}),
    "parameters": ({}, {"a": "b"}, None, "x", [], 1),
    **{
        key: ("x", None, {}, {"a": "b"}, 1)
        for key in ("creation_context", "id", "status", "log_files", "task_details", "parameters")
    },
    **{
        key: ("x", None, {"a": "b"})
        for key in ("component_id", "base_path", "source_job_id", "is_archived", "job_type", "Command")
    },
    **{
        key: ("x", {})
        for key in (
            "notification_setting",
            "secrets_configuration",
            "autologger_settings",
            "trial",
            "jobs",
            "resource_group",
            "settings",
        )
    },
}
FILES_HERE = {
    **FILES,
    "../other/x.py": "print()\n",
    "only ignored/.amlignore": "*\n",
    "only ignored/x.py": "x\n",
    "dätä/ü.py": "ü\n",
    "src/.gitignore": "*.log\n",
    "src/x.log": "l\n",
    "src/__pycache__/x.pyc": "c\n",
}
COMMANDS = (
    *("echo ${{inputs.a}}", "echo ${{inputs.b}}", "echo [${{inputs.b}}]", "echo [--x ${{inputs.b}}]"),
    *("echo ${{ inputs.b }}", "echo {inputs.a}"),
    *("echo {inputs.b}", "echo ${{outputs.o}}", "echo ${{outputs.p}}", "echo {outputs.o}", "echo ${{inputs.a.x}}"),
    *("echo ${{search_space.x}}",),
    *("echo {search_space.x}", "echo ${{parent.inputs.a}}", "echo ${{inputs}}", "echo ${{", "echo ${inputs.a}"),
    *("echo $${{inputs.a}}", "echo {{inputs.a}}"),
    *("echo ${{inputs.a}} {inputs.a}", "echo ${{inputs.B}}", "echo ${{inputs.a-b}}", "echo $AZUREML_X"),
    *("python a.py \\\n  --x ${{inputs.a}}", "\n", " "),
)
SHOWN = {
    "$schema": "https://azuremlschemas.azureedge.net/latest/commandJob.schema.json",
    "name": "shown",
    "id": f"azureml:{HOME}/jobs/shown",
    "status": "Completed",
    "creation_context": {
        "created_at": "2024-01-02T03:04:05.678901+00:00",
        "created_by": "A",
        "created_by_type": "User",
    },
    "services": {
        "Studio": {"endpoint": "https://ml.azure.com/x", "type": "Studio"},
        "Tracking": {"endpoint": "azureml://x", "type": "Tracking"},
        "s": {
            "type": "jupyter_lab",
            "nodes": "all",
            "port": 1,
            "status": "Running",
            "error_message": "",
            "endpoint": "",
        },
    },
    "properties": {"_azureml.ComputeTargetType": "amlctrain", "ContentSnapshotId": "x", "azureml.git.dirty": "True"},
    "log_files": {"user_logs/std_log.txt": "https://h/l"},
    "parameters": {},
    "tags": {},
    "outputs": {
        "default": {"mode": "rw_mount", "path": "azureml://datastores/a/ExperimentRun/dcid.shown", "type": "uri_folder"}
    },
    "inputs": {"a": "1", "d": {"mode": "ro_mount", "path": "azureml:d:1", "type": "uri_folder"}},
    "resources": {"instance_count": 1, "properties": {}, "shm_size": "2g"},
    "environment_variables": {},
    "identity": {"type": "user_identity"},
    "code": f"azureml:{HOME}/codes/c/versions/1",
    "experiment_name": "e",
    "display_name": "shown",
}


def cases() -> Iterator[Case]:
    """All of them."""
    for key, values in KEYS.items():
        for value in values:
            yield setting(f"{key}: {value!r}", **{key: value})
    for service in SERVICES:
        yield setting(f"service {service!r}", services={"s": service})
    for command in COMMANDS:
        yield setting(f"command {command!r}", command=command, inputs={"a": 1}, outputs={"o": None})
    for compute in ("local", "serverless", None, "azureml:cpu"):
        for resources in (None, {"instance_type": "T"}, {"properties": {"a": 1}}):
            more = {"resources": resources} if resources else {}
            yield setting(f"{compute} with {resources}", compute=compute, environment_variables={"A": "b"}, **more)
    yield Case("a job as it is shown", {**JOB, **SHOWN}, FILES_HERE)
    for key in SHOWN:
        yield Case(f"a job as it is shown, without {key}", {**JOB, **{k: v for k, v in SHOWN.items() if k != key}})
    for key in ("type", "command", "environment", "compute"):
        yield Case(f"no {key}", {k: v for k, v in JOB.items() if k != key})


def setting(tag: str, **changes: Any) -> Case:
    """A job with some keys otherwise."""
    return Case(f"setting {tag[:120]}", {**JOB, **changes}, FILES_HERE)
