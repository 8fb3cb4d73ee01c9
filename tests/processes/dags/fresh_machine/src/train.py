"""Fit made-up rows with pandas and scikit-learn, and log and save the model with MLflow."""

from __future__ import annotations

import argparse

import mlflow
import mlflow.sklearn
import pandas as pd
from sklearn.linear_model import LinearRegression

parser = argparse.ArgumentParser()
parser.add_argument("--rows", type=int, required=True)
parser.add_argument("--model", required=True)
args = parser.parse_args()

rows = pd.DataFrame({"x": range(args.rows)}).assign(y=lambda frame: 3 * frame["x"] - 1)
model = LinearRegression().fit(rows[["x"]], rows["y"])
mlflow.log_param("rows", len(rows))
mlflow.log_metric("slope", float(model.coef_[0]))
mlflow.sklearn.save_model(model, args.model, serialization_format="cloudpickle")
