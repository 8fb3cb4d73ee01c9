"""Where the golden cases are, what each of them holds, and how a case is laid out for a run.

The folder comes from the environment variable ``AZUREML_CORPUS``; by default it is looked for beside the clone.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "AZUREML_CORPUS"
CLONE = Path(__file__).resolve().parents[2]
DEFAULT = CLONE.parent / "shared" / "corpus"


@dataclass(frozen=True)
class Case:
    """One input and what Microsoft's client sent for it.

    :param kind: ``jobs`` (a YAML file) or ``command`` (keyword arguments).
    :param about: what the case is.
    :param expected: what was sent.
    """

    kind: str
    id: str
    job_type: str
    about: Mapping[str, Any]
    expected: Mapping[str, Any]
    folder: Path | None = None

    @property
    def submitted(self) -> bool:
        """Whether Microsoft's client sent the job."""
        return "job_body" in self.expected

    @property
    def fault(self) -> bool:
        """Whether it fell over a fault of its own, which judges nothing."""
        error = self.expected.get("sdk_error") or {}
        return "object" in str(error.get("message")) and "NoneType" in str(error.get("message"))

    @property
    def job_name(self) -> str:
        """The name in the request's address."""
        return str(self.about.get("job_name") or "job-under-test")

    def lay_out(self, target: Path) -> Path:
        """Copy the case's local files to a fresh folder; gives back the YAML file, or the folder to work in."""
        if self.folder is None:
            for name, text in (self.about.get("local_files") or {}).items():
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="")
            return target
        shutil.copytree(self.folder / "src", target / "src", symlinks=True)
        for name, renamed in (self.about.get("rename_before_use") or {}).items():
            (target / name).rename(target / renamed)
        return target / str(self.about["yaml"])


def place() -> tuple[Path, bool]:
    """The corpus folder, and whether it was asked for by name."""
    given = os.environ.get(VARIABLE)
    return (Path(given) if given else DEFAULT), bool(given)


def find() -> list[Case]:
    """All cases of jobs and commands, in order."""
    root, _ = place()
    cases = []
    for folder in sorted((root / "jobs").glob("*/case.json")):
        about = json.loads(folder.read_text())
        expected = json.loads((folder.parent / "expected.json").read_text())
        cases.append(Case("jobs", folder.parent.name, about["job_type"], about, expected, folder.parent))
    for file in sorted((root / "command").glob("*.json")):
        about = json.loads(file.read_text())
        cases.append(Case("command", file.stem, "command", about, about))
    return cases
