"""Takes the pictures of Studio's pages that the documentation shows: `make pictures`.

Runs within `azureml-emulator run`: submits two jobs of the examples, waits for them and has a browser look at them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from airflow_azureml.hooks import AzureMLHook

EXAMPLES = Path(__file__).resolve().parent.parent / "dags_examples"
JOBS = {
    "pipeline": ("credit_defaults/pipeline.yml", "", (1000, 800)),
    "sweep": ("tuned_training/sweep.yml", "/trials", (800, 960)),
}
"""Name of the picture to the job that is on it, the tab of its page, and its width and height."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--virtual-time-budget=3000"),
)


def browser() -> str:
    """The program of a browser that can draw a page without a screen."""
    named = os.environ.get("BROWSER")
    found = named or next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if not found:
        raise SystemExit(f"No browser found. Install one of {', '.join(BROWSERS)}, or name it in BROWSER.")
    return found


def shoot(program: str, url: str, size: tuple[int, int], picture: Path) -> None:
    """Draw a page into a file."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        where = (f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}", f"--screenshot={picture}")
        subprocess.run([program, *FLAGS, *where, url], check=True, capture_output=True, timeout=180)
    if not picture.is_file():
        raise SystemExit(f"{program} has drawn nothing for {url}")


def main() -> None:
    """Run the jobs, take the pictures."""
    parser = argparse.ArgumentParser("documentation.screens", description="Take pictures of Studio's pages.")
    parser.add_argument("output", type=Path, help="the folder of the pictures")
    folder = parser.parse_args().output.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    program, hook = browser(), AzureMLHook()
    names = {picture: f"picture-{picture}" for picture in JOBS}
    for picture, (file, _, _) in JOBS.items():
        # Files of the examples may have Airflow's templates in them.
        text = (EXAMPLES / file).read_text(encoding="utf-8").replace("{{ ds }}", "2026-01-31")
        copied = EXAMPLES / file.replace(".yml", ".picture.yml")
        copied.write_text(text, encoding="utf-8")
        try:
            hook.create_job(copied, names[picture])
        finally:
            copied.unlink()
    for picture, (_, tab, size) in JOBS.items():
        hook.wait_for_job(names[picture], timeout=600)
        url = hook.get_result(names[picture])["studio_url"]
        shoot(program, url.replace("?", f"{tab}?", 1), size, folder / f"studio-{picture}.png")
        print(folder / f"studio-{picture}.png", file=sys.stderr)


if __name__ == "__main__":
    main()
