"""What a job wrote, read as tables without a job: by pandas, polars and DuckDB, through Airflow's object storage.

A Parquet file is read only in the parts that are asked for. The tasks need pandas, polars, pyarrow and duckdb.
"""

from __future__ import annotations

from typing import Any

try:
    from airflow.sdk import DAG, ObjectStoragePath, task
except ImportError:  # Airflow 2.11
    from airflow import DAG
    from airflow.decorators import task
    from airflow.io.path import ObjectStoragePath

from airflow_azureml.operators import AzureMLCommandJobOperator

REPORTS = ObjectStoragePath("azureml://azureml_default@datastores/workspaceblobstore/paths/score-reports")

with DAG(
    "scores_as_tables",
    schedule=None,
    default_args={"deferrable": True},
    tags=["azureml", "example"],
) as dag:
    # [START job]
    score = AzureMLCommandJobOperator(
        task_id="score",
        command="(echo id,score; seq 0 999 | awk '{ print $1 \",\" $1 / 1000 }') > ${{outputs.scores}}/scores.csv",
        environment={"image": "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"},
        outputs={"scores": {"type": "uri_folder"}},
    )
    # [END job]

    # [START pandas]
    @task
    def to_parquet(scores: dict[str, Any], run_id: str | None = None) -> ObjectStoragePath:
        """Read the job's file, and write it as Parquet where the next tasks find it."""
        import pandas

        with (ObjectStoragePath(scores["path"]) / "scores.csv").open("rb") as stream:
            table = pandas.read_csv(stream)
        target = REPORTS / str(run_id) / "scores.parquet"
        with target.open("wb") as stream:
            table.to_parquet(stream, row_group_size=100)
        return target

    # [END pandas]

    # [START polars]
    @task
    def with_polars(path: ObjectStoragePath) -> float:
        """Read the groups of rows that a condition leaves, and one column of them."""
        import polars
        import pyarrow.dataset

        rows = polars.scan_pyarrow_dataset(pyarrow.dataset.dataset(path.path, filesystem=path.fs))
        best = rows.filter(polars.col("id") >= 900).select(polars.col("score").mean())
        return float(best.collect().item())

    # [END polars]

    # [START duckdb]
    @task
    def with_duckdb(path: ObjectStoragePath) -> int:
        """Ask in SQL; DuckDB takes the file system of the path."""
        import duckdb

        with duckdb.connect() as database:
            database.register_filesystem(path.fs)
            query = f"SELECT count(*) FROM read_parquet('azureml://{path.path}') WHERE score >= 0.5"
            (found,) = database.execute(query).fetchone() or (0,)
        return int(found)

    # [END duckdb]

    table = to_parquet(score.output["scores"])
    with_polars(table)
    with_duckdb(table)
