"""Has Microsoft's client record every sample anew: ``python -m tests.samples``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.oracle.judge import PYTHON
from tests.samples.recording import record
from tests.samples.samples import RECORDED, samples


def main() -> None:
    """Write all recordings."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in record(samples(), Path(folder), PYTHON):
            (Path(__file__).parent / name / RECORDED).write_text(text, encoding="utf-8")
            print(f"tests/samples/{name}/{RECORDED}")


if __name__ == "__main__":
    main()
