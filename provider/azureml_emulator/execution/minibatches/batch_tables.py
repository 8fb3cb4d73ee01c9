"""Tables as mini-batches: an ``MLTable`` folder read with the pandas of the job's interpreter, cut by size or by keys.

A part of the batch driver, which imports it from its own folder. Source of the keys: Microsoft's *CLI (v2) MLtable
YAML schema*; of ``partition_keys`` and ``mini_batch_context``: Microsoft's example ``1a_oj_sales_prediction``. Only
paths in the table's own folder are read, and only transformations that pandas does in the same way.
"""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from azureml_emulator.execution.minibatches.batch_files import Batch, JobError
    from azureml_emulator.execution.minibatches.table_steps import FILE, READERS, STEPS
else:
    from batch_files import Batch, JobError
    from table_steps import FILE, READERS, STEPS  # run as a script: Python looks in the script's own folder first


def batches(place: Path, size: int, keys: Sequence[str]) -> Iterator[Batch]:
    """The rows of a table in mini-batches.

    :param size: how much of the files one holds, in bytes, at least a row.
    :param keys: the columns of whose values each combination is a mini-batch, whatever its size.
    :raises JobError: the table cannot be read here, has no rows, or lacks such a column.
    """
    table, bytes_read = read(place)
    if not len(table):
        raise JobError("The table has no rows.")
    absent = [key for key in keys if key not in table.columns]
    if absent:
        raise JobError(f"partition_keys: the table has no column {absent[0]!r}; its columns: {listed(table)}.")
    if keys:
        for number, (values, rows) in enumerate(table.groupby(list(keys), sort=True)):
            value = {key: plain(each) for key, each in zip(keys, values, strict=True)}
            yield Batch(number, rows.reset_index(drop=True), partition=value)
        return
    step = max(1, size * len(table) // max(1, bytes_read))
    for number, start in enumerate(range(0, len(table), step)):
        yield Batch(number, table.iloc[start : start + step].reset_index(drop=True))


def read(place: Path) -> tuple[Any, int]:
    """A table as a DataFrame, and the size of its files in bytes.

    :raises JobError: it cannot be read here.
    """
    try:
        pandas, yaml = import_module("pandas"), import_module("yaml")
    except ImportError as error:
        raise JobError(f"Tables are read with pandas and PyYAML, which this environment lacks: {error}.") from None
    try:
        content = yaml.safe_load((place / "MLTable").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise JobError(f"The input is no table: its file MLTable cannot be read: {error}") from None
    content = content if isinstance(content, dict) else {}
    files = table_files(place, content.get("paths") or [])
    steps = [step_of(row) for row in content.get("transformations") or []]
    if not steps or steps[0][0] not in READERS:
        raise JobError(f"The first transformation of the table must be one of: {', '.join(READERS)}.")
    (reader, options), *others = steps
    try:
        table = READERS[reader](pandas, place, files, options)
        for word, value in others:
            table = STEPS[word](pandas, table, value)
    except JobError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever pandas says of the files, the job's log tells it
        raise JobError(f"The table cannot be read: {type(error).__name__}: {error}") from None
    return table.drop(columns=FILE).reset_index(drop=True), sum(file.stat().st_size for file in files)


def step_of(row: Any) -> tuple[str, Any]:
    """A transformation: its word and what is said of it.

    :raises JobError: it is one that is not done here.
    """
    word, value = next(iter(row.items())) if isinstance(row, dict) and len(row) == 1 else (row, None)
    if word not in READERS and word not in STEPS:
        accepted = ", ".join((*READERS, *STEPS))
        raise JobError(f"The transformation {word!r} of the table is not emulated. Accepted: {accepted}.")
    return word, value


def table_files(place: Path, rows: Sequence[Any]) -> list[Path]:
    """The files of a table, in the order of its paths.

    :raises JobError: a path lies elsewhere, or has no files.
    """
    found: list[Path] = []
    for row in rows:
        kind, value = next(iter(row.items())) if isinstance(row, dict) and row else (None, row)
        if kind not in ("file", "folder", "pattern"):
            raise JobError(f"{row!r} is not a path of a table. Accepted: file, folder, pattern.")
        text = str(value)
        if "://" in text or Path(text).is_absolute() or ".." in Path(text).parts:
            raise JobError(f"The table's path {text} lies outside of its folder, which is not emulated.")
        if kind == "folder":
            files = [path for path in sorted((place / text).rglob("*")) if path.name != "MLTable"]
        else:
            pattern = glob.escape(text) if kind == "file" else text
            files = [place / name for name in sorted(glob.glob(pattern, root_dir=place, recursive=True))]
        files = [path for path in files if path.is_file()]
        if not files:
            raise JobError(f"The table's path {text} has no files.")
        found += files
    if not found:
        raise JobError("The table has no paths.")
    return found


def listed(table: Any) -> str:
    """The names of a table's columns."""
    return ", ".join(map(str, table.columns))


def plain(value: Any) -> Any:
    """A value as Python has it."""
    return value.item() if hasattr(value, "item") else value
