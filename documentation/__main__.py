"""Makes the site: `python -m documentation --output FOLDER`. A warning is an error."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from documentation import checks, source
from documentation.navigation import NavigationError

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Make the site and check it; returns 0 only when nothing was wrong."""
    parser = argparse.ArgumentParser("documentation", description="Make the documentation's site.")
    parser.add_argument("--output", type=Path, default=Path("build/docs"), help="where it goes (default: build/docs)")
    parser.add_argument("--links", action="store_true", help="ask for the addresses of other sites as well")
    arguments = parser.parse_args()
    pages, site = arguments.output.absolute() / "source", arguments.output.absolute() / "html"
    try:
        source.write(pages)
    except NavigationError as error:
        print(f"documentation: {error}", file=sys.stderr)
        return 1
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "auto", "-c", str(HERE), str(pages)]
    doctrees = ["-d", str(arguments.output.absolute() / "doctrees")]
    if arguments.links:
        return subprocess.run([*build, *doctrees, "-b", "linkcheck", str(site.parent / "links")]).returncode
    if failed := subprocess.run([*build, *doctrees, "-b", "html", "-E", "-a", str(site)]).returncode:
        return failed
    found = checks.faults(site)
    for fault in found:
        print(f"documentation: {fault}", file=sys.stderr)
    if not found:
        print(f"{sum(1 for _ in site.rglob('*.html'))} pages: {site / 'index.html'}")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
