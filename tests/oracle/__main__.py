"""The long comparison: ``python -m tests.oracle [FAMILY ...] [--mutations COUNT]``; ``--help`` names the rest."""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.oracle import mutations
from tests.oracle.families import FAMILIES, family
from tests.oracle.judge import PYTHON, Case, Judge
from tests.oracle.known import known

WRONG = frozenset(("refused there", "refused here", "differs", "crash"))
"""Kinds of verdicts that are found to be wrong; the same for a reason have that in their kind."""


def asked(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Case]]:
    """The cases that a command line asks for, without those that say the same as one before, and their families.

    Those of several families come in a random order: a run that ends early has seen something of each.
    """
    seen: set[str] = set()
    for name, case in chosen(options, folder):
        text = case.text + repr((getattr(case, "kind", ""), sorted(case.files.items())))
        if options.match in case.id and text not in seen:
            seen.add(text)
            yield name, case


def chosen(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Case]]:
    """All of the families, or a sample, and random changes."""
    names = options.family or ([] if options.mutations else FAMILIES)
    chance, found = random.Random(options.seed), []
    for name in names:
        cases = family(name)
        found += [(name, case) for case in chance.sample(cases, min(options.sample or len(cases), len(cases)))]
    chance.shuffle(found)
    yield from found
    yield from (("mutations", case) for case in mutations.cases(folder, options.seed, options.mutations))


def main(words: list[str] | None = None) -> int:
    """Compare, print what is wrong as it is found and the sums at the end, or when Ctrl-C or SIGTERM ends it early."""
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
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    counted: dict[str, Counter[str]] = {}
    with (
        contextlib.suppress(KeyboardInterrupt),
        tempfile.TemporaryDirectory(prefix="oracle-") as folder,
        Judge(Path(folder), PYTHON, options.answers) as judge,
    ):
        for name, case in asked(options, Path(folder)):
            found = judge.judge(case)
            kind = found.kind if found.good or not known(found) else f"{found.kind}, for a reason"
            counted.setdefault(name, Counter())[kind] += 1
            if kind in WRONG.union(options.show):
                print(str(found)[: options.width], flush=True)
                if options.yaml:
                    print(case.text, flush=True)
    for name, kinds in sorted(counted.items()):
        print(f"{name}: {kinds.total()} compared: {dict(kinds)}")
    total = sum(counted.values(), Counter[str]())
    print(f"{total.total()} compared: {dict(total)}")
    return 1 if set(total) & WRONG else 0


if __name__ == "__main__":
    sys.exit(main())
