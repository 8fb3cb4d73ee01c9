"""Takes the pictures of Airflow's pages that the documentation shows: ``make pictures``.

Runs two of the examples on a real Airflow, as the demo does, and has a browser look at them: the graph of the
tutorial's run, that of a pipeline file as tasks, and the page of a task with the tab of its job.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from demo.__main__ import CLONE, TIMEOUT, start, stop
from demo.airflow import Airflow
from demo.emulator import Emulator
from demo.run import Run
from documentation.screens import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TUTORIAL, GROUP = "credit_defaults_training", "champion"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
WIDTH = 1180
PATIENCE = 120_000
"""Milliseconds that a page has to show something."""
STILL = 1500
"""Milliseconds after which a graph has found its place."""


def main() -> int:
    """Run the DAGs and take the pictures; 0 when both have succeeded."""
    parser = argparse.ArgumentParser("documentation.airflow_pages", description="Take pictures of Airflow's pages.")
    parser.add_argument("output", type=Path, help="the folder of the pictures")
    folder = parser.parse_args().output.absolute()
    program, bin = browser(), Path(sys.executable).parent
    home = Path(tempfile.mkdtemp(prefix="pictures-"))
    emulator = Emulator(bin, home / "emulator", CLONE / ".venvs" / "jobs" / "bin" / "python")
    settings = {"AIRFLOW__AZUREML__POLL_INTERVAL": "2", "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True"}
    airflow = Airflow(bin, home / "airflow", CLONE / "dags_examples", settings=settings)
    airflow.forked = sys.platform == "linux"
    try:
        start(emulator, airflow)
        runs = [Run(airflow, dag, "monthly-retraining") for dag in (TUTORIAL, GROUP)]
        for run in runs:
            run.begin({})
        states = [run.watch(TIMEOUT) for run in runs]
        take(program, airflow.url, runs[0], runs[1], folder)
    finally:
        stop(airflow, emulator)
        shutil.rmtree(home, ignore_errors=True)
    return 0 if set(states) == {"success"} else 1


def take(program: str, url: str, tutorial: Run, group: Run, folder: Path) -> None:
    """Write what a browser shows of the two runs, and of one of their tasks."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = looking(opened, 440)
        graph(page, address(url, tutorial))
        page.screenshot(path=folder / "airflow-tutorial.png")
        graph(page, address(url, group), groups=True)
        page.screenshot(path=folder / "airflow-pipeline.png")
        # A browser remembers that it has shown a graph: another one shows the grid.
        page = looking(opened, 860)
        page.goto(f"{address(url, tutorial)}/tasks/train/plugin/azureml")
        page.get_by_label("The last lines of the job's log").wait_for()
        page.screenshot(path=folder / "task-page.png")
        opened.close()


def looking(opened: Browser, height: int) -> Page:
    """A page of a browser that has seen nothing yet."""
    page = opened.new_context(viewport={"width": WIDTH, "height": height}, color_scheme="light").new_page()
    page.set_default_timeout(PATIENCE)
    return page


def address(url: str, run: Run) -> str:
    """The page of a run."""
    return f"{url}/dags/{run.dag}/runs/{quote(run.id, safe='')}"


def graph(page: Page, url: str, *, groups: bool = False) -> None:
    """Show a run's graph alone, without the table beside it.

    :param groups: open the groups of tasks, whatever is in them.
    """
    page.goto(url)
    page.get_by_label("Show Graph").click()
    if groups:
        page.get_by_label("Expand all task groups").click()
    page.get_by_label("Collapse Details Panel").click()
    # It would lie over the last tasks.
    page.add_style_tag(content=".react-flow__minimap { display: none }")
    page.get_by_label("Fit View").click()
    page.wait_for_timeout(STILL)


if __name__ == "__main__":
    sys.exit(main())
