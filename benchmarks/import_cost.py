"""What a DAG file pays for importing our operators: beside Airflow itself, other providers' operators and azure-ai-ml.

Call: ``python benchmarks/import_cost.py [--json FILE]``, some three minutes on an idle machine. Each row is seven fresh
processes with byte code, one of each row after the other; the figures are the medians of what comes on top of Airflow,
whose own cost is the first row (on top of Python in the row of ``azure-ai-ml``, which knows no Airflow).
``.venvs/peers`` has the other providers beside the same Airflow, ``.venvs/sdk`` has ``azure-ai-ml``.

It exits 1 when our public names cost more than their budget, or our operators are not the cheapest of all or cost more
than a hundredth of ``azure-ai-ml``, in processor time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
PEERS, SDK = REPOSITORY / ".venvs/peers/bin/python", REPOSITORY / ".venvs/sdk/bin/python"
PROCESSES = 7
BUDGET_MILLISECONDS = 30.0
SHARE = 0.01
"""Of what ``azure-ai-ml`` costs, at most."""

PROBE = """
import importlib, json, sys, time
sys.path.insert(0, sys.argv[1])
import fresh
def cost(code):
    loaded, begun, used = set(sys.modules), time.perf_counter(), time.process_time()
    exec(code, {})
    spent = time.process_time() - used
    return [1000 * spent, 1000 * (time.perf_counter() - begun), len(set(sys.modules) - loaded)]
with_airflow, imports, dag = json.loads(sys.argv[2])
airflow = cost("import fresh; fresh.import_airflow()") if with_airflow else None
found = {"airflow": airflow, "import": cost(imports)}
found["dag"] = cost(dag) if dag else None
print(json.dumps(found))
"""

DAG = """
from airflow.providers.common.compat.sdk import DAG
{imports}
with DAG("d", schedule=None):
    {task}
"""


@dataclass(frozen=True)
class Row:
    """What is imported, and a task of it for a DAG; none where there is no such thing."""

    label: str
    imports: str
    task: str | None = None
    python: Path = PEERS

    @property
    def dag(self) -> str | None:
        """The DAG file; the imports have been made before it is measured."""
        return None if self.task is None else DAG.format(imports=self.imports, task=self.task)


OURS = Row(
    "ours: AzureMLCommandJobOperator",
    "from airflow_azureml.operators import AzureMLCommandJobOperator",
    "AzureMLCommandJobOperator(task_id='t', command='python train.py', environment='azureml:e@latest', "
    "inputs={'rate': 0.1}, outputs={'model': None})",
)
ALL_OURS = Row("ours: all public names", "import fresh; fresh.use_ours()")
SDK_ROW = Row("azure-ai-ml: MLClient, command", "from azure.ai.ml import MLClient, command", python=SDK)
ROWS = (
    OURS,
    ALL_OURS,
    Row(
        "amazon: SageMakerTrainingOperator",
        "from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTrainingOperator",
        "SageMakerTrainingOperator(task_id='t', config={'TrainingJobName': 'train'})",
    ),
    Row(
        "databricks: DatabricksSubmitRunOperator",
        "from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator",
        "DatabricksSubmitRunOperator(task_id='t', json={'run_name': 'train'})",
    ),
    Row(
        "microsoft.azure: AzureDataFactoryRunPipelineOperator",
        "from airflow.providers.microsoft.azure.operators.data_factory import AzureDataFactoryRunPipelineOperator",
        "AzureDataFactoryRunPipelineOperator(task_id='t', pipeline_name='train', factory_name='f', "
        "resource_group_name='rg')",
    ),
    SDK_ROW,
)


def measure(row: Row, environment: dict[str, str]) -> dict[str, Any]:
    """Import in one fresh process."""
    what = json.dumps([row.python is PEERS, row.imports, row.dag])
    words: list[str | Path] = [row.python, "-W", "ignore", "-c", PROBE, REPOSITORY / "tests" / "architecture", what]
    done = subprocess.run(words, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def versions() -> dict[str, str]:
    """What is compared."""
    names = [f"apache-airflow-providers-{name}" for name in ("amazon", "databricks", "microsoft-azure")]
    script = "import sys, importlib.metadata as m; print(*(f'{n}={m.version(n)}' for n in sys.argv[1:]))"
    found: dict[str, str] = {}
    for python, wanted in ((PEERS, ["apache-airflow", *names]), (SDK, ["azure-ai-ml"])):
        done = subprocess.run([python, "-c", script, *wanted], stdout=subprocess.PIPE, text=True, check=True)
        found.update(dict(word.split("=") for word in done.stdout.split()))
    return found


def medians(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The medians of some runs: milliseconds of processor and of the clock, and how many modules came."""
    found = {}
    for part in ("airflow", "import", "dag"):
        costs = [run[part] for run in runs if run[part] is not None]
        if costs:
            cpu, wall, modules = (statistics.median(one[place] for one in costs) for place in range(3))
            found[part] = {"cpu_ms": round(cpu, 1), "wall_ms": round(wall, 1), "modules": int(modules)}
    return found


def judged(rows: dict[str, Any]) -> dict[str, bool]:
    """What must hold."""
    costs = {label: row["import"]["cpu_ms"] for label, row in rows.items()}
    ours = costs[OURS.label]
    others = [cost for label, cost in costs.items() if label not in (OURS.label, ALL_OURS.label)]
    parse = {label: row["import"]["cpu_ms"] + row["dag"]["cpu_ms"] for label, row in rows.items() if "dag" in row}
    return {
        f"all our public names cost less than {BUDGET_MILLISECONDS:.0f} ms": costs[ALL_OURS.label]
        < BUDGET_MILLISECONDS,
        f"our operators cost at most {SHARE:.0%} of azure-ai-ml": ours <= SHARE * costs[SDK_ROW.label],
        "our operators are the cheapest to import": ours < min(others),
        "our DAG file is the cheapest to parse": parse[OURS.label] == min(parse.values()),
    }


def main() -> int:
    """Print the table; 0 when all is as it must be."""
    parser = argparse.ArgumentParser(description="What a DAG file pays for importing our operators.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="airflow-home-") as home:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"AIRFLOW_HOME": home, "PYTHONPATH": str(REPOSITORY / "provider")}
        for row in ROWS:
            measure(row, environment)  # writes the byte code and Airflow's own files
        runs: dict[str, list[dict[str, Any]]] = {row.label: [] for row in ROWS}
        for _ in range(PROCESSES):
            for row in ROWS:
                runs[row.label].append(measure(row, environment))
    rows = {label: medians(found) for label, found in runs.items()}
    verdicts = judged(rows)
    compared = versions()
    report = {"versions": compared, "processes": PROCESSES, "rows": rows, "holds": verdicts}
    if options.json:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    show(rows)
    print(", ".join(f"{name} {version}" for name, version in compared.items()))
    for what, holds in verdicts.items():
        print(f"{'yes' if holds else 'NO ':<4}{what}")
    return 0 if all(verdicts.values()) else 1


def show(rows: dict[str, Any]) -> None:
    """Print the rows."""
    head = ("CPU, ms", "clock, ms", "modules", "times ours", "DAG, CPU ms")
    print(f"{f'import, medians of {PROCESSES} fresh processes':<56}" + "".join(f"{word:>13}" for word in head))
    ours = rows[OURS.label]["import"]["cpu_ms"]
    airflow = rows[OURS.label]["airflow"]
    first = "".join(f"{airflow[key]:>13}" for key in ("cpu_ms", "wall_ms", "modules"))
    print(f"{'Airflow itself, for each row but the last':<56}{first}")
    for label, row in rows.items():
        cost = row["import"]
        dag = f"{row['dag']['cpu_ms']:>13}" if "dag" in row else ""
        figures = f"{cost['cpu_ms']:>13}{cost['wall_ms']:>13}{cost['modules']:>13}{cost['cpu_ms'] / ours:>13.1f}"
        print(f"{label:<56}{figures}{dag}")


if __name__ == "__main__":
    sys.exit(main())
