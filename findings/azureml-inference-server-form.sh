#!/usr/bin/env bash
# azureml-inference-server-http 1.5.1 hands an empty text to the scoring script if the request says that it carries a form.
#
# `curl -d '{…}'` says so unless a header says otherwise, as do HTTP clients that were given bytes as a form. The script
# then fails to read JSON, and the caller sees 500 with a fixed message; of any other content type, or of none, the text
# arrives. A GET hands over the address's parameters as JSON text, each as what JSON would read in it: a version 1.10
# becomes the number 1.1, a code 1e3 a thousand, but 007 stays; one that is there twice becomes a list.
set -euo pipefail
folder=$(mktemp -d)
stop() {
    [ ! -f "$folder/pid" ] || kill "$(cat "$folder/pid")" 2> /dev/null || true
    rm -rf "$folder"
}
trap stop EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azureml-inference-server-http==1.5.1

cat > "$folder/score.py" <<'PYTHON'
def init():
    pass


def run(data):
    return {"seen": data}
PYTHON
cat > "$folder/expected.txt" <<'TEXT'
application/json: 200 {"seen": "{\"rows\": [1, 2]}"}
text/csv: 200 {"seen": "{\"rows\": [1, 2]}"}
no content type: 200 {"seen": "{\"rows\": [1, 2]}"}
application/x-www-form-urlencoded: 200 {"seen": ""}
?version=1.10: 200 {"seen": "{\"version\": 1.1}"}
?code=1e3: 200 {"seen": "{\"code\": 1000.0}"}
?code=007: 200 {"seen": "{\"code\": \"007\"}"}
?a=1&a=true: 200 {"seen": "{\"a\": [1, true]}"}
TEXT
port=$("$folder/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
(cd "$folder" && PATH="$folder/venv/bin:$PATH" exec venv/bin/azmlinfsrv --entry_script score.py --port "$port") > "$folder/log" 2>&1 &
echo $! > "$folder/pid"
"$folder/venv/bin/python" - "$port" > "$folder/seen.txt" <<'PYTHON'
import http.client
import sys
import time


def ask(method, path, headers):
    connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
    connection.request(method, path, b'{"rows": [1, 2]}' if method == "POST" else None, headers)
    answer = connection.getresponse()
    return f"{answer.status} {answer.read().decode()}"


for _ in range(120):
    try:
        ask("GET", "/", {})
        break
    except OSError:
        time.sleep(0.5)
for kind in ("application/json", "text/csv", None, "application/x-www-form-urlencoded"):
    print(f"{kind or 'no content type'}:", ask("POST", "/score", {"Content-Type": kind} if kind else {}))
for query in ("?version=1.10", "?code=1e3", "?code=007", "?a=1&a=true"):
    print(f"{query}:", ask("GET", f"/score{query}", {}))
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azureml-inference-server-http 1.5.1 loses the body of a form."
