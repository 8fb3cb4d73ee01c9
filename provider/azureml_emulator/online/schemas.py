"""Bodies of online endpoints and deployments.

Source of the keys: the models ``OnlineEndpointProperties`` and ``ManagedOnlineDeployment`` of azure-ai-ml 1.35.2
(``arm_ml_service``, api-version 2025-12-01), with ``privateNetworkConnection`` of the previews that its client sends.
"""

from __future__ import annotations

from azureml_emulator.core.resource_body import TEXTS
from azureml_emulator.core.schema import anything, bag, duration, flag, record, text, whole, words
from azureml_emulator.endpoints.bodies import BASE, TRACKED

KEY, AML_TOKEN, AAD_TOKEN = "Key", "AMLToken", "AADToken"
"""How an endpoint knows its callers."""

ABLE = words("Enabled", "Disabled")

ENDPOINT = record(
    {
        **TRACKED,
        "properties": record(
            {
                **BASE,
                "authMode": words(KEY, AML_TOKEN, AAD_TOKEN),
                "compute": text,
                "keys": anything,
                "mirrorTraffic": bag(whole),
                "publicNetworkAccess": ABLE,
                "scoringUri": text,
                "swaggerUri": text,
                "traffic": bag(whole),
            },
            ("authMode",),
        ),
    },
    ("location", "properties"),
)

PROBE = record(
    {
        "failureThreshold": whole,
        "initialDelay": duration,
        "period": duration,
        "successThreshold": whole,
        "timeout": duration,
    }
)

DEPLOYMENT_PROPERTIES = record(
    {
        **BASE,
        "appInsightsEnabled": flag,
        "codeConfiguration": record({"codeId": text, "scoringScript": text}, ("scoringScript",)),
        "dataCollector": anything,
        "egressPublicNetworkAccess": ABLE,
        "endpointComputeType": words("Managed", "Kubernetes", "AzureMLCompute"),
        "environmentId": text,
        "environmentVariables": TEXTS,
        "instanceType": text,
        "livenessProbe": PROBE,
        "model": text,
        "modelMountPath": text,
        "privateNetworkConnection": flag,
        "readinessProbe": PROBE,
        "requestSettings": record(
            {
                "maxConcurrentRequestsPerInstance": whole,
                "maxQueueWait": duration,
                "requestTimeout": duration,
            }
        ),
        "scaleSettings": record(
            {
                "scaleType": words("Default", "TargetUtilization"),
                "maxInstances": whole,
                "minInstances": whole,
                "pollingInterval": duration,
                "targetUtilizationPercentage": whole,
            },
            ("scaleType",),
        ),
        "startupProbe": PROBE,
    },
    ("endpointComputeType",),
)

DEPLOYMENT = record({**TRACKED, "properties": DEPLOYMENT_PROPERTIES}, ("location", "properties"))

LOGS = record({"containerType": words("StorageInitializer", "InferenceServer"), "tail": whole})
"""What is asked of a deployment's logs."""

DEPLOYMENT_PATCH = record({"tags": TEXTS, "sku": bag(anything, nulls=True)})
"""Source: PartialMinimalTrackedResourceWithSku of api-version 2025-12-01."""

LAST_WITH_PROPERTIES = "2022-02-01-preview"
"""The last api-version whose updates are known to change properties, too. Source: the models
``PartialOnlineEndpointPartialTrackedResource`` and ``PartialOnlineDeploymentPartialTrackedResource`` of azureml-mlflow
1.62 (``mfe_v2022_02_01_preview``), which shifts traffic and gives deployments another model by them."""

OLD_ENDPOINT_PATCH = record(
    {
        **TRACKED,
        "properties": record({"mirrorTraffic": bag(whole), "publicNetworkAccess": ABLE, "traffic": bag(whole)}),
    }
)
OLD_DEPLOYMENT_PATCH = record({**TRACKED, "properties": DEPLOYMENT_PROPERTIES})
"""All of the properties: the model names ``endpointComputeType`` alone, and that client sends the rest."""
