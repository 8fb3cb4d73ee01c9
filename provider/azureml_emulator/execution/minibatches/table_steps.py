"""Transformations of tables: what reads their files, and what comes after it, with the pandas of the job's interpreter.

A part of the batch driver, which imports it from its own folder. Source: Microsoft's *CLI (v2) MLtable YAML schema*.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from azureml_emulator.execution.minibatches.batch_files import JobError
else:
    from batch_files import JobError  # run as a script: Python looks in the script's own folder first

ENCODINGS = {
    "utf8": "utf-8",
    "utf8bom": "utf-8-sig",
    "iso88591": "iso-8859-1",
    "latin1": "latin-1",
    "ascii": "ascii",
    "utf16": "utf-16",
    "utf32": "utf-32",
    "windows1252": "cp1252",
}
DELIMITED = (
    "delimiter",
    "header",
    "encoding",
    "empty_as_string",
    "infer_column_types",
    "include_path_column",
    "support_multi_line",
)
HEADERS = ("all_files_same_headers", "from_first_file", "all_files_different_headers", "no_header")
TYPES = {"int": "Int64", "float": "float64", "string": "string", "boolean": "boolean"}
"""The types of ``convert_column_types``, each with the one of pandas."""

PATH = "Path"
"""The column of a row's file, as ``include_path_column`` adds it; here the path below the table's folder."""

FILE = "\0file"
"""The same while the table is being read; no file can give a column this name."""


# transformations that read -----------------------------------------------------------------------


def read_delimited(pandas: Any, place: Path, files: Sequence[Path], options: Any) -> Any:
    """The rows of delimited files; empty values are missing ones unless ``empty_as_string``."""
    options = taken("read_delimited", options, DELIMITED)
    header = options.get("header", HEADERS[0])
    if header not in HEADERS:
        raise JobError(f"read_delimited.header: {header!r} is not one of: {', '.join(HEADERS)}.")
    settings = {
        "sep": options.get("delimiter", ","),
        "encoding": encoding(options),
        "keep_default_na": False,
        "na_values": [] if options.get("empty_as_string") else [""],
        "dtype": None if options.get("infer_column_types", True) else str,
    }
    first = pandas.read_csv(files[0], **settings, header=None if header == "no_header" else 0)
    names = list(first.columns)
    parts = [first]
    for file in files[1:]:
        own = header in ("all_files_same_headers", "all_files_different_headers")
        part = pandas.read_csv(file, **settings, header=0 if own else None)
        if header != "all_files_different_headers" and len(part.columns) == len(names):
            part.columns = names
        parts.append(part)
    if header == "no_header":
        for part in parts:
            part.columns = [f"Column{number}" for number in range(1, len(part.columns) + 1)]
    return joined(pandas, place, files, parts, options)


def read_json_lines(pandas: Any, place: Path, files: Sequence[Path], options: Any) -> Any:
    """The rows of files with a JSON object in each line."""
    options = taken("read_json_lines", options, ("encoding", "invalid_lines", "include_path_column"))
    parts = []
    for file in files:
        rows = []
        for number, line in enumerate(file.read_text(encoding=encoding(options)).splitlines(), 1):
            try:
                rows.append(dict(json.loads(line)))
            except (ValueError, TypeError):
                if options.get("invalid_lines", "error") != "drop":
                    raise JobError(f"{file.name}, line {number}: no JSON object.") from None
        parts.append(pandas.DataFrame(rows))
    return joined(pandas, place, files, parts, options)


def read_parquet(pandas: Any, place: Path, files: Sequence[Path], options: Any) -> Any:
    """The rows of Parquet files, for which pandas needs pyarrow."""
    options = taken("read_parquet", options, ("include_path_column",))
    return joined(pandas, place, files, [pandas.read_parquet(file) for file in files], options)


def joined(pandas: Any, place: Path, files: Sequence[Path], parts: Sequence[Any], options: dict[str, Any]) -> Any:
    """The rows of all files, each with its file."""
    named = [part.assign(**{FILE: file.relative_to(place).as_posix()}) for part, file in zip(parts, files, strict=True)]
    table = pandas.concat(named, ignore_index=True)
    if options.get("include_path_column"):
        table.insert(0, PATH, table[FILE])
    return table


def taken(word: str, options: Any, accepted: Sequence[str]) -> dict[str, Any]:
    """What is said of a transformation.

    :raises JobError: something that it does not take.
    """
    given: dict[str, Any] = dict(options) if isinstance(options, dict) else {}
    unknown = sorted(set(given) - set(accepted))
    if unknown:
        raise JobError(f"{word}.{unknown[0]} is not emulated. Accepted: {', '.join(accepted)}.")
    return given


def encoding(options: dict[str, Any]) -> str:
    """The encoding of the files, as Python calls it.

    :raises JobError: there is none of this name.
    """
    word = options.get("encoding", "utf8")
    if word not in ENCODINGS:
        raise JobError(f"encoding: {word!r} is not one of: {', '.join(ENCODINGS)}.")
    return ENCODINGS[word]


# other transformations ---------------------------------------------------------------------------


def drop_columns(pandas: Any, table: Any, value: Any) -> Any:
    """The table without some columns."""
    return table.drop(columns=columns(value))


def keep_columns(pandas: Any, table: Any, value: Any) -> Any:
    """Some columns of the table."""
    return table[[*columns(value), FILE]]


def take(pandas: Any, table: Any, value: Any) -> Any:
    """The first rows."""
    return table.head(int(value))


def skip(pandas: Any, table: Any, value: Any) -> Any:
    """All but the first rows."""
    return table.iloc[int(value) :]


def convert_column_types(pandas: Any, table: Any, value: Any) -> Any:
    """The table with some columns in other types."""
    for row in value:
        kind = row["column_type"]
        word, more = next(iter(kind.items())) if isinstance(kind, dict) else (kind, {})
        for column in columns(row["columns"]):
            if word == "datetime":
                formats = (more or {}).get("formats") or [None]
                table[column] = pandas.to_datetime(table[column], format=formats[0])
            elif word == "boolean" and more:
                true, false = (list(map(str, more.get(key) or [])) for key in ("true_values", "false_values"))
                pairs = {**dict.fromkeys(true, True), **dict.fromkeys(false, False)}
                table[column] = table[column].astype(str).map(pairs).astype("boolean")
            elif word in TYPES:
                table[column] = table[column].astype(TYPES[word])
            else:
                raise JobError(f"column_type: {word!r} is not one of: {', '.join((*TYPES, 'datetime'))}.")
    return table


def extract_columns_from_partition_format(pandas: Any, table: Any, value: Any) -> Any:
    """The table with columns of the parts of each row's path."""
    text = value.get("partition_format") if isinstance(value, dict) else str(value)
    if not text or re.search(r"\{[^{}]*:[^{}]*\}", text):
        raise JobError(
            f"partition_format: {text!r} is not emulated. Accepted: names in braces, as {{Store}}/{{Brand}}."
        )
    names = re.findall(r"\{([^{}]+)\}", text)
    pattern = "".join(
        f"(?P<c{names.index(part[1:-1])}>[^/]+?)" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^{}]+\})", text)
    )
    found = table[FILE].str.extract(f"(?:^|/){pattern}$")
    if found.isna().any().any():
        raise JobError(f"partition_format: {text!r} does not fit {table[FILE].iloc[0]!r}.")
    for number, name in enumerate(names):
        table[name] = found[f"c{number}"]
    return table


READERS: dict[str, Callable[..., Any]] = {
    "read_delimited": read_delimited,
    "read_json_lines": read_json_lines,
    "read_parquet": read_parquet,
}
STEPS: dict[str, Callable[..., Any]] = {
    "drop_columns": drop_columns,
    "keep_columns": keep_columns,
    "take": take,
    "skip": skip,
    "convert_column_types": convert_column_types,
    "extract_columns_from_partition_format": extract_columns_from_partition_format,
}


def columns(value: Any) -> list[str]:
    """One name of a column or several."""
    return [str(name) for name in value] if isinstance(value, (list, tuple)) else [str(value)]
