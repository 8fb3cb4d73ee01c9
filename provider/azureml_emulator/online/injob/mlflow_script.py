"""The scoring script of MLflow models that are deployed online without one.

Runs in the deployment's interpreter, with its MLflow and pandas. Source of the key ``input_data``, of the error without
it and of the use of MLflow's own conversions: the scoring scripts of Microsoft's samples for MLflow models
(https://learn.microsoft.com/azure/machine-learning/how-to-deploy-mlflow-models-online-endpoints). What the service's
own script answers is the list of predictions (the same page); ``params`` beside ``input_data`` are handed on.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

MISSING = "Request must contain a top level key named 'input_data'"

model: Any = None


def init() -> None:
    """Load the model: the folder with an ``MLmodel`` file at or below ``AZUREML_MODEL_DIR``."""
    global model
    root = Path(os.environ["AZUREML_MODEL_DIR"])
    found = sorted([*root.glob("MLmodel"), *root.glob("*/MLmodel")])
    if not found:
        raise FileNotFoundError("The model's folder has no MLmodel file: it is not an MLflow model.")
    model = importlib.import_module("mlflow.pyfunc").load_model(str(found[0].parent))


def run(raw_data: str) -> Any:
    """Predict for ``{"input_data": …}``: columns and rows, a list of records, or what a tensor's model takes."""
    request = json.loads(raw_data)
    if "input_data" not in request:
        raise ValueError(MISSING)
    given = {"params": request["params"]} if request.get("params") else {}
    predictions = model.predict(table(request["input_data"]), **given)
    return as_json(predictions)


def table(data: Any) -> Any:
    """The input as a model takes it: in the types of its signature, where there is one."""
    pandas = importlib.import_module("pandas")
    schema = model.metadata.get_input_schema()
    if isinstance(data, dict) and set(data) <= {"columns", "index", "data"} and "data" in data:
        frame = pandas.DataFrame(data["data"], columns=data.get("columns"), index=data.get("index"))
    elif schema is not None and schema.is_tensor_spec():
        return importlib.import_module("numpy").array(data, dtype=schema.inputs[0].type)
    elif isinstance(data, dict):
        frame = pandas.DataFrame({key: value if isinstance(value, list) else [value] for key, value in data.items()})
    else:
        frame = pandas.DataFrame(data)
    if schema is None or schema.is_tensor_spec():
        return frame
    if schema.has_input_names():
        named = dict(zip(schema.input_names(), schema.pandas_types(), strict=True))
        if frame.columns.tolist() == list(range(len(named))):
            frame.columns = list(named)
        return frame.astype({name: kind for name, kind in named.items() if name in frame.columns})
    return frame


def as_json(predictions: Any) -> Any:
    """Predictions as JSON values: a frame as records, the rest as lists."""
    pandas = importlib.import_module("pandas")
    if isinstance(predictions, pandas.DataFrame):
        return json.loads(predictions.to_json(orient="records"))
    if isinstance(predictions, pandas.Series):
        return json.loads(predictions.to_json(orient="values"))
    if hasattr(predictions, "tolist"):
        return predictions.tolist()
    return json.loads(json.dumps(predictions, default=lambda value: value.tolist()))
