"""Spark: jobs, nodes and components."""

from __future__ import annotations

from airflow_azureml.jobspec.kinds.spark.component import spark_component
from airflow_azureml.jobspec.kinds.spark.job import spark
from airflow_azureml.jobspec.kinds.spark.node import spark_node
from airflow_azureml.jobspec.nodes.kind import Kind

KIND = Kind(
    word="spark",
    job=spark,
    job_keys=frozenset({"entry", "conf", "py_files"}),
    node=spark_node,
    component=spark_component,
    inline=True,
    runs_without_compute=lambda node: bool(node.get("resources")),
)
