#!/usr/bin/env bash
# jobs.stream of azure-ai-ml 1.35.2 ends without an error for a job that is not over: at NotResponding, at CancelRequested.
#
# The client's own model says of NotResponding that a run can go from there to any earlier state, as one does whose node
# has lost its connection for a while. What follows stream() in a script then takes the job for completed. The status
# Canceled raises nothing either, only Failed does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2 'marshmallow<4'

cat > "$folder/expected.txt" <<'TEXT'
Running, NotResponding, Running, Completed: returned after 2 looks, the last one NotResponding
Running, CancelRequested, Canceled: returned after 2 looks, the last one CancelRequested
Running, Canceled: returned after 2 looks, the last one Canceled
Running, Failed: raised JobException after 2 looks, the last one Failed
Running, Finalizing, Completed: returned after 3 looks, the last one Completed
TEXT
"$folder/venv/bin/python" - > "$folder/seen.txt" <<'PYTHON'
import contextlib
import io
import logging
import time
import warnings
from types import SimpleNamespace

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
time.sleep = lambda seconds: None

from azure.ai.ml._restclient.runhistory.models import RunDetails
from azure.ai.ml._utils._http_utils import HttpPipeline
from azure.ai.ml.operations._job_ops_helper import stream_logs_until_completion

properties = SimpleNamespace(job_type="Command", services={}, properties={}, outputs=None)
job = SimpleNamespace(name="train", properties=properties)

for statuses in (
    ["Running", "NotResponding", "Running", "Completed"],
    ["Running", "CancelRequested", "Canceled"],
    ["Running", "Canceled"],
    ["Running", "Failed"],
    ["Running", "Finalizing", "Completed"],
):
    seen = []

    def look(name):
        seen.append(statuses[len(seen)])
        return RunDetails(run_id=name, status=seen[-1], log_files={})

    end = "returned"
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            stream_logs_until_completion(
                SimpleNamespace(get_run_details=look), job, requests_pipeline=HttpPipeline()
            )
        except Exception as error:
            end = f"raised {type(error).__name__}"
    print(f"{', '.join(statuses)}: {end} after {len(seen)} looks, the last one {seen[-1]}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azure-ai-ml 1.35.2 stops streaming jobs that go on."
