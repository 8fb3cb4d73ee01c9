"""Parallel nodes over tables, and Spark, as Microsoft's client sends them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.conftest import RunScript


@pytest.fixture(scope="module")
def seen(run_script: RunScript) -> dict[str, Any]:
    """What the script saw."""
    return run_script("tables_and_spark.py")


def test_a_parallel_node_is_cut_by_the_keys_of_a_table(seen: dict[str, Any]) -> None:
    assert seen["steps"]["table"] == "Completed"
    assert seen["rows"] == ["a 1\nb 2\nb 2\n"]


def test_spark_is_a_job_and_a_node_that_say_what_they_lack(seen: dict[str, Any]) -> None:
    assert seen["job"] == ["spark", "count.py", "1g"]
    assert (seen["steps"]["counted"], seen["done"]) == ("Failed", "Failed")
    assert "Spark jobs run with the pyspark of the job's interpreter" in seen["log"]
