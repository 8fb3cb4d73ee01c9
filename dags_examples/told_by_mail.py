"""Told by mail: Airflow's notifier for SMTP says which job failed, why, and what it has used."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG
from airflow.providers.smtp.notifications.smtp import SmtpNotifier

from airflow_azureml.operators import AzureMLCommandJobOperator

# [START mail]
TEXT = """
{% set job = azureml | default({}) %}
{% if job.get("job_name") %}
<p>Job <a href="{{ job.studio_url }}">{{ job.job_name }}</a> is {{ job.status }}: {{ job.failure }}.</p>
{% endif %}
{% if job.get("usage") %}
<p>It ran for {{ job.usage.run_seconds }} s and used {{ job.usage.node_hours }} node hours.</p>
{% endif %}
<pre>{{ exception | e }}</pre>
"""

mail = SmtpNotifier(
    from_email="airflow@example.com",
    to="ml-team@example.com",
    subject="{{ ti.dag_id }}.{{ ti.task_id }}: {{ (azureml | default({})).get('failure') or 'failed' }}",
    html_content=TEXT,
)

with DAG("told_by_mail", schedule=None, params={"at_least": 1000}, tags=["azureml", "example"]) as dag:
    AzureMLCommandJobOperator(
        task_id="count_clients",
        command=(
            "lines=$(wc -l < ${{inputs.clients}});"
            " test $lines -ge ${{inputs.at_least}} || { echo only $lines lines >&2; exit 1; }"
        ),
        environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
        inputs={
            "clients": {"type": "uri_file", "path": "credit_defaults/data/credit_card.csv"},
            "at_least": "{{ params.at_least }}",
        },
        deferrable=True,
        on_failure_callback=mail,
    )
# [END mail]
