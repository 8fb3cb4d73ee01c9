"""An Airflow home on one of the two lines: DAGs of a folder run by ``dag.test()`` there, and what became of them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from demo.warm_python import WarmPython
from tests.airflow_tables import connected, write_state
from tests.one_at_a_time import one_at_a_time
from tests.shared_python import SharedPython

RUNNER = Path(__file__).with_name("runner.py")
DAGS = Path(__file__).with_name("dags")
PRELOAD = Path(__file__).with_name("preload.py")


class AirflowInstall:
    """One Airflow, installed somewhere, with a home of its own.

    :param python: its interpreter.
    :param settings: environment variables for all that runs here.
    :param database: a new database of this Airflow, of which the home gets a copy; it is made first if missing.
    """

    _warm: ClassVar[dict[Path, WarmPython]] = {}
    """Interpreters with Airflow loaded, which takes up to a quarter of a minute: one for all homes and workers. Its
    forks find the home and the database of whoever was first, until they read the settings anew."""

    def __init__(self, python: Path, home: Path, settings: Mapping[str, str], database: Path) -> None:
        self.python = python
        self.home = home
        self.database = database
        self.settings = settings
        self.dags = home / "dags"
        shutil.copytree(DAGS, self.dags, ignore=shutil.ignore_patterns("__pycache__"))
        self.failures_file = home / "failures.jsonl"
        self.environment = os.environ | {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "AIRFLOW__AZUREML__POLL_INTERVAL": "0.5",
            "PYTHONWARNINGS": "ignore",
            "FAILURES": str(self.failures_file),
            **settings,
        }
        if python not in self._warm:
            name = f"airflow-{database.stem}"
            environment = self.environment | {"AIRFLOW_HOME": str(database.with_name(name))}
            self._warm[python] = SharedPython(name, python, environment, [PRELOAD])
        with one_at_a_time(database):
            self._lay(database)

    def beside(self, name: str) -> AirflowInstall:
        """The same Airflow in a new home, with an empty database: two of them can be busy at the same time."""
        return AirflowInstall(self.python, self.home.with_name(name), self.settings, self.database)

    def run(self, *dag_ids: str, **settings: str) -> str:
        """Run DAGs to their ends and give back all that was logged."""
        return self._call(str(RUNNER), str(self.dags), *dag_ids, **settings)

    def run_anew(self, *dag_ids: str, **settings: str) -> str:
        """The same in an interpreter that has loaded nothing yet, for settings that Airflow reads when it is loaded."""
        command = [str(self.python), str(RUNNER), str(self.dags), *dag_ids]
        done = subprocess.run(command, env=self.environment | settings, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def python_says(self, code: str) -> str:
        """Run a piece of Python here and give back what it printed last."""
        return self._call("-c", code).strip().splitlines()[-1]

    def runs_script(self, script: Path) -> str:
        """Run a Python file here and give back what it printed last."""
        return self._call(str(script)).strip().splitlines()[-1]

    def write_over(self, dag_id: str, task: str, state: str | None) -> None:
        """Write a task's state over the one that it has, as a scheduler does that has read it before that was set."""
        write_state(self.home / "airflow.db", state, dag_id=dag_id, task_id=task)

    def states(self, dag_id: str) -> dict[str, str]:
        """The state of each task; a mapped one's key ends in ``[index]``."""
        query = "SELECT task_id, map_index, state FROM task_instance WHERE dag_id = ?"
        return {_key(task, index): state for task, index, state in self._sql(query, dag_id)}

    def xcom(self, dag_id: str, task: str, key: str = "return_value", map_index: int = -1) -> Any:
        """An XCom; None where there is none."""
        query = "SELECT value FROM xcom WHERE dag_id = ? AND task_id = ? AND key = ? AND map_index = ?"
        rows = self._sql(query, dag_id, task, key, map_index)
        # SQLite gives a number of a JSON column as one.
        return (json.loads(rows[0][0]) if isinstance(rows[0][0], (str, bytes)) else rows[0][0]) if rows else None

    def asset_events(self) -> list[tuple[str, dict[str, Any]]]:
        """The events of all assets, oldest first: URI and extra."""
        word = "asset" if "asset_event" in self.tables() else "dataset"
        joined = f"{word}_event AS event JOIN {word} ON {word}.id = {word}_id"
        query = f"SELECT uri, event.extra FROM {joined} ORDER BY event.id"
        return [(uri, json.loads(extra)) for uri, extra in self._sql(query)]

    def tables(self) -> set[str]:
        """The names of the database's tables."""
        return {name for (name,) in self._sql("SELECT name FROM sqlite_master")}

    def failures(self, dag_id: str) -> dict[str, dict[str, Any]]:
        """What failure callbacks were given: task → ``classes`` (by name, most special first), ``text``, ``fields``."""
        lines = self.failures_file.read_text().splitlines() if self.failures_file.exists() else []
        found = [json.loads(line) for line in lines]
        return {one["task"]: one for one in found if one["dag"] == dag_id}

    @property
    def major(self) -> int:
        """The first number of the version."""
        return 3 if "asset" in self.tables() else 2

    def note(self, dag_id: str, task: str) -> str | None:
        """The note of a task."""
        query = """SELECT content FROM task_instance_note JOIN task_instance ON ti_id = task_instance.id
            WHERE dag_id = ? AND task_id = ?"""
        rows = self._sql(query, dag_id, task) if self.major == 3 else []
        return rows[0][0] if rows else None

    def rendered(self, dag_id: str, task: str) -> dict[str, Any]:
        """The rendered fields that the UI shows."""
        query = "SELECT rendered_fields FROM rendered_task_instance_fields WHERE dag_id = ? AND task_id = ?"
        fields: dict[str, Any] = json.loads(self._sql(query, dag_id, task)[0][0])
        return fields

    def _lay(self, database: Path) -> None:
        own = self.home / "airflow.db"
        if database.exists():
            shutil.copy(database, own)
            return
        # In a process that ends by itself: a fork leaves a part of what it wrote in SQLite's log.
        subprocess.run([self.python, "-m", "airflow", "db", "migrate"], env=self.environment, check=True)
        # What has this name is whole, also where this process is killed.
        half_made = database.with_name(f"{database.name}.{os.getpid()}")
        shutil.copy(own, half_made)
        half_made.rename(database)

    def _sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with contextlib.closing(connected(self.home / "airflow.db")) as database:
            return database.execute(query, values).fetchall()

    def _call(self, *arguments: str, **settings: str) -> str:
        warm = self._warm[self.python]
        others = dict.fromkeys(warm.environment)
        done = warm.run(*arguments, settings={**others, **self.environment, **settings})
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


def _key(task: str, index: int) -> str:
    return task if index < 0 else f"{task}[{index}]"
