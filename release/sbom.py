"""What the wheel needs, as a bill of materials (CycloneDX): cyclonedx-py reads an environment with the wheel in it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from email.message import Message
from pathlib import Path
from typing import Any

from release import packages

LOCK = packages.ROOT / "requirements" / "airflow3.txt"
"""The versions that the tests run with."""


def write(wheel: Path, said: Message, folder: Path) -> Path:
    """Install the wheel with its extra ``emulator`` into an empty environment, and write down what came along.

    Two makings of it are the same, byte for byte: it has no time and no number of its own.

    :param said: the wheel's metadata.
    :return: the file.
    :raises packages.BuildError: with what uv or cyclonedx-py said.
    """
    name, version = said["Name"], said["Version"]
    with tempfile.TemporaryDirectory() as place:
        environment, project, raw = Path(place) / "venv", Path(place) / "pyproject.toml", Path(place) / "raw.json"
        _run("uv", "venv", "--quiet", "--python", sys.executable, environment)
        pip = ("uv", "pip", "install", "--quiet", "--python", environment / "bin" / "python")
        _run(*pip, "--constraints", LOCK, f"{wheel}[emulator]")
        # cyclonedx-py knows the root by such a file alone, and our own has no version in it: that is git's.
        lines = [f'name = "{name}"', f'version = "{version}"', f'license = "{said["License-Expression"]}"']
        # Strings of JSON are strings of TOML.
        lines.append(f"dependencies = {json.dumps(required(said))}")
        project.write_text("\n".join(["[project]", *lines, ""]), encoding="utf-8")
        making = ("--pyproject", project, "--mc-type", "library", "--output-reproducible")
        _run("cyclonedx-py", "environment", *making, "--output-file", raw, environment)
        bill = json.loads(raw.read_text(encoding="utf-8"))
    bill["metadata"]["component"] |= {
        "purl": f"pkg:pypi/{name}@{version}",
        "hashes": [{"alg": "SHA-256", "content": packages.digest(wheel)}],
    }
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file = folder / f"{name}-{version}.cdx.json"
    file.write_text(json.dumps(bill, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return file


def required(said: Message) -> list[str]:
    """What the wheel requires, that of its extra ``emulator`` included."""
    found = []
    for line in said.get_all("Requires-Dist") or []:
        requirement, _, when = line.partition(";")
        if not when or "'emulator'" in when:
            found.append(requirement.strip())
    return found


def read(file: Path) -> dict[str, Any]:
    """A bill of materials."""
    bill: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return bill


def pins(bill: dict[str, Any]) -> list[str]:
    """The components as pip names them, ``name==version``."""
    return sorted(f"{component['name']}=={component['version']}" for component in bill["components"])


def refused(bill: dict[str, Any]) -> str:
    """What is against it in the eyes of CycloneDX's own schema; empty where nothing is."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    found = JsonStrictValidator(SchemaVersion.from_version(bill["specVersion"])).validate_str(json.dumps(bill))
    return "" if found is None else str(found)


def _run(program: str, *words: str | Path) -> None:
    command = [str(Path(sys.executable).with_name(program)), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise packages.BuildError(f"{program}: {done.stdout}\n{done.stderr}")
