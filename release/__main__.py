"""Builds the packages twice and looks at them: `python -m release [--tag v1.2.3]`. They stay in dist/.

What they need is written beside them as a bill of materials, build/sbom/.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any

from release import packages, sbom

NAME = re.compile(r"[-_.]+")
"""What the parts of a package's name may be joined by."""
FINAL = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")
"""Versions that go to an index."""


@dataclass(frozen=True)
class Built:
    """Two builds of the packages, what the wheel says of itself, and the bill of materials."""

    sdist: Path
    wheel: Path
    again: tuple[Path, Path]
    said: Message
    bill: dict[str, Any]
    tag: str | None


def reproducible(built: Built) -> Iterator[str]:
    """Two builds are the same, byte for byte."""
    for one, other in zip((built.sdist, built.wheel), built.again, strict=True):
        if packages.digest(one) != packages.digest(other):
            yield f"{one.name} of a second build is another file"


def versioned(built: Built) -> Iterator[str]:
    """The version is that of the tag, where there is one, and the changelog has it."""
    version = built.said["Version"]
    if built.tag is None:
        return
    if built.tag != f"v{version}" or not FINAL.fullmatch(version):
        yield f"the tag {built.tag} is not v{version}, or no version for an index: is the tree clean, the tag on HEAD?"
    if f"## {version}" not in (packages.ROOT / "CHANGELOG.md").read_text(encoding="utf-8"):
        yield f"CHANGELOG.md has no heading for {version}"


def described(built: Built) -> Iterator[str]:
    """The metadata are complete, and twine has nothing against them."""
    wanted = (
        "Name",
        "Summary",
        "License-Expression",
        "License-File",
        "Requires-Python",
        "Keywords",
        "Description-Content-Type",
    )
    yield from (f"the metadata have no {name}" for name in wanted if not built.said[name])
    labels = {(url.partition(",")[0]) for url in built.said.get_all("Project-URL") or []}
    if not labels:
        yield "the metadata have no Project-URL"
    if complaint := packages.twine(built.sdist, built.wheel):
        yield f"twine: {complaint}"


def licensed(built: Built) -> Iterator[str]:
    """The licence is there, in both packages, and is the one that is named."""
    if built.said["License-Expression"] != "Apache-2.0":
        yield f"License-Expression is {built.said['License-Expression']}"
    if "Apache License" not in (packages.ROOT / "LICENSE").read_text(encoding="utf-8")[:300]:
        yield "LICENSE is not the Apache License"
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in packages.names_in_wheel(built.wheel)):
        yield "the wheel has no LICENSE"
    if "LICENSE" not in packages.names_in_sdist(built.sdist):
        yield "the sdist has no LICENSE"


def filled(built: Built) -> Iterator[str]:
    """The packages hold what belongs in them, and nothing else."""
    wheel, sdist = packages.names_in_wheel(built.wheel), packages.names_in_sdist(built.sdist)
    tops = {name.split("/")[0] for name in wheel if ".dist-info/" not in name}
    if tops != packages.PACKAGES:
        yield f"the wheel holds {', '.join(sorted(tops))}; expected {', '.join(sorted(packages.PACKAGES))}"
    if missing := packages.SDIST - {name.split("/")[0] for name in sdist}:
        yield f"the sdist lacks {', '.join(sorted(missing))}"
    if more := {name.split("/")[0] for name in sdist if name} - packages.SDIST - {".gitignore"}:
        yield f"the sdist holds {', '.join(sorted(more))} besides"
    yield from (f"{name} belongs in no package" for name in packages.strangers([*wheel, *sdist]))
    sources = {
        path.relative_to(packages.ROOT / "provider").as_posix() for path in (packages.ROOT / "provider").rglob("*.py")
    }
    yield from (f"the wheel lacks {name}" for name in sorted(sources - set(wheel)))
    for name in ("airflow_azureml/py.typed", "azureml_emulator/py.typed", "airflow_provider_azureml/docs/index.md"):
        if name not in wheel:
            yield f"the wheel lacks {name}"


def listed(built: Built) -> Iterator[str]:
    """The bill of materials is of this wheel, names what it requires, and is as CycloneDX wants it."""
    ours = built.bill["metadata"]["component"]
    if [one["content"] for one in ours["hashes"]] != [packages.digest(built.wheel)]:
        yield "the bill of materials is of another wheel"
    if ours["version"] != built.said["Version"]:
        yield f"the bill of materials is of version {ours['version']}"
    named = {NAME.sub("-", component["name"]).lower() for component in built.bill["components"]}
    for requirement in sbom.required(built.said):
        name = re.split(r"[^\w.-]", requirement)[0]
        if NAME.sub("-", name).lower() not in named:
            yield f"the bill of materials lacks {name}"
    if complaint := sbom.refused(built.bill):
        yield f"CycloneDX: {complaint}"


CHECKS: dict[str, Callable[[Built], Iterator[str]]] = {
    "two builds, byte for byte": reproducible,
    "version": versioned,
    "metadata": described,
    "licence": licensed,
    "contents": filled,
    "bill of materials": listed,
}


def main() -> int:
    """Build, look, tell; returns 0 only when nothing was wrong."""
    parser = argparse.ArgumentParser("release", description="Build the packages and look at them before a release.")
    parser.add_argument("--tag", help="the tag that is to be released, such as v1.2.3")
    parser.add_argument("--output", type=Path, default=packages.ROOT / "dist", help="where the packages go")
    parser.add_argument("--sbom", type=Path, default=packages.ROOT / "build" / "sbom", help="where the bill goes")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            sdist, wheel = packages.build(arguments.output)
            # A file's time has seconds, that of a zip two of them.
            time.sleep(2.1)
            again = packages.build(Path(folder) / "again")
            said = packages.metadata(wheel)
            bill = sbom.write(wheel, said, arguments.sbom)
        except packages.BuildError as error:
            print(f"release: {error}", file=sys.stderr)
            return 1
        built = Built(sdist, wheel, again, said, sbom.read(bill), arguments.tag)
        found = {name: list(check(built)) for name, check in CHECKS.items()}
    for name, faults in found.items():
        print(f"{'✗' if faults else '✓'} {name}")
        for fault in faults:
            print(f"    {fault}")
    for file in (sdist, wheel, bill):
        print(f"{packages.digest(file)}  {file.name}  {file.stat().st_size:,} bytes")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
