#!/usr/bin/env bash
# Where azureml-mlflow 1.62.0.post6 is installed and ARM_CLOUD_METADATA_URL is set, `import mlflow` sends a request, and fails with it.
#
# The variable is Azure's for private clouds. MLflow 3.13.0 loads its plugins when it is imported, and passes over one
# that cannot be imported; this one asks the address at import, and what its answer, or its silence, raises is no
# ImportError. So a script that uses a local tracking server, or none, ends in its first line.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azureml-mlflow==1.62.0.post6 mlflow-skinny==3.13.0 \
    'setuptools<80'

cat > "$folder/expected.txt" <<'TEXT'
not set: imported; requests: 0
answered 200: imported; requests: 1
answered 503: JSONDecodeError; requests: 1
nobody listens: ConnectionError; requests: 0
TEXT
(cd "$folder" && venv/bin/python - > seen.txt) <<'PYTHON'
import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

asked, status = [], 200
CLOUD = {
    "name": "AzureCloud",
    "portal": "https://portal.azure.com",
    "authentication": {
        "loginEndpoint": "https://login.microsoftonline.com/",
        "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
    },
    "graph": "https://graph.windows.net/",
    "graphAudience": "https://graph.windows.net/",
    "resourceManager": "https://management.azure.com/",
    "media": "https://rest.media.azure.net",
    "gallery": "https://gallery.azure.com/",
    "batch": "https://batch.core.windows.net/",
    "sqlManagement": "https://management.core.windows.net:8443/",
    "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/aliases.json",
    "activeDirectoryDataLake": "https://datalake.azure.net/",
    "suffixes": {"storage": "core.windows.net", "keyVaultDns": "vault.azure.net", "sqlServerHostname": "database.windows.net"},
}


class Clouds(BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(self.path)
        body = json.dumps([CLOUD]).encode() if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Clouds)
Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}/metadata/endpoints"


def imports(what, url=None):
    asked.clear()
    environment = {**os.environ, "MLFLOW_TRACKING_URI": "http://127.0.0.1:1", **({"ARM_CLOUD_METADATA_URL": url} if url else {})}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", "import mlflow"], env=environment, capture_output=True, text=True)
    said = "imported" if done.returncode == 0 else done.stderr.strip().splitlines()[-1].split(":")[0].rpartition(".")[2]
    print(f"{what}: {said}; requests: {len(asked)}")


imports("not set")
imports("answered 200", address)
status = 503
imports("answered 503", address)
server.shutdown()
server.server_close()
imports("nobody listens", address)
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: with azureml-mlflow 1.62.0.post6, import mlflow asks for clouds."
