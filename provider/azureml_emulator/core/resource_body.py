"""The bodies of resources: what those of all resources have in common, and the service's refusal of all other keys.

Each room has the keys of its own resources in its ``schemas.py``. Source of the keys: the models of azure-ai-ml 1.35.2
(``arm_ml_service``, api-version 2025-12-01), together with those of the previews that its client still sends
(``assetVersion``, ``pathOnCompute``, ``priority``, ``locations``, ``parentJobName``, Ray and others). That the service
refuses unknown keys in this very form is unproven; the form is that of a recorded validation error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.schema import Problem, Shape, anything, bag, record, text

TEXTS = bag(text)
TEXTS_OR_NULLS = bag(text, nulls=True)
"""Tags and properties. Source: the published description of api-version 2024-04-01 (``mfe.json``, ``ResourceBase`` and
``EndpointPropertiesBase``), where each value is ``x-nullable``; that a null is kept as it is, is an assumption."""
RESOURCE: Mapping[str, Shape] = {"description": text, "properties": TEXTS_OR_NULLS, "tags": TEXTS_OR_NULLS}
ENVELOPE = {"properties": anything, "id": text, "name": text, "type": text, "systemData": anything}


def read_properties(body: Any, shape: Shape) -> dict[str, Any]:
    """The checked ``properties`` of a resource's body; raises the service's 400 that lists every problem."""
    problems: list[Problem] = []
    envelope = record(ENVELOPE, ("properties",))(body, "", problems.append)
    checked = (
        shape(envelope["properties"], "properties", problems.append) if envelope and "properties" in envelope else None
    )
    if problems:
        raise invalid(problems)
    assert isinstance(checked, dict)
    return checked


def read_body(body: Any, shape: Shape) -> dict[str, Any]:
    """The checked body of a request: what the operation takes, and nothing else, so that nothing is passed over.

    :raises ServiceError: the service's 400, with everything that is wrong.
    """
    problems: list[Problem] = []
    checked = shape(body, "", problems.append)
    if problems:
        raise invalid(problems)
    assert isinstance(checked, dict)
    return checked


def invalid(problems: list[Problem]) -> ServiceError:
    """A 400 as the service words failed validation. Source: recorded answer to a component that it refused."""
    rows = [{"PropertyName": row.path, "ErrorMessage": row.message, "ErrorCode": row.code} for row in problems]
    listing = json.dumps(rows, ensure_ascii=False)
    return ServiceError(
        400,
        "UserError",
        f"The request is invalid. Errors:\n{listing}",
        inner=("BadArgument", "ArgumentInvalid", "InvalidInputArguments"),
        message_format="The request is invalid. Errors:\n{errors}",
        parameters={"errors": listing},
    )
