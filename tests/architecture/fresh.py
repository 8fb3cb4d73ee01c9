"""Run in a fresh process: what importing and using our public names adds to what Airflow itself has loaded.

Prints one JSON object: ``modules`` (what came, by name), ``milliseconds`` (what it took) and ``airflow_milliseconds``
(what Airflow's own imports took). Standard library only, and no import of ours at the top: it must not disturb what it
measures.
"""

from __future__ import annotations

import importlib
import json
import sys
import time

ROOMS = ("decorators", "hooks", "links", "operators", "sensors", "task_groups", "triggers")
"""The modules that a DAG file names."""


def import_airflow() -> None:
    """Import what every DAG file has Airflow load: the author's classes and the base of triggers."""
    compat = importlib.import_module("airflow.providers.common.compat.sdk")
    for name in (
        "BaseHook",
        "BaseOperator",
        "BaseOperatorLink",
        "BaseSensorOperator",
        "DAG",
        "XCom",
        "XComArg",
        "conf",
    ):
        getattr(compat, name)
    importlib.import_module("airflow.providers.common.compat.connection")
    importlib.import_module("airflow.triggers.base")


def use_ours() -> None:
    """Import our public modules and touch each public name, as ``from … import …`` would."""
    for room in ROOMS:
        module = importlib.import_module(f"airflow_azureml.{room}")
        for name in getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]:
            getattr(module, name)


def main() -> None:
    """Measure and print."""
    begin = time.perf_counter()
    import_airflow()
    loaded, between = set(sys.modules), time.perf_counter()
    use_ours()
    end = time.perf_counter()
    found = {
        "modules": sorted(set(sys.modules) - loaded),
        "milliseconds": (end - between) * 1000,
        "airflow_milliseconds": (between - begin) * 1000,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
