"""Microsoft's client at work on the samples, and what it and the stand-in said to each other."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from demo.warm_python import WarmPython
from tests.oracle.judge import Judge
from tests.samples.operations import Operation
from tests.samples.samples import Sample, written


def record(samples: Iterable[Sample], folder: Path, python: Path | WarmPython) -> Iterator[tuple[str, str]]:
    """Name and text of each sample's recording.

    :param folder: where the samples are laid out.
    :param python: the interpreter that has Microsoft's client, or one that has loaded it.
    :raises RuntimeError: Microsoft's client refuses a sample.
    """
    with Judge(folder, python) as judge:
        for sample in samples:
            shutil.rmtree(judge.folder)
            judge.folder.mkdir()
            file = sample.case.lay_out(judge.folder)
            answer = judge.ask({**sample.case.question(file), "exchanges": True})()
            if not answer.get("exchanges") or ("body" not in answer and not isinstance(sample.case, Operation)):
                raise RuntimeError(f"{sample.name}: {answer['error']}")
            yield sample.name, written(answer["client"], answer["exchanges"])
