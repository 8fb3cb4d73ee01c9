"""A repository of DAGs, code and a job's YAML, whose branch moves on; and the DAG file in it.

``pipelines/dags/NAME.py``, ``pipelines/src/main.py``, ``pipelines/job.yml`` and ``shared/main.py``, which is not below
the bundle's ``subdir``. What a version says of itself stands in each of these files.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

DAG = """
import datetime

from airflow.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator, AzureMLJobOperator

GATES = {{"inputs": {{"gates": "{{{{ params.gates }}}}", "said": "{version}"}}}}
COMMAND = {{
    "command": "python main.py ${{{{inputs.gates}}}} ${{{{inputs.said}}}} ${{{{outputs.found}}}}",
    "environment": {{"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"}},
    "outputs": {{"found": {{}}}},
    **GATES,
}}

with DAG(
    "{name}",
    schedule=None,
    is_paused_upon_creation=False,
    params={{"gates": "/nowhere"}},
    disable_bundle_versioning={unversioned},
    default_args={{"retries": 1, "retry_delay": datetime.timedelta(seconds=1), "deferrable": True}},
):
    AzureMLCommandJobOperator(task_id="command", code="../src", **COMMAND)
    AzureMLJobOperator(task_id="file", job="../job.yml", **GATES)
    AzureMLCommandJobOperator(task_id="outside", code="../../shared", **COMMAND)
"""

CODE = """
import os
import pathlib
import sys
import time

gates, said, found = map(pathlib.Path, sys.argv[1:])
while not (gates / "go").exists():
    time.sleep(0.2)
(found / "said.txt").write_text(f"{version} {{said}}")
if os.environ["AZUREML_RUN_ID"].endswith("-1") and not (gates / "good").exists():
    sys.exit("the first job fails")
"""

JOB = """
type: command
code: src
command: python main.py ${{{{inputs.gates}}}} ${{{{inputs.said}}}} ${{{{outputs.found}}}}
environment: {{image: mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04}}
outputs: {{found: {{}}}}
tags: {{version: {version}}}
"""


class Repository:
    """A repository that a Git bundle follows.

    :param name: of its DAG.
    :param unversioned: its runs use what is newest.
    """

    branch = "trunk"

    def __init__(self, folder: Path, name: str, *, unversioned: bool = False) -> None:
        self.folder, self.name, self.unversioned = folder, name, unversioned
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", self.branch)

    def commit(self, version: str) -> str:
        """Write a version and commit it; the commit's id."""
        given = {"name": self.name, "version": version, "unversioned": self.unversioned}
        for place, text in (
            (f"pipelines/dags/{self.name}.py", DAG),
            ("pipelines/src/main.py", CODE),
            ("pipelines/job.yml", JOB),
            ("shared/main.py", CODE),
        ):
            path = self.folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(**given))
        self.git("add", "-A")
        self.git("commit", "-qm", version)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        """Run a git command in it."""
        own = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        command = ["git", "-C", str(self.folder), *own, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
