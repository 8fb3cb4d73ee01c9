"""What a DAG file pays for importing and using our public names, beside what Airflow itself costs.

Nine fresh processes, byte-compiled; prints the median of each figure and exits 1 when ours is over its budget.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROCESSES = 9
BUDGET_MILLISECONDS = 30.0
PROBE = Path(__file__).resolve().parent.parent / "tests" / "architecture" / "fresh.py"


def measure(environment: dict[str, str]) -> dict[str, Any]:
    """Import Airflow and then ours in one fresh process, and return what the probe prints."""
    done = subprocess.run([sys.executable, PROBE], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def main() -> int:
    """Print the table; 0 when within the budget."""
    with tempfile.TemporaryDirectory(prefix="airflow-home-") as home:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["AIRFLOW_HOME"] = home
        measure(environment)  # writes the byte code and Airflow's own files
        runs = [measure(environment) for _ in range(PROCESSES)]
    ours = [run["milliseconds"] for run in runs]
    airflow = [run["airflow_milliseconds"] for run in runs]
    print(f"{f'import cost, {PROCESSES} fresh processes':<36}{'median':>10}{'fastest':>10}{'slowest':>10}")
    for name, figures in (("Airflow itself, ms", airflow), ("our public names on top, ms", ours)):
        print(f"{name:<36}{statistics.median(figures):>10.1f}{min(figures):>10.1f}{max(figures):>10.1f}")
    print(f"{'modules that come with ours':<36}{len(runs[0]['modules']):>10}")
    within = statistics.median(ours) < BUDGET_MILLISECONDS
    print(f"Budget: {BUDGET_MILLISECONDS:.0f} ms. {'Kept.' if within else 'Exceeded.'}")
    return 0 if within else 1


if __name__ == "__main__":
    sys.exit(main())
