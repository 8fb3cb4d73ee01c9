"""Scores clients with the trained classifier: the script of a batch deployment, which calls ``init`` and ``run``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import mlflow.sklearn
import pandas as pd

classifier: Any = None


def init() -> None:
    """Load the model once for each process."""
    global classifier
    folder = next(Path(os.environ["AZUREML_MODEL_DIR"]).rglob("MLmodel")).parent
    classifier = mlflow.sklearn.load_model(str(folder))


def run(mini_batch: list[str]) -> pd.DataFrame:
    """Score some files of clients: one row for each client, with the chance that this client defaults."""
    scored = []
    for file in mini_batch:
        clients = pd.read_csv(file, index_col="ID")
        chance = classifier.predict_proba(clients)[:, 1]
        scored.append(pd.DataFrame({"client": clients.index, "chance": chance.round(6), "file": Path(file).name}))
    return pd.concat(scored)
