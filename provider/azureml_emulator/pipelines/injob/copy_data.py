"""Copy data: ``copy_data.py --mode MODE TARGET SOURCE...`` brings files and folders to one place; the standard library
only."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path


def files(source: Path, target: Path) -> Iterator[tuple[Path, Path]]:
    """The files of a source, each with its place at the target."""
    if source.is_file():
        yield source, target / source.name if target.is_dir() else target
        return
    for path in sorted(source.rglob("*")):
        if path.is_file():
            yield path, target / path.relative_to(source)


def main() -> int:
    """Copy; answer the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=("merge_with_overwrite", "fail_if_conflict"), default="fail_if_conflict")
    parser.add_argument("target", type=Path)
    parser.add_argument("sources", type=Path, nargs="+")
    given = parser.parse_args()
    written: set[Path] = set()
    for source in given.sources:
        for path, place in files(source, given.target):
            if given.mode == "fail_if_conflict" and place.exists():
                print(f"Error: {place.name} exists already at the output; data_copy_mode is fail_if_conflict.")
                return 1
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            written.add(place)
    print(f"{len(written)} files were copied.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
