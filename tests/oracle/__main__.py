"""The long comparison: ``python -m tests.oracle [FAMILY ...] [--mutations COUNT]``; ``--help`` names the rest."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.oracle import mutations
from tests.oracle.families import FAMILIES, family
from tests.oracle.judge import PYTHON, Case, Judge
from tests.oracle.known import known


def asked(options: argparse.Namespace, folder: Path) -> Iterator[Case]:
    """The cases that a command line asks for, without those that say the same as one before."""
    seen: set[str] = set()
    for case in chosen(options, folder):
        text = case.text + repr(sorted(case.files.items()))
        if options.match in case.id and text not in seen:
            seen.add(text)
            yield case


def chosen(options: argparse.Namespace, folder: Path) -> Iterator[Case]:
    """All of the families, or a sample, and random changes."""
    names = options.family or ([] if options.mutations else FAMILIES)
    for name in names:
        found = family(name)
        yield from random.Random(options.seed).sample(found, min(options.sample or len(found), len(found)))
    yield from mutations.cases(folder, options.seed, options.mutations)


def main(words: list[str] | None = None) -> int:
    """Compare, print what is wrong as it is found and the sums at the end."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.oracle", description="Our translation beside Microsoft's client."
    )
    parser.add_argument("family", nargs="*", choices=[*FAMILIES, []], help="all when none is named")
    parser.add_argument(
        "--mutations", type=int, default=0, metavar="COUNT", help="random changes of the public job files"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sample", type=int, metavar="COUNT", help="as many of each family, chosen at random")
    parser.add_argument("--match", default="", metavar="TEXT", help="only cases with this in their name")
    parser.add_argument("--show", action="append", default=[], metavar="KIND", help="print verdicts of this kind, too")
    parser.add_argument("--width", type=int, default=500, help="characters of a verdict")
    parser.add_argument("--yaml", action="store_true", help="print the job files, too")
    parser.add_argument(
        "--answers",
        type=Path,
        metavar="FILE",
        help="keep there what Microsoft's client answers, and ask it only what is not there yet: a second run takes a "
        "tenth of the time",
    )
    options = parser.parse_args(words)
    counted: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory(prefix="oracle-") as folder,
        Judge(Path(folder), PYTHON, options.answers) as judge,
    ):
        for case in asked(options, Path(folder)):
            found = judge.judge(case)
            kind = found.kind if found.good or not known(found) else f"{found.kind}, for a reason"
            counted[kind] += 1
            if kind in {"refused there", "refused here", "differs", "crash", *options.show}:
                print(str(found)[: options.width], flush=True)
                if options.yaml:
                    print(case.text, flush=True)
    print(f"{sum(counted.values())} compared: {dict(counted)}")
    return 1 if set(counted) & {"refused there", "refused here", "differs", "crash"} else 0


if __name__ == "__main__":
    sys.exit(main())
