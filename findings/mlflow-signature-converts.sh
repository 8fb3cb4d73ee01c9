#!/usr/bin/env bash
# MLflow 3.17.2's server makes every value fit the model's signature, where the same model that is called in Python refuses it.
#
# Served, the text "false" is True, 1.5 is 1, a null in a boolean column is False, and a date lies in January 1970 that
# pandas' to_json has written by its defaults: in milliseconds, which are read as nanoseconds. A time in UTC is refused
# in dataframe_records and taken in instances. A parameter whose name the signature lacks counts for nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check mlflow==3.17.2 pandas==3.1.1 httpx==0.28.1

cat > "$folder/expected.txt" <<'TEXT'
boolean true: served True, called True
boolean "false": served True, called refused
boolean 1: served True, called refused
boolean null: served False, called None
long 7: served 7, called 7
long 1.5: served 1, called refused
long "7": served 7, called refused
long true: served 1, called refused
datetime "2024-01-01T10:00:00": served 2024-01-01 10:00:00, called refused
datetime "2024-01-01T10:00:00Z": served 400, called refused
datetime 1704103200000: served 1970-01-01 00:28:24.103200, called refused
the same as instances: 2024-01-01 10:00:00
to_json writes [[1704103200000]]: served 1970-01-01 00:28:24.103200
params {'top_k': 7}: 1, {'top_k': 7}
params {'topk': 7}: 1, {'top_k': 5}
TEXT
(cd "$folder" && HOME="$folder" venv/bin/python -W ignore - > seen.txt 2> log) <<'PYTHON'
import json
import logging

logging.disable(logging.CRITICAL)
import mlflow
import pandas as pd
from fastapi.testclient import TestClient
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.pyfunc import scoring_server
from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema


class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [f"{model_input['value'].iloc[0]!s}" + (f", {params}" if params else "")]


def load(kind, params=None):
    signature = ModelSignature(Schema([ColSpec(kind, "value")]), Schema([ColSpec("string")]), params)
    mlflow.pyfunc.save_model(path := f"{kind}-{bool(params)}", python_model=Echo(), signature=signature)
    model = mlflow.pyfunc.load_model(path)
    return model, TestClient(scoring_server.init(model))


def asked(client, body):
    reply = client.post("/invocations", json=body)
    return reply.json()["predictions"][0] if reply.status_code == 200 else reply.status_code


def called(value):
    try:
        return model.predict(pd.DataFrame([{"value": value}]))[0]
    except MlflowException:
        return "refused"


for kind, values in {
    "boolean": [True, "false", 1, None],
    "long": [7, 1.5, "7", True],
    "datetime": ["2024-01-01T10:00:00", "2024-01-01T10:00:00Z", 1704103200000],
}.items():
    model, client = load(kind)
    for value in values:
        rows = [{"value": value}]
        print(f"{kind} {json.dumps(value)}: served {asked(client, {'dataframe_records': rows})}, called {called(value)}")
print("the same as instances:", asked(client, {"instances": [{"value": "2024-01-01T10:00:00Z"}]}))
day = pd.DataFrame({"value": [pd.Timestamp("2024-01-01 10:00:00")]})
text = day.to_json(orient="split")
print(f"to_json writes {json.loads(text)['data']}: served {asked(client, {'dataframe_split': json.loads(text)})}")
model, client = load("long", ParamSchema([ParamSpec("top_k", "long", 5)]))
for params in ({"top_k": 7}, {"topk": 7}):
    print(f"params {params}: {asked(client, {'dataframe_records': [{'value': 1}], 'params': params})}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: MLflow 3.17.2 converts for a server what it refuses in Python."
