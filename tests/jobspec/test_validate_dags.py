"""``airflow-azureml validate --dags``: keywords of our operators, told from DAG files that are never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_azureml.cli import main

HEAD = """from airflow.providers.common.compat.sdk import DAG
from airflow_azureml.operators import *
from airflow_azureml.sensors import AzureMLJobSensor
raise SystemExit("this file is not to be run")
with DAG("d"):
"""
COMMAND = 'AzureMLCommandJobOperator(task_id="t", command="echo", environment="azureml:e:1"{})'


def dag(folder: Path, body: str, head: str = HEAD, indent: str = "    ") -> Path:
    """Write a DAG file whose body begins in line 6."""
    path = folder / "dag.py"
    path.write_text(head + "".join(f"{indent}{line}\n" for line in body.splitlines()))
    return path


def validate(capsys: pytest.CaptureFixture[str], path: Path) -> tuple[int, list[str]]:
    """The exit code and the lines of stderr, without the file's folder."""
    code = main(["validate", "--dags", str(path)])
    folder = path if path.is_dir() else path.parent
    return code, capsys.readouterr().err.replace(f"{folder}/", "").splitlines()


WRONG = {
    "an unknown keyword": (
        COMMAND.format(', comput="c"'),
        ['dag.py:6: AzureMLCommandJobOperator.comput: unknown keyword. Did you mean "compute"?'],
    ),
    "a keyword that nothing is like": (
        'AzureMLCancelJobOperator(task_id="t", job_name="j", zzz=1)',
        ["dag.py:6: AzureMLCancelJobOperator.zzz: unknown keyword."],
    ),
    "a keyword of Airflow, misspelt": (
        COMMAND.format(", retires=3"),
        ['dag.py:6: AzureMLCommandJobOperator.retires: unknown keyword. Did you mean "retries"?'],
    ),
    "a missing keyword": (
        'AzureMLCommandJobOperator(\n    task_id="t",\n    command="echo",\n)',
        ["dag.py:6: AzureMLCommandJobOperator.environment: this keyword is required."],
    ),
    "a missing task id": (
        'AzureMLCancelJobOperator(job_name="j")',
        ["dag.py:6: AzureMLCancelJobOperator.task_id: this keyword is required."],
    ),
    "no keyword": (
        'AzureMLDeleteBatchEndpointOperator("scores", task_id="t")',
        [
            "dag.py:6: AzureMLDeleteBatchEndpointOperator: this operator takes keywords only.",
            "dag.py:6: AzureMLDeleteBatchEndpointOperator.endpoint_name: this keyword is required.",
        ],
    ),
    "resources": (
        COMMAND.format(',\n    resources={"instance_count": 2}'),
        ['dag.py:7: AzureMLCommandJobOperator.resources: Airflow owns "resources". Write job_resources=.'],
    ),
    "a word that is none of a few": (
        COMMAND.format(', on_canceled="ignore"'),
        ['dag.py:6: AzureMLCommandJobOperator.on_canceled: "ignore" is not accepted. Accepted: fail, skip, retry.'],
    ),
    "of a sensor": (
        'AzureMLJobSensor(task_id="t", job_name="j", deferrable="yes", soft_fial=True)',
        [
            'dag.py:6: AzureMLJobSensor.soft_fial: unknown keyword. Did you mean "soft_fail"?',
            'dag.py:6: AzureMLJobSensor.deferrable: "yes" is not accepted. Accepted: True, False.',
        ],
    ),
    "a text for seconds": (
        COMMAND.format(', poll_interval="30"'),
        ['dag.py:6: AzureMLCommandJobOperator.poll_interval: "30" is not accepted. Accepted: a number or None.'],
    ),
    "inputs": (
        COMMAND.format(
            ',\n    inputs={\n        "rate": 0.1,\n        "data": {"type": "uri_foldr", "path": "azureml:d:1"}}'
        ),
        ['dag.py:9: AzureMLCommandJobOperator.inputs.data.type: "uri_foldr" is not'],
    ),
    "a list for an input": (
        COMMAND.format(', inputs={"rate": [1, 2]}'),
        ["dag.py:6: AzureMLCommandJobOperator.inputs.rate: "],
    ),
    "inputs, some of which are not known": (
        COMMAND.format(', inputs={"rate": compute_it(), "data": {"type": "x", "path": "azureml:d:1"}}'),
        ['dag.py:6: AzureMLCommandJobOperator.inputs.data.type: "x" is not'],
    ),
    "outputs": (
        COMMAND.format(', outputs={"model": {"type": "mlflow_modle"}}'),
        ['dag.py:6: AzureMLCommandJobOperator.outputs.model.type: "mlflow_modle" is not'],
    ),
    "a binding": (
        'AzureMLCommandJobOperator(task_id="t", command="${{inputs.x}}", environment="azureml:e:1", inputs={"y": 1})',
        ["dag.py:6: AzureMLCommandJobOperator.command: "],
    ),
    "a thing given twice": (
        COMMAND.format(', timeout=3, limits={"timeout": 3}'),
        ["dag.py:6: AzureMLCommandJobOperator.timeout: given both here and in limits.timeout."],
    ),
    "resources of a job": (
        COMMAND.format(',\n    job_resources={\n        "instance_cuont": 3}'),
        ['dag.py:8: AzureMLCommandJobOperator.job_resources.instance_cuont: unknown key "instance_cuont"'],
    ),
    "a constant": (
        'MODE = "skpi"\n' + COMMAND.format(", on_canceled=MODE"),
        [],  # bound inside of the with block: not at the top of the file
    ),
    "a mapped operator": (
        'AzureMLCommandJobOperator.partial(task_id="t", environment="azureml:e:1", comput="c").expand(comand=["a"])',
        [
            'dag.py:6: AzureMLCommandJobOperator.comput: unknown keyword. Did you mean "compute"?',
            'dag.py:6: AzureMLCommandJobOperator.comand: unknown keyword. Did you mean "command"?',
            "dag.py:6: AzureMLCommandJobOperator.command: this keyword is required.",
        ],
    ),
    "a mapping that is unpacked": (
        'AzureMLCancelJobOperator(**{"task_id": "t", "job_nam": "j"})',
        [
            'dag.py:6: AzureMLCancelJobOperator.job_nam: unknown keyword. Did you mean "job_name"?',
            "dag.py:6: AzureMLCancelJobOperator.job_name: this keyword is required.",
        ],
    ),
    "a job as a mapping": (
        'AzureMLJobOperator(task_id="t", job={\n    "comand": "echo",\n    "environment": "azureml:e:1"})',
        ['dag.py:7: AzureMLJobOperator.job.comand: unknown key "comand".'],
    ),
    "a job as text": (
        'AzureMLJobOperator(task_id="t", job="type: sweeep\\n")',
        ['dag.py:6: AzureMLJobOperator.job.type: "sweeep" is not a type of job.'],
    ),
    "a file that is missing": (
        'AzureMLJobOperator(task_id="t", job="none.yml")',
        ["dag.py:6: AzureMLJobOperator.job: the file 'none.yml' does not exist."],
    ),
    "a file that is wrong": (
        'AzureMLJobOperator(task_id="t", job="job.yml")',
        ['job.yml:1: comand: unknown key "comand".'],
    ),
    "a file of another kind": (
        'AzureMLCreateDataAssetOperator(task_id="t", spec="compute.yml")',
        ["compute.yml:1: .: this is a compute (recognised by "],
    ),
    "an environment": (
        'AzureMLCreateEnvironmentOperator(task_id="t", name="a b", image="docker.io/python")',
        ['dag.py:6: AzureMLCreateEnvironmentOperator.name: "a b" is not a name.'],
    ),
    "a component": (
        'AzureMLCreateComponentOperator(task_id="t", spec={"type": "comand", "name": "a"})',
        ['dag.py:6: AzureMLCreateComponentOperator.spec.type: "comand" is not a type of component.'],
    ),
    "a spec": (
        'AzureMLCreateBatchDeploymentOperator(task_id="t", name="blue", endpoint_name="scores", model="m")',
        ['dag.py:6: AzureMLCreateBatchDeploymentOperator.model: "m" does not name a model.'],
    ),
    "a decorator": (
        "@task.azureml_command(comput='c', outputs={'o': {'type': 'x'}})\ndef f(): ...",
        [
            'dag.py:6: azureml_command.comput: unknown keyword. Did you mean "compute"?',
            "dag.py:6: azureml_command.environment: this keyword is required.",
        ],
    ),
    "a decorator with a command": (
        "@task.azureml_command(environment='azureml:e:1', command='echo')\ndef f(): ...",
        ["dag.py:6: azureml_command.command: it is what the function returns."],
    ),
    "the outputs of a decorator": (
        "@task.azureml_command(environment='azureml:e:1', outputs={'o': {'type': 'x'}})\ndef f(): ...",
        ['dag.py:6: azureml_command.outputs.o.type: "x" is not'],
    ),
    "an invocation": (
        'AzureMLInvokeBatchEndpointOperator(task_id="t", endpoint_name="e", mini_batch_size=0)',
        ["dag.py:6: AzureMLInvokeBatchEndpointOperator.mini_batch_size: 0 is too small."],
    ),
}


@pytest.mark.parametrize(("body", "errors"), WRONG.values(), ids=WRONG)
def test_a_mistake_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, errors: list[str]
) -> None:
    (tmp_path / "job.yml").write_text("comand: echo\nenvironment: azureml:e:1\n")
    (tmp_path / "compute.yml").write_text("name: c\ntype: amlcompute\nsize: x\n")
    code, found = validate(capsys, dag(tmp_path, body))
    assert len(found) == len(errors), found
    assert all(line.startswith(start) for line, start in zip(found, errors, strict=True)), found
    assert code == bool(errors)


RIGHT = {
    "all keywords": COMMAND.format(
        ', retries=3, pool="p", queue="q", deferrable=True, poll_interval=5, on_canceled="skip", doc_md="x"'
    ),
    "what is not known": "AzureMLCommandJobOperator(**settings)",
    "some of what is not known": COMMAND.format(", **settings, on_canceled=choose()"),
    "templates": COMMAND.format(
        ', on_canceled="{{ params.x }}", inputs={"d": {"type": "{{ t }}", "path": "x:{{ p }}"}}'
    ),
    "outputs of tasks": f"a = {COMMAND.format('')}\n" + COMMAND.format(', inputs={"x": a.output["default"]}'),
    "bindings of inputs that are not known": (
        'AzureMLCommandJobOperator(task_id="t", command="echo ${{inputs.x}}", environment="azureml:e:1", inputs=given)'
    ),
    "a mapped operator": (
        'AzureMLCommandJobOperator.partial(task_id="t", environment="azureml:e:1").expand(command=["a", "b"])'
    ),
    "mapped by mappings": 'AzureMLCommandJobOperator.partial(task_id="t").expand_kwargs(rows)',
    "a decorator": (
        "@task.azureml_command(environment='azureml:e:1', inputs={'a': None, 'b': {'mode': 'download'}}, retries=2)\n"
        "def f(a, b): ..."
    ),
    "a file": 'AzureMLJobOperator(task_id="t", job="job.yml", set=["tags.a=b"])',
    "a file that is a template": 'AzureMLJobOperator(task_id="t", job="template.yml")',
    "a file whose name is a template": 'AzureMLJobOperator(task_id="t", job="{{ params.name }}.yml")',
    "a class of the file's own": "class Mine(AzureMLCommandJobOperator):\n    pass\nMine(task_id='t', own=1)",
}


@pytest.mark.parametrize("body", RIGHT.values(), ids=RIGHT)
def test_what_is_right_or_not_known_is_let_be(tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str) -> None:
    (tmp_path / "job.yml").write_text("command: echo\nenvironment: azureml:e:1\n")
    (tmp_path / "template.yml").write_text("command: echo {{ ds }}\nenviroment: {{ x }}\n")
    assert validate(capsys, dag(tmp_path, body)) == (0, [])


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("from airflow.sdk import task", "task.azureml_command"),
        ("from airflow_azureml.decorators import azureml_command as run", "run"),
        ("import airflow_azureml.decorators as ours", "ours.azureml_command"),
    ],
)
def test_the_decorator_is_known_however_it_was_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, name: str
) -> None:
    text = f"from airflow.sdk import DAG\n{line}\nwith DAG('d'):\n    @{name}(enviroment='x')\n    def f(): ...\n"
    dag(tmp_path, text, head="", indent="")
    assert main(["validate", "--dags", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert 'dag.py:4: azureml_command.enviroment: unknown keyword. Did you mean "environment"?' in said


IMPORTS = {
    "from operators": ("from airflow_azureml.operators import AzureMLCommandJobOperator", "AzureMLCommandJobOperator"),
    "under another name": ("from airflow_azureml.operators import AzureMLCommandJobOperator as Run", "Run"),
    "from its module": (
        "from airflow_azureml.operators.jobs import AzureMLCommandJobOperator",
        "AzureMLCommandJobOperator",
    ),
    "the package": ("import airflow_azureml.operators", "airflow_azureml.operators.AzureMLCommandJobOperator"),
    "the package under another name": ("import airflow_azureml.operators as ops", "ops.AzureMLCommandJobOperator"),
    "a module": ("import airflow_azureml.operators.jobs as jobs", "jobs.AzureMLCommandJobOperator"),
    "a module of the package": ("from airflow_azureml import operators", "operators.AzureMLCommandJobOperator"),
    "by assignment": ("import airflow_azureml.operators as o\nRun = o.AzureMLCommandJobOperator", "Run"),
}


@pytest.mark.parametrize(("line", "name"), IMPORTS.values(), ids=IMPORTS)
def test_operators_are_known_however_they_were_imported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str, name: str
) -> None:
    text = f"from airflow.sdk import DAG\n{line}\nwith DAG('d'):\n    {name}(task_id='t', comand='x')\n"
    code, found = validate(capsys, dag(tmp_path, text, head="", indent=""))
    assert code == 1
    assert [row.split(": ")[1] for row in found] == [
        f"AzureMLCommandJobOperator.{key}" for key in ("comand", "command", "environment")
    ]


def test_constants_and_default_args_are_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "from airflow.sdk import dag\nfrom airflow_azureml.operators import AzureMLCommandJobOperator as Run\n"
        "WORD = 'skpi'\nSHARED = {'environment': 'azureml:e:1'}\nGROWN = {}\nGROWN['command'] = 'x'\n"
        "@dag(default_args={**SHARED, 'retries': 1})\ndef d():\n"
        "    Run(task_id='a', command='echo', on_canceled=WORD)\n"
        "    Run(task_id='b', **GROWN)\n"
        "    Run(task_id='c')\n"
    )
    assert validate(capsys, dag(tmp_path, text, head="", indent="")) == (
        1,
        [
            'dag.py:9: AzureMLCommandJobOperator.on_canceled: "skpi" is not accepted. Accepted: fail, skip, retry.',
            "dag.py:11: AzureMLCommandJobOperator.command: this keyword is required.",
        ],
    )


READS = {
    "of keywords": (COMMAND.format(', outputs={"model": None, "report": make()}'), "default, model, report"),
    "of a mapping": (
        'AzureMLJobOperator(task_id="t", job={"command": "echo", "environment": "azureml:e:1"})',
        "default",
    ),
    "of a file": ('AzureMLJobOperator(task_id="t", job="job.yml", outputs={"more": None})', "default, model, more"),
}


@pytest.mark.parametrize(("made", "has"), READS.values(), ids=READS)
def test_a_misspelt_output_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], made: str, has: str) -> None:
    (tmp_path / "job.yml").write_text(
        "command: echo\nenvironment: azureml:e:1\noutputs: {model: {type: mlflow_model}}\n"
    )
    code, found = validate(capsys, dag(tmp_path, f"a = {made}\nuse(a.output['default'], a.output['modle'])"))
    assert code == 1
    (line,) = found
    assert line.startswith("dag.py:7: AzureML")
    assert 'Operator.output: task "t" has no output "modle".' in line
    assert line.endswith(f"It has: {has}.")


@pytest.mark.parametrize(
    "made",
    [
        COMMAND.format(", outputs=given"),
        COMMAND.format(", **given"),
        COMMAND.format(", post_execute=more"),
        COMMAND.format(", multiple_outputs=True"),
        'AzureMLJobOperator(task_id="t", job=name)',
        'AzureMLInvokeBatchEndpointOperator(task_id="t", endpoint_name="e")',
        COMMAND.format("") + "\na = other()",
    ],
)
def test_outputs_that_are_not_known_are_let_be(tmp_path: Path, capsys: pytest.CaptureFixture[str], made: str) -> None:
    assert validate(capsys, dag(tmp_path, f"a = {made}\nuse(a.output['modle'])")) == (0, [])


def test_a_name_that_does_not_exist(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "from airflow_azureml.operators import AzureMLComandJobOperator\n"
    assert validate(capsys, dag(tmp_path, text, head="", indent="")) == (
        1,
        [
            "dag.py:1: AzureMLComandJobOperator: airflow_azureml.operators has no such name."
            ' Did you mean "AzureMLCommandJobOperator"?'
        ],
    )


def test_a_file_that_makes_no_dag_may_be_a_part_of_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing may come from the DAG's default_args, and paths belong to its folder."""
    text = (
        "from airflow_azureml.operators import AzureMLJobOperator as R\ndef make(dag):\n    R(job='x.yml', dag=dag)\n"
    )
    assert validate(capsys, dag(tmp_path, text, head="", indent="")) == (0, [])


def test_folders_of_dag_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.py").write_text("import airflow_azureml\ndef (\n")
    (tmp_path / "other_broken.py").write_text("def (\n")
    (tmp_path / "other.py").write_text("print('x')\n")
    (tmp_path / "binary.py").write_bytes(bytes(range(128, 256)))
    (tmp_path / "null.py").write_text("# airflow_azureml \0\n")
    (tmp_path / "config.yml").write_text("comand: echo\nenvironment: azureml:e:1\n")
    dag(tmp_path, COMMAND.format(""))
    assert main(["validate", "--dags", str(tmp_path)]) == 1
    out, err = (text.replace(f"{tmp_path}/", "") for text in capsys.readouterr())
    assert [line.partition(": ")[0] for line in err.splitlines()] == ["broken.py:2", "null.py:1"]
    assert "dag.py: a DAG file, 1 operator, valid" in out
    assert "warning: binary.py" in out
    assert out.endswith("1 valid, 2 invalid\n")


def test_a_folder_without_dag_files_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever adds ``--dags`` to the command for job files must not believe that these were checked."""
    for name in ("jobs", "dags"):
        (tmp_path / name).mkdir()
    (tmp_path / "jobs" / "job.yml").write_text("comand: echo\nenvironment: azureml:e:1\n")
    dag(tmp_path / "dags", COMMAND.format(""))
    assert main(["validate", str(tmp_path / "jobs"), str(tmp_path / "dags"), "--dags"]) == 0
    warnings = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: ")]
    assert warnings == [
        f"warning: {tmp_path}/jobs: no DAG file with operators of this provider. YAML files: without --dags."
    ]


def test_a_yaml_file_is_not_called_bad_python(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = tmp_path / "job.yml"
    job.write_text("command: echo hi\nenvironment: azureml:e:1\n")
    told = "this is a YAML file, and --dags checks DAG files (.py). Without --dags it is checked."
    assert validate(capsys, job) == (1, [f"job.yml:1: .: {told}"])


def test_warnings_are_told_with_their_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the task's log would warn of; a job file that two tasks name is told once."""
    binding = "echo ${{outputs.modle}}"
    (tmp_path / "job.yml").write_text(f"command: {binding}\nenvironment: azureml:e:1\noutputs: {{model: }}\n")
    body = (
        f'AzureMLCommandJobOperator(task_id="a", environment="azureml:e:1", command="{binding}",'
        ' outputs={"model": None})'
        '\nAzureMLJobOperator(task_id="b", job="job.yml")\nAzureMLJobOperator(task_id="c", job="job.yml")\n'
        'AzureMLCommandJobOperator(task_id="d", environment="azureml:e:1", command="echo ${{outputs.x}}", outputs=made)'
    )
    assert main(["validate", "--dags", str(dag(tmp_path, body))]) == 0
    out = capsys.readouterr().out.replace(f"{tmp_path}/", "").splitlines()
    said = 'the command names the output "modle", which the job does not declare. Did you mean "model"?'
    assert [line for line in out if line.startswith("warning: ")] == [
        f"warning: dag.py:6: AzureMLCommandJobOperator.command: {said}",
        f"warning: job.yml:1: command: {said}",
    ]


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ('{"model": {}}', ["dag.py:6: AzureMLCommandJobOperator.checkpoint: 'ckpt' is not an output of the job."]),
        ('{"ckpt": make()}', []),
        ("given", []),
    ],
)
def test_a_checkpoint_must_be_an_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], outputs: str, told: list[str]
) -> None:
    _, found = validate(capsys, dag(tmp_path, COMMAND.format(f', checkpoint="ckpt", outputs={outputs}')))
    assert [line.partition(" Accepted")[0] for line in found] == told
