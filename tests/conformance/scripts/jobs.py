"""Jobs with Microsoft's client: submit with local code and data, stream, download, cancel, update, archive, refuse."""

from azure.ai.ml import Input, Output, command
from azure.ai.ml.entities import Environment, UserIdentityConfiguration
from client import SEEN, UNIQUE, client, ended, files, held, refused, report, streamed, write

ml = client()
write(
    "src/main.py",
    "import helper.words, sys, pathlib\nprint(helper.words.GREETING, *sys.argv[1:])\n"
    "data = pathlib.Path(sys.argv[1]).read_text()\nprint(data.strip())\n"
    "out = pathlib.Path(sys.argv[2]); (out / 'deep').mkdir()\n"
    "(out / 'deep' / 'bytes.bin').write_bytes(bytes(range(256)) * 5000)\n(out / 'empty').touch()\n"
    "(out / 'ünï code.txt').write_text('x')\npathlib.Path('outputs/note.txt').write_text('kept')\n",
)
write("src/helper/words.py", "GREETING = 'hello'\n")
write("src/.amlignore", "secret*\n")
write("src/secret.txt", "must not be uploaded")
write("data/in.csv", "a,b\n")
environment = ml.environments.create_or_update(Environment(name=f"env-{UNIQUE}", image="mcr/x"))
reference = f"azureml:{environment.name}:{environment.version}"


def job(text: str, **keywords):
    """A command on the CPU cluster."""
    return ml.jobs.create_or_update(
        command(**{"command": text, "environment": reference, "compute": "cpu-cluster", **keywords})
    )


def full(wrapped=str):
    """A job with local code, local data, an inline environment and outputs of each kind."""
    return ml.jobs.create_or_update(
        command(
            code="./src",
            command=wrapped(
                "ls; python main.py ${{inputs.file}} ${{outputs.out}} ${{inputs.number}}; echo 5 >${{outputs.one}}"
            ),
            environment=Environment(image="mcr/y", conda_file={"dependencies": ["python", {"pip": ["nosuchpackage"]}]}),
            inputs={"file": Input(type="uri_file", path="./data/in.csv"), "number": 0.5},
            outputs={
                "out": Output(type="uri_folder"),
                "one": Output(type="uri_file"),
                "named": Output(type="uri_folder", name=f"registered-{UNIQUE}"),
            },
            compute="cpu-cluster",
            experiment_name="conformance",
            display_name="shown",
            tags={"k": "v"},
            environment_variables={"A": "1"},
        )
    )


first = full(held)
SEEN["first"] = {"status": first.status, "studio": first.studio_url, "experiment": first.experiment_name}
SEEN["log"], SEEN["stream_error"] = streamed(ml, first.name)
done = ended(ml, first.name)
SEEN["done"] = {
    "status": done.status,
    "tags": done.tags,
    "display_name": done.display_name,
    "outputs": sorted(done.outputs),
}
for name in ("out", "one"):
    ml.jobs.download(first.name, output_name=name, download_path="one-by-one")
ml.jobs.download(first.name, all=True, download_path="everything")
SEEN["downloaded"], SEEN["everything"] = files("one-by-one"), files("everything")
SEEN["registered"] = ml.data.get(f"registered-{UNIQUE}", label="latest").path
second = full()
SEEN["second"] = {"status": ended(ml, second.name).status, "code": [ml.jobs.get(n.name).code for n in (first, second)]}

failing = job(held("echo reason >&2; exit 3"))
SEEN["failing"] = streamed(ml, failing.name), ml.jobs.get(failing.name).status

endless = job("sleep 300")
SEEN["cancel"] = refused(lambda: ml.jobs.begin_cancel(endless.name).result()), ended(ml, endless.name).status

again = ml.jobs.get(first.name)
again.tags["more"] = "1"
SEEN["again"] = ml.jobs.create_or_update(again).tags
ml.jobs.update(first.name, display_name="renamed", description="said", tags={"z": "y"})
updated = ml.jobs.get(first.name)
SEEN["updated"] = [updated.display_name, updated.description, updated.tags]
listed = [first.name in [row.name for row in ml.jobs.list()]]
for change in (ml.jobs.archive, ml.jobs.restore):
    change(first.name)
    listed.append(first.name in [row.name for row in ml.jobs.list()])
SEEN["listed"] = listed

SEEN["more"] = [ml.jobs.show_services(first.name), list(ml.jobs.list(parent_job_name=first.name))]

serverless = [
    ended(ml, ml.jobs.create_or_update(command(command="true", environment=reference, **keywords)).name)
    for keywords in ({}, {"compute": "serverless"}, {"instance_type": "Standard_D2"})
]
SEEN["serverless"] = [[job.status, job.compute, dict(job.resources or {}).get("instance_type")] for job in serverless]
rich = job(
    "echo $AZUREML_NODE_COUNT",
    environment="azureml:AzureML-sklearn-1.0-ubuntu20.04-py38-cpu:33",
    instance_count=2,
    shm_size="3g",
    docker_args="--ipc=host",
    timeout=60,
    distribution={"type": "pytorch", "process_count_per_instance": 1},
    services={"jl": {"type": "jupyter_lab"}},
    environment_variables={"N": 1},
    identity=UserIdentityConfiguration(),
)
rich = ended(ml, rich.name)
SEEN["rich"] = [rich.status, rich.environment, dict(rich.resources), sorted(rich.services), rich.limits.timeout]
SEEN["label"] = ended(ml, job("true", environment=f"azureml:{environment.name}@latest").name).status
upstream = ended(
    ml,
    job(
        "true",
        inputs={
            "d": Input(type="uri_folder", path=f"azureml:registered-{UNIQUE}:1"),
            "e": Input(type="uri_folder", path=SEEN["registered"]),
            "f": Input(type="uri_folder", path=f"azureml:registered-{UNIQUE}@latest"),
        },
    ).name,
)
SEEN["upstream"] = upstream.status

SEEN["refused"] = {
    "same name": refused(lambda: job("another command", name=first.name)),
    "compute": refused(lambda: job("true", compute="no-such-cluster")),
    "environment": refused(lambda: job("true", environment="azureml:no-such-environment:1")),
    "data": refused(lambda: job("true", inputs={"d": Input(type="uri_file", path="azureml:no-such-data:1")})),
    "missing": refused(lambda: ml.jobs.get("no-such-job")),
}
report()
