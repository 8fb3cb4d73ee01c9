"""A deadline for a DAG run: a mail while the run still goes on. Its job is not ended by it.

Needs Airflow 3.1. Below, which has no deadlines, this file can be read all the same, and has no DAG.
"""

from __future__ import annotations

import datetime

from airflow.providers.common.compat.sdk import DAG
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from airflow_azureml.operators import AzureMLCommandJobOperator

try:
    from airflow.sdk.definitions.deadline import AsyncCallback, DeadlineAlert, DeadlineReference
except ImportError:
    DeadlineAlert = None  # 2.11, 3.0

if DeadlineAlert is not None:
    # [START deadline]
    late = DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=datetime.timedelta(hours=2),
        callback=AsyncCallback(
            SmtpNotifier,
            kwargs={
                "from_email": "airflow@example.com",
                "to": "ml-team@example.com",
                "subject": "{{ dag_run.dag_id }} is late",
                "html_content": "Run {{ dag_run.dag_run_id }} was due at {{ deadline.deadline_time }} and goes on.",
            },
        ),
    )

    with DAG("late_training", schedule=None, deadline=late, tags=["azureml", "example"]) as dag:
        AzureMLCommandJobOperator(
            task_id="train",
            command="python train.py --checkpoints ${{outputs.ckpt}} --epochs 8",
            code="spot_training",
            environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
            outputs={"ckpt": None},
            queue_timeout=datetime.timedelta(hours=6),  # and this would end it, where no node is to be had
            deferrable=True,
        )
    # [END deadline]
