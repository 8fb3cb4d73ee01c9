"""The scoring script of MLflow models that are deployed without one: each file is scored through ``mlflow.pyfunc``.

Runs in the job's interpreter, with its MLflow, numpy and pandas. Source of the file types, of the columns ``row``,
``prediction`` and ``file_name``, and of what ends the job: Microsoft's page on MLflow models in batch deployments; its
sample reads the result with ``pandas.read_csv`` and no separator named, so that the columns are separated by commas.
"""

from __future__ import annotations

import csv
import importlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TABLES = (".csv", ".parquet", ".pqt")
IMAGES = (".png", ".jpg", ".jpeg", ".tiff", ".bmp", ".gif")

model: Any = None


class InputFileError(Exception):
    """A file cannot be scored; the job ends, however many errors are allowed."""

    ends_the_job = True


def init() -> None:
    """Load the model: the folder with an ``MLmodel`` file at or below ``AZUREML_MODEL_DIR``."""
    global model
    found = sorted(Path(os.environ["AZUREML_MODEL_DIR"]).glob("*/MLmodel"))
    if not found:
        raise FileNotFoundError("The model's folder has no MLmodel file: it is not an MLflow model.")
    model = importlib.import_module("mlflow.pyfunc").load_model(str(found[0].parent))


def run(mini_batch: list[str]) -> list[str]:
    """Score each file; one line for each row of a table, or for each image."""
    rows: list[str] = []
    for name in mini_batch:
        rows += scored(Path(name))
    return rows


def scored(path: Path) -> list[str]:
    """The lines of one file.

    :raises InputFileError: its type is not supported, or it does not fit the model's signature.
    """
    kind = path.suffix.lower()
    if kind not in TABLES + IMAGES:
        text = f"File type '{kind.removeprefix('.')}' is not supported."
        raise InputFileError(f"ERROR:azureml:Error processing input file: '{path}'. {text}")
    try:
        if kind in IMAGES:
            return [line([plain(model.predict(image(path))), path.name])]
        predictions = model.predict(table(path, kind))
    except Exception as error:
        message = f"ERROR:azureml:Error processing input file: '{path}'. Exception: {error}"
        raise InputFileError(message) from error
    return [line([number, *values, path.name]) for number, values in enumerate(rows_of(predictions))]


def table(path: Path, kind: str) -> Any:
    """A table with its columns in the types of the model's signature, where there is one."""
    pandas = importlib.import_module("pandas")
    data = pandas.read_csv(path) if kind == ".csv" else pandas.read_parquet(path)
    schema = model.metadata.get_input_schema()
    if schema is not None and schema.has_input_names() and not schema.is_tensor_spec():
        types = dict(zip(schema.input_names(), schema.pandas_types(), strict=True))
        data = data.astype({name: kind for name, kind in types.items() if name in data.columns})
    return data


def image(path: Path) -> Any:
    """An image as an array, in the shape of the model's tensor where it has one (one image on an open first axis)."""
    numpy, images = importlib.import_module("numpy"), importlib.import_module("PIL.Image")
    with images.open(path) as picture:
        data = numpy.asarray(picture)
    schema = model.metadata.get_input_schema()
    if schema is None or not schema.is_tensor_spec():
        return data[numpy.newaxis, ...]
    spec = schema.inputs[0]
    return data.astype(spec.type).reshape(
        [1 if size == -1 and axis == 0 else size for axis, size in enumerate(spec.shape)]
    )


def rows_of(predictions: Any) -> Iterator[list[Any]]:
    """What a model predicted, row by row: the values of a frame or matrix, or the one value of a series or list."""
    if isinstance(predictions, dict):
        predictions = list(zip(*predictions.values(), strict=True))
    values = predictions.to_numpy() if hasattr(predictions, "to_numpy") else predictions
    for row in values:
        flat = row.tolist() if hasattr(row, "tolist") else row
        yield list(flat) if isinstance(flat, (list, tuple)) else [flat]


def plain(predictions: Any) -> Any:
    """The prediction of an image as it came, without numpy's wrapping."""
    values = predictions.to_numpy() if hasattr(predictions, "to_numpy") else predictions
    values = values.tolist() if hasattr(values, "tolist") else values
    return values[0] if isinstance(values, list) and len(values) == 1 else values


def line(values: list[Any]) -> str:
    """Values as one line of comma-separated text."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(values)
    return buffer.getvalue()
