"""Splits the clients into rows to train on and rows to test with, the first step of Azure ML's pipeline tutorial."""

from __future__ import annotations

import argparse
from pathlib import Path

import mlflow
import pandas as pd

SEED = 7


def main() -> None:
    """Read the file, split it, write ``data.csv`` to both output folders, and log what was seen."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True, help="the clients, as a CSV file with two header lines")
    parser.add_argument("--test_train_ratio", type=float, default=0.25, help="share of the rows to test with")
    parser.add_argument("--train_data", type=Path, required=True, help="folder for the rows to train on")
    parser.add_argument("--test_data", type=Path, required=True, help="folder for the rows to test with")
    arguments = parser.parse_args()

    clients = pd.read_csv(arguments.data, header=1, index_col=0)
    test = clients.sample(frac=arguments.test_train_ratio, random_state=SEED)
    train = clients.drop(test.index)

    with mlflow.start_run():
        mlflow.log_metrics({"num_samples": len(clients), "num_features": clients.shape[1] - 1, "num_train": len(train)})
    for rows, folder in ((train, arguments.train_data), (test, arguments.test_data)):
        folder.mkdir(parents=True, exist_ok=True)
        rows.to_csv(folder / "data.csv", index=False)
    print(f"{len(clients)} clients: {len(train)} to train on, {len(test)} to test with")


if __name__ == "__main__":
    main()
