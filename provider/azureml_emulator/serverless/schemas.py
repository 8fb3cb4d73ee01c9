"""Bodies of serverless endpoints and marketplace subscriptions.

Source of the keys: the models ``ServerlessEndpointProperties`` and ``MarketplaceSubscriptionProperties`` of
azure-ai-ml 1.35.2 (``arm_ml_service``, api-version 2025-12-01), with ``offer`` and ``capacityReservation`` of the
published example of 2024-04-01.
"""

from __future__ import annotations

from azureml_emulator.core.resource_body import ENVELOPE, TEXTS
from azureml_emulator.core.schema import anything, bag, filled, record, text, words
from azureml_emulator.endpoints.bodies import TRACKED

KEY = "Key"
AUTH_MODES = (KEY, "AAD", "KeyAndAAD")

ENDPOINT = record(
    {
        **TRACKED,
        "properties": record(
            {
                "authMode": words(*AUTH_MODES),
                "capacityReservation": anything,
                "contentSafety": record(
                    {"contentSafetyStatus": words("Enabled", "Disabled")}, ("contentSafetyStatus",)
                ),
                "endpointState": text,
                "inferenceEndpoint": anything,
                "marketplaceSubscriptionId": text,
                "modelSettings": record({"modelId": text}),
                "offer": anything,
                "provisioningState": text,
            }
        ),
    },
    ("location", "properties"),
)
"""``authMode`` is required by the description, and azure-ai-ml 1.35.2 sends none."""

GIVEN = ("authMode", "capacityReservation", "contentSafety", "modelSettings", "offer")
"""What of an endpoint is the client's to say."""

ENDPOINT_PATCH = record({"tags": TEXTS, "identity": bag(anything, nulls=True), "sku": bag(anything, nulls=True)})
"""Source: PartialMinimalTrackedResourceWithSkuAndIdentity of api-version 2025-12-01."""

SUBSCRIPTION = record(
    {
        **ENVELOPE,
        "properties": record(
            {
                "marketplacePlan": anything,
                "marketplaceSubscriptionStatus": text,
                "modelId": filled,
                "provisioningState": text,
            },
            ("modelId",),
        ),
    },
    ("properties",),
)
