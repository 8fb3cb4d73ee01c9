"""Tasks whose time is up and whose job is hard to end: Airflow ends their process from outside since 3.4."""

from __future__ import annotations

import datetime
import signal
from typing import Any

from airflow.sdk import DAG

from airflow_azureml.operators import AzureMLCommandJobOperator

WAIT = "until test -e ${{inputs.place}}/go; do sleep 0.2; done"


class DeafOperator(AzureMLCommandJobOperator):
    """Does not notice that its time is up, as where a library takes the alarm for itself."""

    def execute(self, context: Any) -> Any:
        """Run the job without the alarm that Airflow has set."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        return super().execute(context)


OPERATORS = {"is_ended_from_outside": DeafOperator, "is_out_of_time_while_a_cancel_hangs": AzureMLCommandJobOperator}

for scenario, operator in OPERATORS.items():
    for how in ("worker", "deferred"):
        with DAG(f"{scenario}_{how}", schedule=None, params={"place": "/nowhere"}) as dag:
            operator(
                task_id="work",
                command=WAIT,
                deferrable=how == "deferred",
                inputs={"place": "{{ params.place }}"},
                environment={"image": "docker.io/python"},
                execution_timeout=datetime.timedelta(seconds=25),
            )
        globals()[dag.dag_id] = dag
