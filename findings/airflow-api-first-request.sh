#!/usr/bin/env bash
# The first request to a new process of Airflow 3.3.2's API for workers takes seconds of a processor, all others milliseconds.
#
# The API is kept in nine versions (cadwyn 7.0.0), and their routes and models are made when somebody asks for the first
# time, not when the application is: whatever is asked, a path that does not exist included. So each worker process of
# an API server that has just been started or replaced lets the first worker that asks wait for it; on a busy machine
# longer than the 5 s that a worker waits by default ([workers] execution_api_timeout).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
    apache-airflow==3.3.2 apache-airflow-core==3.3.2 apache-airflow-task-sdk==1.3.2 cadwyn==7.0.0

cat > "$folder/expected.txt" <<'TEXT'
9 versions
making the application: less than a tenth of the first request's processor time
the first request: 404, more than 100 times the processor time of the next
a later request for the newest version: 200
a later request for the oldest version: 200
TEXT
AIRFLOW_HOME="$folder/home" AIRFLOW__CORE__LOAD_EXAMPLES=False "$folder/venv/bin/python" -W ignore - "$folder/seen.txt" >"$folder/log" 2>&1 <<'PYTHON'
import asyncio
import sys
import time

import httpx
from airflow.api_fastapi.execution_api.app import create_task_execution_api_app
from airflow.api_fastapi.execution_api.versions import bundle

seen = open(sys.argv[1], "w")
print(len(bundle.versions), "versions", file=seen)
begin = time.process_time()
transport = httpx.ASGITransport(create_task_execution_api_app(), raise_app_exceptions=False)
made = time.process_time() - begin


async def ask(path, **headers):
    begin = time.process_time()
    async with httpx.AsyncClient(transport=transport, base_url="http://in-process") as client:
        answer = await client.get(path, headers=headers)
    return answer.status_code, time.process_time() - begin


async def main():
    status, first = await ask("/nothing")
    _, second = await ask("/nothing")
    share = "less than a tenth" if made < first / 10 else f"{made / first:.2f}"
    print(f"making the application: {share} of the first request's processor time", file=seen)
    times = "more than 100" if first > 100 * second else f"{first / second:.0f}"
    print(f"the first request: {status}, {times} times the processor time of the next", file=seen)
    print(f"{first:.1f} s and {second * 1000:.1f} ms")
    for name, version in (("newest", bundle.versions[0].value), ("oldest", bundle.versions[-1].value)):
        status, _ = await ask("/health", **{"Airflow-API-Version": str(version)})
        print(f"a later request for the {name} version: {status}", file=seen)


asyncio.run(main())
PYTHON
cat "$folder/seen.txt"
tail -n 1 "$folder/log"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: Airflow 3.3.2 makes the versions of its API for workers at the first request."
