"""The service's error envelopes: how Azure ML's front ends word a refusal."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from azureml_emulator.core.clock import now, stamp


class Envelope(enum.Enum):
    """Which front end words the error."""

    MANAGEMENT = "management front end: jobs, assets, batch endpoints"
    ARM = "plain ARM: before a request reaches Azure ML"
    HISTORY = "run history and the other services of the data plane"
    MLFLOW = "the MLflow tracking server"


@dataclass
class ServiceError(Exception):
    """A refusal as the service words it.

    :param code: the outer code; ``UserError`` for nearly everything of the management front end.
    :param inner: the codes below it from the outermost to the deepest, such as ``("NotFound", "JobNotFound")``.
    :param parameters: the values that went into the message, for ``MessageParameters``.
    """

    status: int
    code: str
    message: str
    inner: tuple[str, ...] = ()
    envelope: Envelope = Envelope.MANAGEMENT
    message_format: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    component: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"


def invalid_field(field: str, message: str, code: str) -> ServiceError:
    """400 ``UserError`` for one field of a request.

    :param field: its path below ``properties``; it stands in front of the message.
    :param code: the innermost code, such as ``BindingNotFound``.
    """
    return ServiceError(
        400, "UserError", f"{field}: {message}", inner=("BadArgument", code), parameters={"field": field}
    )


def not_emulated(message: str, envelope: Envelope = Envelope.ARM) -> ServiceError:
    """501, where nothing is wrong with the request.

    :param message: without its end, which names the page of what is emulated.
    """
    return ServiceError(501, "NotEmulated", f"{message}; see docs/emulator.md.", envelope=envelope)


def resource_not_found(resource: str, group: str | None) -> ServiceError:
    """ARM's 404 for a resource.

    :param resource: its type and name, such as ``Microsoft.Storage/storageAccounts/a``.
    """
    message = (
        f"The Resource '{resource}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ServiceError(404, "ResourceNotFound", message, envelope=Envelope.ARM)


def respond(error: ServiceError, region: str) -> web.Response:
    """The HTTP answer that carries the error in its envelope."""
    body = BODIES[error.envelope](error, region)
    headers = {**error.headers, "x-ms-response-type": "error"}
    return web.json_response(body, status=error.status, headers=headers)


def management_body(error: ServiceError, region: str) -> dict[str, Any]:
    """Shape A. Source: recorded 404 of a job and 400 of a component of the service."""
    info: list[tuple[str, Any]] = [
        ("ComponentName", {"value": error.component or "managementfrontend"}),
        ("Correlation", {"value": correlation()}),
        ("Environment", {"value": region}),
        ("Location", {"value": region}),
        ("Time", {"value": stamp(now())}),
    ]
    if error.inner:
        info.append(("InnerError", {"value": nested(error.inner)}))
    if error.message_format:
        info.append(("MessageFormat", {"value": error.message_format}))
        info.append(("MessageParameters", {"value": dict(error.parameters)}))
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "details": [],
            "additionalInfo": [{"type": kind, "info": value} for kind, value in info],
        }
    }


def arm_body(error: ServiceError, region: str) -> dict[str, Any]:
    """Shape B: code and message, nothing else. Source: ARM's common error shape."""
    return {"error": {"code": error.code, "message": error.message}}


def history_body(error: ServiceError, region: str) -> dict[str, Any]:
    """Shape C. Source: the run-history client's model ``RunHistoryErrorResponse``."""
    return {
        "error": {
            "code": error.code,
            "severity": None,
            "message": error.message,
            "messageFormat": error.message_format,
            "messageParameters": dict(error.parameters),
            "referenceCode": None,
            "detailsUri": None,
            "target": None,
            "details": [],
            "innerError": nested(error.inner),
            "debugInfo": None,
            "additionalInfo": None,
        },
        "correlation": correlation(),
        "environment": region,
        "location": region,
        "time": stamp(now()),
        "componentName": error.component or "run-history",
    }


def mlflow_body(error: ServiceError, region: str) -> dict[str, Any]:
    """Run history's shape in other letters, and MLflow's ``error_code``; MLflow quotes the whole in its exception.

    Source: answers of the service in https://github.com/mlflow/mlflow/issues/15329 and /8008.
    """
    kind = "UserError" if error.status < 500 else "ServiceError"
    names = ("MessageFormat", "MessageParameters", "ReferenceCode", "DetailsUri", "Target")
    absent = {"InnerError": None, "DebugInfo": None, "AdditionalInfo": None}
    return {
        "Error": {
            "Code": kind,
            "Severity": None,
            "Message": error.message,
            **dict.fromkeys(names),
            "Details": [],
            **absent,
        },
        "Correlation": correlation(),
        "Environment": region,
        "Location": region,
        "Time": stamp(now()),
        "ComponentName": "mlflow",
        "statusCode": error.status,
        "error_code": error.code,
    }


BODIES = {
    Envelope.MANAGEMENT: management_body,
    Envelope.ARM: arm_body,
    Envelope.HISTORY: history_body,
    Envelope.MLFLOW: mlflow_body,
}


def nested(codes: tuple[str, ...]) -> dict[str, Any] | None:
    """Codes as the service nests them: ``{"code": first, "innerError": {...}}``."""
    inner: dict[str, Any] | None = None
    for code in reversed(codes):
        inner = {"code": code, "innerError": inner}
    return inner


def correlation() -> dict[str, str]:
    """Ids of the kind that Microsoft's support asks for."""
    return {"operation": uuid.uuid4().hex, "request": uuid.uuid4().hex[:16]}
