"""The tutorial's DAG by ``dag.test()`` under another Airflow, with the emulator that is installed beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from demo.airflow import Airflow, AirflowError
from demo.emulator import Emulator, EmulatorError
from tests import REPOSITORY

EXAMPLES = REPOSITORY / "dags_examples"
DAG = "credit_defaults_training"
JOBS = REPOSITORY / ".venvs" / "jobs" / "bin" / "python"
SCRIPT = REPOSITORY / "tests" / "examples" / "run_dag.py"
IMPORT = "from airflow.providers.common.compat.sdk import DAG, Param, task\n"
WITHOUT_COMPAT = {
    3: "from airflow.sdk import DAG, Param, task\n",
    2: "from airflow import DAG\nfrom airflow.decorators import task\nfrom airflow.models.param import Param\n",
}
"""What the documentation says to write where common-compat is older than 1.12.0, by Airflow's major version."""


def tutorial(bin: Path, major: int) -> str:
    """Run it; ``ok``, or what went wrong.

    :param bin: the folder of the commands ``airflow`` and ``azureml-emulator``.
    :param major: Airflow's major version.
    """
    home = Path(tempfile.mkdtemp(prefix="tutorial-"))
    emulator = Emulator(bin, home / "emulator", JOBS)
    try:
        emulator.start()
        examples = shutil.copytree(EXAMPLES, home / "examples")
        if subprocess.run([bin / "python", "-c", IMPORT], capture_output=True, check=False).returncode:
            file = examples / f"{DAG}.py"
            file.write_text(file.read_text(encoding="utf-8").replace(IMPORT, WITHOUT_COMPAT[major]), encoding="utf-8")
        settings = {"AIRFLOW__AZUREML__POLL_INTERVAL": "1"}
        airflow = Airflow(bin, home / "airflow", examples, major=major, settings=settings)
        airflow.environment["AIRFLOW_CONN_AZUREML_DEFAULT"] = emulator.wait()["airflow_connection"]
        airflow.prepare(home / "empty.db")
        command = [str(bin / "python"), str(SCRIPT), str(examples / f"{DAG}.py"), DAG]
        done = subprocess.run(
            command, cwd=airflow.home, env=airflow.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            return f"ended with {done.returncode}: {done.stderr.strip()[-300:]}"
        # Airflow 3.4 may log once more when its process ends.
        became = json.loads(next(line for line in reversed(done.stdout.splitlines()) if line.startswith('{"state"')))
    except (AirflowError, EmulatorError) as error:
        return str(error)
    finally:
        emulator.stop()
        shutil.rmtree(home, ignore_errors=True)
    states = {name: task["state"] for name, task in became["tasks"].items()}
    if set(states.values()) != {"success"}:
        return f"{states}"
    return "ok" if became["tasks"]["train"]["result"]["metrics"]["auc"] > 0.8 else "a bad model"
