"""The service's error payloads, of every shape, read as one record: message, codes, correlation id.

Shapes (keys are compared without regard to case, for the service spells them both ways):

* management front end: ``{"error": {"code": "UserError", "message", "additionalInfo": [{"type": "InnerError", ...}]}}``
  (recorded 404 of a job); the outer code says next to nothing, the deepest inner one decides;
* plain ARM: ``{"error": {"code", "message", "details"}}``;
* data plane: ``{"error": {"code", "message", "innerError"}, "correlation": {"operation"}}``, also in PascalCase;
* flat: ``{"code", "message", "details"}`` (published model of the scoring host), ``{"error_code", "message"}``
  (MLflow);
* plain text, HTML of a gateway, XML with the header ``x-ms-error-code`` (Blob storage), and no body at all.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_azureml.rest.json_values import get_any_case
from airflow_azureml.rest.redaction import redact

if TYPE_CHECKING:
    from airflow_azureml.rest.flow import Json, Reply

_TEXT_LIMIT = 1000
_DEPTH_LIMIT = 20
_CORRELATION_HEADERS = ("x-ms-correlation-request-id", "x-request-id", "x-ms-request-id")


@dataclass(frozen=True)
class ErrorPayload:
    """What the service said: its words, its codes from the outermost to the deepest, and support's trace id."""

    message: str = ""
    codes: tuple[str, ...] = ()
    correlation: str | None = None

    @property
    def code(self) -> str | None:
        """The deepest code, which is the one that decides."""
        return self.codes[-1] if self.codes else None


def from_reply(reply: Reply) -> ErrorPayload:
    """Read a failed answer, whatever its shape."""
    value = reply.json()
    payload = read(value) if isinstance(value, Mapping) else _read_text(reply)
    header_code = reply.header("x-ms-error-code")
    codes = payload.codes or ((header_code,) if header_code else ())
    headers = (reply.header(name) for name in _CORRELATION_HEADERS)
    correlation = payload.correlation or next((value for value in headers if value), None)
    return ErrorPayload(payload.message, codes, correlation)


def read(value: Json) -> ErrorPayload:
    """Read an error value of an answer's body, or of a run; an empty ErrorPayload when it holds nothing."""
    return _read(value, _DEPTH_LIMIT)


def _read(value: Json, depth: int) -> ErrorPayload:
    error = get_any_case(value, "error")
    root = error if isinstance(error, Mapping) else value
    if not isinstance(root, Mapping) or depth == 0:
        return ErrorPayload()
    codes = [*_codes(root, depth), *_codes(_additional(root, "InnerError"), depth)]
    message, inner = _unfold(_text(get_any_case(root, "message") or get_any_case(root, "error_description")), depth)
    parts = [message]
    for detail in _list(get_any_case(root, "details")):
        inside = _read(detail, depth - 1)
        parts += [inside.message] if inside.message and inside.message not in message else []
        codes += [] if len(codes) > 1 else inside.codes
    traces = (get_any_case(value, "correlation"), _additional(root, "Correlation"))
    operation = next((found for trace in traces if (found := get_any_case(trace, "operation"))), None)
    return ErrorPayload(
        redact("; ".join(part for part in parts if part)),
        tuple(dict.fromkeys([*codes, *inner.codes])),
        _text(operation) or inner.correlation,
    )


def _codes(error: Json, depth: int) -> Iterator[str]:
    """Codes along the chain of inner errors, outermost first."""
    while isinstance(error, Mapping) and depth:
        flat = get_any_case(error, "error")
        code = get_any_case(error, "code") or get_any_case(error, "error_code")
        code = code or (flat if isinstance(flat, str) else None)
        if isinstance(code, str) and code:
            yield code
        error, depth = get_any_case(error, "innerError"), depth - 1


def _additional(root: Json, kind: str) -> Json:
    """The value of one row of ``additionalInfo``."""
    rows = (row for row in _list(get_any_case(root, "additionalInfo")) if get_any_case(row, "type") == kind)
    return get_any_case(next(rows, None), "info", "value")


def _unfold(message: str, depth: int) -> tuple[str, ErrorPayload]:
    """Unpack an error that was written as JSON into a message, as the job dispatcher does; give back its own words."""
    start = message.find("{")
    if start < 0:
        return message, ErrorPayload()
    try:
        inner = _read(json.loads(message[start:]), depth - 1)
    except ValueError:
        return message, ErrorPayload()
    if not inner.message:
        return message, ErrorPayload()
    before = message[:start].strip()
    return (f"{before} {inner.message}" if before else inner.message), inner


def _read_text(reply: Reply) -> ErrorPayload:
    """Read a body that is not a JSON object: XML, a gateway's HTML, plain text or nothing."""
    text = reply.body.decode("utf-8", "replace").strip().lstrip("\ufeff")
    if text.startswith("<"):
        code, message = _element(text, "Code"), _element(text, "Message") or _element(text, "title")
        return ErrorPayload(redact(message), (code,) if code else ())
    return ErrorPayload(redact(" ".join(text.split())[:_TEXT_LIMIT]))


def _element(text: str, name: str) -> str:
    found = re.search(rf"<{name}>(.*?)</{name}>", text, re.DOTALL | re.IGNORECASE)
    return " ".join(html.unescape(found[1]).split())[:_TEXT_LIMIT] if found else ""


def _text(value: Json) -> str:
    return value.strip() if isinstance(value, str) else ""


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
