"""Run in an Airflow that is loaded: its own commands, one after the other, in one process.

Each line of the standard input is a command's words as a JSON list; a line of the standard output answers with a list:
its exit code, and what it printed, errors included.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import traceback

from airflow.__main__ import main

PRINTED = io.StringIO()
"""What the command has printed. One for all: loggers of Airflow 3.4 keep the output of the first, and write there."""


def run(words: list[str]) -> tuple[int, str]:
    """Run one command and give back its exit code and what it printed."""
    sys.argv = ["airflow", *words]
    PRINTED.seek(0)
    PRINTED.truncate()
    with contextlib.redirect_stdout(PRINTED), contextlib.redirect_stderr(PRINTED):
        try:
            main()  # type: ignore[no-untyped-call]
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
            if isinstance(end.code, str):
                print(end.code)
        except Exception:  # noqa: BLE001 - whatever it is, who asked is told
            traceback.print_exc()
            code = 1
        return code, PRINTED.getvalue()


answers = sys.stdout
for line in sys.stdin:
    print(json.dumps(run(json.loads(line))), file=answers, flush=True)
