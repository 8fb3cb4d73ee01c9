"""Requirements: which packages a job's environment asks for that its interpreter does not have."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

PROBE = """
import csv, importlib.metadata as m, json, sys
def tops(d):
    named = (d.read_text("top_level.txt") or "").split()
    record = d.read_text("RECORD")
    files = (
        [f.parts for f in d.files or []] if record is None
        else [row[0].split("/") for row in csv.reader(record.splitlines()) if row]
    )
    files = [f for f in files if f[-1].endswith((".py", ".so", ".pyd")) and ".." not in f]
    return set(named) | {f[0] if len(f) > 1 else f[0].split(".")[0] for f in files}
packages, requires, modules, seen = {}, {}, {}, {}
for d in m.distributions():
    said = d.metadata
    name = said["Name"]
    if name:
        seen[name] = d
        packages[name] = said["Version"]
        requires[name] = said.get_all("Requires-Dist") or list(d.requires or [])
for name, d in seen.items():
    for top in tops(d):
        modules.setdefault(top, []).append(name)
print(json.dumps({"python": sys.version.split()[0], "packages": packages, "requires": requires, "modules": modules}))
"""
"""What an interpreter has, asked of itself. Each package's metadata and list of files are read once, as texts: of the
hundreds of packages, ``files``, ``version`` and ``requires`` would read and parse them anew.
"""


@dataclass(frozen=True)
class Contents:
    """An interpreter's version and packages.

    :param packages: versions by name.
    :param requires: what each package requires, in pip's grammar.
    :param modules: the packages that have a module of the top level.
    """

    python: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)
    requires: Mapping[str, list[str]] = field(default_factory=dict)
    modules: Mapping[str, list[str]] = field(default_factory=dict)


SMALLER = {canonicalize_name("mlflow"): canonicalize_name("mlflow-skinny")}
"""Packages that jobs can use in place of the required one."""


def asked_for(conda: Mapping[str, Any]) -> Iterator[str]:
    """The requirements of a conda file, those of its ``pip`` list included."""
    for row in conda.get("dependencies") or []:
        if isinstance(row, str):
            yield row.rpartition("::")[2].strip()
        elif isinstance(row, Mapping):
            yield from (str(line).strip() for line in row.get("pip") or [])


def as_requirement(text: str) -> Requirement | None:
    """A requirement in pip's grammar; conda's single ``=`` is read as *this version or one below it*."""
    text = re.split(r"\s+#", text)[0].strip()
    found = re.fullmatch(r"([A-Za-z0-9_.\-]+)\s*=\s*([\w.*]+)(?:\s*=.*)?", text)
    if found:
        text = f"{found[1]}=={found[2].rstrip('*').rstrip('.')}.*"
    try:
        return Requirement(text)
    except InvalidRequirement:
        return None


def unsatisfied(conda: Mapping[str, Any], python: str, packages: Mapping[str, str]) -> list[str]:
    """One line for each requirement that the interpreter does not meet; lines such as ``-r file`` are passed over."""
    present = {canonicalize_name(name): version for name, version in packages.items()}
    present[canonicalize_name("python")] = python
    lines = []
    for text in asked_for(conda):
        wanted = as_requirement(text)
        if wanted is None or (wanted.name == "pip" and not wanted.specifier):
            continue
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        name = canonicalize_name(wanted.name)
        version = present.get(name) or present.get(SMALLER.get(name, name))
        if version is None:
            lines.append(f"{text}: not installed")
        elif not wanted.specifier.contains(version, prereleases=True):
            lines.append(f"{text}: the interpreter has {version}")
    return lines


class Interpreters:
    """What each interpreter has installed, asked once in a process for each state of its site packages."""

    _known: ClassVar[dict[tuple[str, float], Contents]] = {}

    def __init__(self) -> None:
        self._asking = asyncio.Lock()

    async def contents(self, python: Path) -> Contents:
        """Version and packages of an interpreter; empty when it does not answer."""
        key = (str(python), site_changed(python))
        if key not in self._known:
            async with self._asking:  # else each of the jobs that begin together would ask, thousands after a start
                if key not in self._known:
                    self._known[key] = await probe(python)
        return self._known[key]


def site_changed(python: Path) -> float:
    """When packages were last added to or removed from an interpreter's environment."""
    folders = (python.parent.parent / "lib").glob("python3*/site-packages")
    return max((folder.stat().st_mtime for folder in folders), default=0.0)


async def probe(python: Path) -> Contents:
    """Ask an interpreter for its version and packages."""
    try:
        process = await asyncio.create_subprocess_exec(
            str(python), "-I", "-c", PROBE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        output, _ = await process.communicate()
        found = json.loads(output)
    except (OSError, ValueError):
        return Contents()
    return Contents(**found)
