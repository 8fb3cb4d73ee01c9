"""The batch worker: a process that holds a scoring script and runs it over the mini-batches that the driver sends.

A script of the standard library only: ``batch_worker.py SOCKET SCRIPT ARGUMENT...``; the arguments are the driver's
own, which scoring scripts may read too. What it answers: ``("ready",)`` after ``init``, then for each mini-batch
``("rows", lines, elements)`` or ``("failed", trace)``; ``("fatal", trace)`` when the job cannot go on.
"""

from __future__ import annotations

import importlib.util
import inspect
import logging
import os
import sys
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def work(pipe: Connection, script: str) -> None:
    """Load the script, call ``init``, then ``run`` for each mini-batch, until the driver sends none."""
    try:
        module = load(script)
        module.init()
    except BaseException:  # noqa: BLE001 - whatever a script raises, the driver is sent it
        pipe.send(("fatal", traceback.format_exc()))
        return
    pipe.send(("ready",))
    while (given := receive(pipe)) is not None:
        answer = outcome(module, *given)
        sys.stdout.flush()
        sys.stderr.flush()
        pipe.send(answer)


def receive(pipe: Connection) -> tuple[Any, dict[str, Any]] | None:
    """The next mini-batch and what is said of it, or None when the driver is gone or wants no more."""
    try:
        given: tuple[Any, dict[str, Any]] | None = pipe.recv()
        return given
    except EOFError:
        return None


def outcome(module: Any, batch: Any, about: dict[str, Any]) -> tuple[Any, ...]:
    """The answer for one call of ``run``: its result, or its traceback.

    A ``run`` with a second parameter is told about the mini-batch, too. Source: Microsoft's example
    ``1a_oj_sales_prediction`` (``mini_batch_context``); ``minibatch_index`` is unproven.
    """
    context = [SimpleNamespace(**about)] if takes_context(module.run) else []
    try:
        return ("rows", *lines(module.run(batch, *context)))
    except Exception as error:  # noqa: BLE001 - whatever a script raises, the driver is sent it
        return ("fatal" if getattr(error, "ends_the_job", False) else "failed", traceback.format_exc())
    except SystemExit:
        return ("failed", traceback.format_exc())


def takes_context(run: Any) -> bool:
    """Whether a function must be given two values."""
    try:
        parameters = inspect.signature(run).parameters.values()
    except (TypeError, ValueError):
        return False
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(row.kind in by_position for row in parameters) > 1


def load(script: str) -> Any:
    """The scoring script as a module.

    :raises ImportError: it has no ``init`` or no ``run``.
    """
    spec = importlib.util.spec_from_file_location(Path(script).stem, script)
    if spec is None or spec.loader is None:
        raise ImportError(f"The scoring script {script} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    absent = [name for name in ("init", "run") if not callable(getattr(module, name, None))]
    if absent:
        raise ImportError(f"The scoring script {script} has no function {' and no function '.join(absent)}.")
    return module


def lines(result: Any) -> tuple[list[str], int]:
    """A result as lines of text, and how many elements it has.

    Rows of a DataFrame are separated by spaces, without header and index; elements of a list or array are ``str(x)``.
    Source: Microsoft's samples read such files with ``sep=" ", header=None``.

    :raises TypeError: it is neither.
    """
    if hasattr(result, "to_csv") and hasattr(result, "columns"):
        text = result.to_csv(sep=" ", header=False, index=False, lineterminator="\n")
        return ([text.removesuffix("\n")] if len(result) else []), len(result)
    if isinstance(result, (list, tuple)) or (hasattr(result, "__array__") and getattr(result, "ndim", None)):
        rows = [str(row) for row in result]
        return rows, len(rows)
    raise TypeError(f"run() must return a list, an array or a pandas DataFrame; it returned {type(result).__name__}.")


def main() -> None:
    """Set the stage that a scoring script expects, then work."""
    number, script, rest = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    sys.argv = [script, *rest]
    sys.path[0] = str(Path(script).parent)
    if os.getcwd() not in sys.path:
        sys.path.insert(1, os.getcwd())
    levels = [text.partition("=")[2] for text in rest if text.startswith("--logging_level=")]
    logging.basicConfig(level=(levels or ["INFO"])[0].upper(), format="%(asctime)s|%(levelname)s|%(name)s|%(message)s")
    work(Connection(number), script)


if __name__ == "__main__":
    main()
