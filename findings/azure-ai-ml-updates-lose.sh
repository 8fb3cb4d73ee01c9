#!/usr/bin/env bash
# Reading an online deployment or a cluster and putting it again changes what nobody has changed, with azure-ai-ml 1.35.2.
#
# Of request_settings, times of less than a second are read as 0 and then left out: max_queue_wait_ms, 500 by default, is
# gone after any update, such as one of the instance count. A cluster's disableLocalAuth is not read back: without SSH
# settings it is sent as true.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check azure-ai-ml==1.35.2 'marshmallow<4'

cat > "$folder/expected.txt" <<'TEXT'
the service shows: maxQueueWait PT0.5S, requestTimeout PT5S
the client reads: max_queue_wait_ms 0, request_timeout_ms 5000
the client puts: maxQueueWait None, requestTimeout PT5S
the service shows: disableLocalAuth False
the client puts: disableLocalAuth True
TEXT
"$folder/venv/bin/python" - > "$folder/seen.txt" <<'PYTHON'
import logging
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from azure.ai.ml._restclient.arm_ml_service import models
from azure.ai.ml.entities import Compute
from azure.ai.ml.entities._deployment.deployment_settings import OnlineRequestSettings

shown = models.OnlineRequestSettings({"maxQueueWait": "PT0.5S", "requestTimeout": "PT5S"})
print(f"the service shows: maxQueueWait {shown['maxQueueWait']}, requestTimeout {shown['requestTimeout']}")
read = OnlineRequestSettings._from_rest_object(shown)
print(f"the client reads: max_queue_wait_ms {read.max_queue_wait_ms}, request_timeout_ms {read.request_timeout_ms}")
put = read._to_rest_object().as_dict()
print(f"the client puts: maxQueueWait {put.get('maxQueueWait')}, requestTimeout {put.get('requestTimeout')}")

scale = {"minNodeCount": 0, "maxNodeCount": 4, "nodeIdleTimeBeforeScaleDown": "PT2M"}
inner = {"vmSize": "STANDARD_DS3_V2", "vmPriority": "Dedicated", "scaleSettings": scale}
properties = {"computeType": "AmlCompute", "disableLocalAuth": False, "properties": inner}
cluster = models.ComputeResource({"id": "/x/computes/cpu", "name": "cpu", "location": "eastus", "properties": properties})
print(f"the service shows: disableLocalAuth {cluster.properties['disableLocalAuth']}")
print(f"the client puts: disableLocalAuth {Compute._from_rest_object(cluster)._to_rest_object().properties['disableLocalAuth']}")
PYTHON
cat "$folder/seen.txt"
diff "$folder/expected.txt" "$folder/seen.txt" && echo "As written down: azure-ai-ml 1.35.2 puts again what it has not read."
