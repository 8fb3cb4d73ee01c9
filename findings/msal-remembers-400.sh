#!/usr/bin/env bash
# A client credential that was answered 400 is not asked for again by msal 1.39.0, for a minute.
#
# msal keeps answers of the token endpoint for those who ask too often: of 429 and 5xx for as long as Retry-After says,
# and, which its callers cannot see, of a plain 400 for 60 seconds. The same application object answers a second request
# from memory, although the endpoint would answer it well by then; after 401, 403 and 408 it asks again. The endpoint
# here is an object: msal takes its HTTP client as an argument.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check msal==1.39.0

cat > "$folder/expected.txt" <<'TEXT'
400: temporarily_unavailable, then temporarily_unavailable; requests sent: 1
401: temporarily_unavailable, then token; requests sent: 2
403: temporarily_unavailable, then token; requests sent: 2
408: temporarily_unavailable, then token; requests sent: 2
TEXT
"$folder/venv/bin/python" - > "$folder/seen.txt" <<'PYTHON'
import json

import msal

AUTHORITY = "https://login.example/tenant"


class Answer:
    def __init__(self, status, body):
        self.status_code, self.text, self.headers = status, json.dumps(body), {}

    def raise_for_status(self):
        if self.status_code >= 400:
            raise RuntimeError(self.status_code)


class Endpoint:
    """Refuses the first token request with a status, and answers all others with a token."""

    def __init__(self, status):
        self.status, self.requests = status, 0

    def get(self, url, **_):
        addresses = {"authorization_endpoint": f"{AUTHORITY}/authorize", "token_endpoint": f"{AUTHORITY}/token"}
        return Answer(200, {**addresses, "issuer": f"{AUTHORITY}/v2.0"})

    def post(self, url, **_):
        self.requests += 1
        if self.requests == 1:
            return Answer(self.status, {"error": "temporarily_unavailable", "error_description": "busy"})
        return Answer(200, {"access_token": "token", "expires_in": 3600, "token_type": "Bearer"})

    def close(self):
        pass


for status in (400, 401, 403, 408):
    endpoint = Endpoint(status)
    application = msal.ConfidentialClientApplication(
        "id", client_credential="secret", authority=AUTHORITY, http_client=endpoint, instance_discovery=False
    )
    answers = [application.acquire_token_for_client(["api/.default"]) for _ in range(2)]
    told = [answer.get("access_token") or answer["error"] for answer in answers]
    print(f"{status}: {told[0]}, then {told[1]}; requests sent: {endpoint.requests}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: msal 1.39.0 answers a second request after 400 from memory."
