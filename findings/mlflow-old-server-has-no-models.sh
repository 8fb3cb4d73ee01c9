#!/usr/bin/env bash
# MLflow 3.17.2's client finds no registered model on a server of MLflow 2.20.4, whatever the filter; the server's own client does.
#
# To leave prompts out, the newer client adds `tag.mlflow.prompt.is_prompt != 'true'` to every search. Servers that know
# prompts read that as "not a prompt"; to older ones it means "has this tag, with another value", which no model has.
# The answer is an empty list, without an error or a warning. Reading a model by its name works, so a program that asks
# "is it registered yet?" by a search and one that reads it come to different ends.
set -euo pipefail
folder=$(mktemp -d)
stop() {
    [ ! -f "$folder/pid" ] || kill "$(cat "$folder/pid")" 2> /dev/null || true
    rm -rf "$folder"
}
trap stop EXIT
install() {
    "${PYTHON:-python3}" -m venv "$folder/$1"
    "$folder/$1/bin/python" -m pip install --quiet --disable-pip-version-check "${@:2}"
}
install old mlflow==2.20.4 'sqlalchemy<2.1' 'setuptools<80'
install new mlflow-skinny==3.17.2

port=$("$folder/old/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
(cd "$folder" && PATH="$folder/old/bin:$PATH" exec "$folder/old/bin/mlflow" server --backend-store-uri "sqlite:///$folder/mlflow.db" \
    --port "$port" --workers 1) > "$folder/log" 2>&1 &
echo $! > "$folder/pid"
for _ in $(seq 120); do
    "$folder/old/bin/python" -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/health')" 2> /dev/null && break
    sleep 1
done

cat > "$folder/ask.py" <<'PYTHON'
import logging
import sys

logging.disable(logging.CRITICAL)
import mlflow
from mlflow import MlflowClient

client = MlflowClient(sys.argv[1], sys.argv[1])
if sys.argv[2:] == ["create"]:
    client.create_registered_model("churn", tags={"team": "risk"})
for text in ("", "name = 'churn'", "tags.team = 'risk'"):
    print(f"{mlflow.__version__} search {text!r}: {[model.name for model in client.search_registered_models(text)]}")
print(f"{mlflow.__version__} get: {client.get_registered_model('churn').name}")
PYTHON
ask() {
    (cd "$folder" && "$1/bin/python" -W ignore ask.py "http://127.0.0.1:$port" "${@:2}" >> seen.txt)
}
ask old create
ask new
cat > "$folder/expected.txt" <<'TEXT'
2.20.4 search '': ['churn']
2.20.4 search "name = 'churn'": ['churn']
2.20.4 search "tags.team = 'risk'": ['churn']
2.20.4 get: churn
3.17.2 search '': []
3.17.2 search "name = 'churn'": []
3.17.2 search "tags.team = 'risk'": []
3.17.2 get: churn
TEXT
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: MLflow 3.17.2 finds no models on a server of 2.20.4."
