#!/usr/bin/env bash
# In Airflow 3.3.2 one listener of any kind keeps every DAG from loading that has a task with end_from_trigger=True.
#
# The listener may have nothing to do with tasks: here it only hears that a component has started. So a plugin that a
# team installs for lineage, or for a log line, takes other teams' DAGs away, among them those of Airflow's own sensors.
# The error names the task and that listeners are present, not which plugin has brought one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2 apache-airflow-providers-standard==1.21.0

mkdir -p "$folder/dags" "$folder/plugins"
cat > "$folder/dags/waits.py" <<'PYTHON'
from datetime import datetime

from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG

with DAG("waits", schedule=None):
    DateTimeSensorAsync(task_id="wait", target_time=datetime(2030, 1, 1), end_from_trigger=True)
PYTHON
cat > "$folder/load.py" <<'PYTHON'
import sys

from airflow.dag_processing.dagbag import DagBag

bag = DagBag(sys.argv[1])
print(sys.argv[2], sorted(bag.dags), [text.splitlines()[-1] for text in bag.import_errors.values()])
PYTHON
load() {
    AIRFLOW_HOME="$folder/home" AIRFLOW__CORE__PLUGINS_FOLDER="$folder/$1" AIRFLOW__CORE__LOAD_EXAMPLES=False \
        PYTHONWARNINGS=ignore "$folder/venv/bin/python" "$folder/load.py" "$folder/dags" "$2" | grep "^$2" | tee -a "$folder/seen.txt"
}
load no-plugins without
cat > "$folder/plugins/started.py" <<'PYTHON'
from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin


class Started:
    """Hears that a scheduler or another component has started."""

    @hookimpl
    def on_starting(self, component):
        print("started")


class StartedPlugin(AirflowPlugin):
    name = "started"
    listeners = [Started()]
PYTHON
load plugins with
cat > "$folder/expected.txt" <<'TEXT'
without ['waits'] []
with [] ["AirflowClusterPolicyError: ('Listeners are not supported with end_from_trigger=True for deferrable operators. Task %s in DAG %s has end_from_trigger=True with listeners from plugins. Set end_from_trigger=False to use listeners.', 'wait', 'waits')"]
TEXT
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: Airflow 3.3.2 with a listener that hears of components only refuses a DAG with end_from_trigger=True."
