"""The body of an update of quotas; where its keys come from is said in ``core/resource_body.py``."""

from __future__ import annotations

from azureml_emulator.core.schema import many, record, text, whole, words

QUOTA = record({"id": text, "type": text, "limit": whole, "unit": words("Count")}, ("id", "limit"))
UPDATE = record({"value": many(QUOTA), "location": text}, ("value",))
"""Source: QuotaUpdateParameters of api-version 2025-12-01."""
