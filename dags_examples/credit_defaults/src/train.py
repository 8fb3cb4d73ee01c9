"""Trains the classifier of Azure ML's pipeline tutorial: gradient boosting, metrics logged, model saved with MLflow."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

import mlflow
import mlflow.sklearn
import pandas as pd
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import accuracy_score, roc_auc_score

SEED = 7


def read(folder: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Read ``data.csv`` of a folder: what is known of the clients, and whether they defaulted (the last column)."""
    rows = pd.read_csv(folder / "data.csv")
    return rows.iloc[:, :-1], rows.iloc[:, -1]


def main() -> None:
    """Train, measure on the test rows, register the model and leave it in the output folder."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--train_data", type=Path, required=True)
    parser.add_argument("--test_data", type=Path, required=True)
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--n_estimators", type=int, default=100)
    parser.add_argument("--registered_model_name", help="register the model under this name; left out: do not register")
    parser.add_argument("--model", type=Path, required=True, help="folder for the trained model")
    arguments = parser.parse_args()

    train_x, train_y = read(arguments.train_data)
    test_x, test_y = read(arguments.test_data)
    with mlflow.start_run():
        mlflow.log_params({"learning_rate": arguments.learning_rate, "n_estimators": arguments.n_estimators})
        model = GradientBoostingClassifier(
            n_estimators=arguments.n_estimators, learning_rate=arguments.learning_rate, random_state=SEED
        )
        model.fit(train_x, train_y)
        auc = roc_auc_score(test_y, model.predict_proba(test_x)[:, 1])
        mlflow.log_metrics({"auc": auc, "accuracy": accuracy_score(test_y, model.predict(test_x))})
        # Said here, since MLflow would otherwise load the model once more to find the requirements out by itself;
        # and the format by name, since from 3.17 on MLflow's default no longer takes an ensemble of trees.
        saving = {
            "pip_requirements": [f"{name}=={version(name)}" for name in ("mlflow-skinny", "scikit-learn", "pandas")],
            "serialization_format": "cloudpickle",
        }
        # Saved and registered rather than logged: Azure ML does not answer log_model of MLflow 3.
        folder = (arguments.model / "credit_defaults_model").resolve()
        mlflow.sklearn.save_model(model, str(folder), **saving)
        if arguments.registered_model_name:
            mlflow.register_model(folder.as_uri(), arguments.registered_model_name)
    print(f"learning rate {arguments.learning_rate}: AUC {auc:.4f} on {len(test_x)} clients")


if __name__ == "__main__":
    main()
