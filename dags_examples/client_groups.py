"""Functions that write the commands of jobs: a part of the clients is drawn, and counted by several columns at once."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import DAG, task

ENVIRONMENT = {"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"}
COLUMNS = {"education": 4, "marriage": 5}

with DAG(
    "client_groups",
    schedule=None,
    params={"share": 0.2},
    render_template_as_native_obj=True,  # a number stays one
    default_args={"deferrable": True},
    tags=["azureml", "example"],
) as dag:
    # [START functions]
    @task.azureml_command(environment=ENVIRONMENT, outputs={"part": {}})
    def draw(clients: dict[str, str], part: str, share: float) -> str:
        """Take one of so many lines."""
        every = round(1 / share)
        return f"awk 'NR > 2 && NR % {every} == 0' {clients} > {part}/clients.csv"

    @task.azureml_command(environment=ENVIRONMENT, inputs={"column": None}, outputs={"groups": {}})
    def count(part: str, column: int, groups: str) -> str:
        """Count the clients of each group."""
        return f"cut -d, -f{column} {part}/clients.csv | sort -n | uniq -c | tee {groups}/groups.txt"

    drawn = draw({"type": "uri_file", "path": "credit_defaults/data/credit_card.csv"}, share="{{ params.share }}")
    count.partial(part=drawn["part"]).expand(column=list(COLUMNS.values()))
    # [END functions]
