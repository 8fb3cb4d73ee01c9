#!/usr/bin/env bash
# Airflow's AzureBatchOperator (microsoft-azure 15.2.1) runs a Batch task of one id once; each later run of it is a success without any work.
#
# A job or a task that is there already counts as added. What the operator then looks at are all tasks of the job: yours
# of yesterday, which has completed, so the DAG run of today succeeds at once; or your first try's, which has failed, so
# the retry fails at once; or somebody else's. should_delete_job is False by default, and a killed task terminates the
# whole job. So batch_task_id needs a {{ run_id }} and the try number, or the job must be deleted.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check apache-airflow-providers-microsoft-azure==15.2.1 \
    apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2

cat > "$folder/expected.txt" <<'TEXT'
Monday: success, ran score --day monday
Tuesday: success, ran nothing
first try: failed, ran exit 1
second try, with what failed put right: failed, ran nothing
another DAG in that job: failed, ran other
TEXT
(cd "$folder" && HOME="$folder" AIRFLOW_HOME="$folder/airflow" venv/bin/python -W ignore - > log 2>&1) <<'PYTHON'
from pathlib import Path
from types import SimpleNamespace

from airflow.providers.microsoft.azure.operators.batch import AzureBatchOperator
from azure.core.exceptions import ResourceExistsError

seen = []


class Account:
    """A Batch account as its client shows it: a task has ended by the time that one looks, and its command says how."""

    def __init__(self):
        self.jobs, self.ran = {}, []

    def create_pool(self, pool):
        pass

    def get_pool(self, pool_id):
        return SimpleNamespace(id=pool_id, resize_errors=None, target_dedicated_nodes=0)

    def list_nodes(self, pool_id):
        return []

    def create_job(self, job):
        if job.id in self.jobs:
            raise ResourceExistsError("JobExists")
        self.jobs[job.id] = {}

    def create_task(self, job_id, task):
        if task.id in self.jobs[job_id]:
            raise ResourceExistsError("TaskExists")
        self.jobs[job_id][task.id] = "failure" if "exit 1" in task.command_line else "success"
        self.ran.append(task.command_line)

    def list_tasks(self, job_id):
        for task_id, result in self.jobs[job_id].items():
            yield SimpleNamespace(id=task_id, state="completed", execution_info=SimpleNamespace(result=result))


def run(title, account, task_id, command):
    operator = AzureBatchOperator(
        task_id="score",
        batch_pool_id="pool",
        batch_pool_vm_size="standard_d2_v3",
        batch_job_id="nightly",
        batch_task_id=task_id,
        batch_task_command_line=command,
        target_dedicated_nodes=1,
        vm_publisher="p",
        vm_offer="o",
        vm_sku="s",
        vm_node_agent_sku_id="n",
    )
    operator.hook.__dict__["connection"] = account
    account.ran.clear()
    try:
        operator.execute({})
        end = "success"
    except RuntimeError:
        end = "failed"
    seen.append(f"{title}: {end}, ran {', '.join(account.ran) or 'nothing'}\n")


account = Account()
run("Monday", account, "score", "score --day monday")
run("Tuesday", account, "score", "score --day tuesday")
account = Account()
run("first try", account, "score", "exit 1")
run("second try, with what failed put right", account, "score", "score --day monday")
run("another DAG in that job", account, "other", "other")
Path("seen.txt").write_text("".join(seen))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: AzureBatchOperator of 15.2.1 takes what is there for its own work."
