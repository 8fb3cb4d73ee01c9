"""Asks what is known against all that the bill of materials names: ``python -m release.audit FOLDER``.

pip-audit asks PyPI's, over the network. What it does not find there it would leave out with a warning; here that is a
failure, as it is on a machine whose index has no such data.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from release import sbom


def main() -> int:
    """Ask; 0 only when all was found and nothing is known against it."""
    parser = argparse.ArgumentParser("release.audit", description="Look for known vulnerabilities.")
    parser.add_argument("folder", type=Path, help="where make release-check has written the bill of materials")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="ID", help="a vulnerability that does not count"
    )
    arguments = parser.parse_args()
    bills = sorted(arguments.folder.glob("*.cdx.json"))
    if len(bills) != 1:
        parser.error(f"{arguments.folder} holds {len(bills)} bills of materials; run make release-check first")
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "requirements.txt"
        listed.write_text("\n".join(sbom.pins(sbom.read(bills[0]))), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pip_audit",
            "--strict",
            "--disable-pip",
            "--no-deps",
            "--progress-spinner=off",
        ]
        command += ["--requirement", str(listed), *(f"--ignore-vuln={one}" for one in arguments.ignore)]
        return subprocess.run(command).returncode


if __name__ == "__main__":
    raise SystemExit(main())
