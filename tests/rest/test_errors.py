"""Every shape in which the service fails becomes one error of the right meaning, with its words and no secret."""

from __future__ import annotations

import json

import pytest

from airflow_azureml.rest import error_payloads, errors
from airflow_azureml.rest.flow import Reply
from airflow_azureml.rest.redaction import redact, shortened, without_query
from tests.rest.driving import MISSING_JOB, WS


def failed(
    status: int, body: object = b"", headers: dict[str, str] | None = None, url: str = "https://h/p"
) -> errors.ServiceError:
    """The error that an answer becomes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(errors.ServiceError) as caught:
        errors.check(Reply(status, headers or {}, raw, "GET", url))
    assert caught.value.__cause__ is None
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, errors.BadRequestError),
        (400, errors.BadRequestError),
        (401, errors.UnauthorizedError),
        (403, errors.ForbiddenError),
        (404, errors.NotFoundError),
        (405, errors.BadRequestError),
        (408, errors.TransientServiceError),
        (409, errors.ConflictError),
        (413, errors.BadRequestError),
        (429, errors.TransientServiceError),
        (500, errors.TransientServiceError),
        (501, errors.BadRequestError),
        (502, errors.TransientServiceError),
        (503, errors.TransientServiceError),
        (504, errors.TransientServiceError),
        (530, errors.TransientServiceError),
    ],
)
def test_status_decides(status: int, kind: type[errors.ServiceError]) -> None:
    assert type(failed(status)) is kind


def test_what_only_an_emulator_lacks_is_no_mistake_of_the_request() -> None:
    error = failed(501, {"error": {"code": "NotEmulated", "message": "Jobs of type Sweep: see docs."}})
    assert type(error) is errors.NotEmulatedError
    assert str(error).startswith(
        "The emulator does not support this; the service does. Jobs of type Sweep: see docs. [501 "
    )
    assert type(failed(400, {"error": {"code": "NotEmulated", "message": "x"}})) is errors.BadRequestError


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://management.azure.com{WS.path}/jobs/train-1?api-version=1", "…/jobs/train-1"),
        (f"https://eastus.api.azureml.ms/history/v1.0{WS.path}/experiments/e/runs/r", "…/experiments/e/runs/r"),
        (f"https://management.azure.com{WS.path}", f"https://management.azure.com/…/workspaces/{WS.name}"),
        ("https://h/p", "https://h/p"),
        ("https://host.example/" + "a/" * 100 + "last?sig=secret", "https://host.example/…/a/last"),
        ("", ""),
    ],
)
def test_addresses_are_shown_by_their_end(url: str, shown: str) -> None:
    assert shortened(url) == shown
    assert shown in str(failed(404, url=url))


def test_transient_service_errors_are_both() -> None:
    error = failed(503)
    assert isinstance(error, errors.TransientError)
    assert isinstance(error, errors.ServiceError)


def test_management_front_end_shape() -> None:
    error = failed(
        404, MISSING_JOB, {"x-ms-correlation-request-id": "header-id"}, "https://h/jobs/j?api-version=1&sig=S"
    )
    assert error.codes == ("UserError", "NotFound", "JobNotFound")
    assert error.code == "JobNotFound"
    assert error.correlation == "op1"
    assert str(error) == "Job j not found. [404 Not Found; JobNotFound; GET https://h/jobs/j; correlation id op1]"


def test_keys_in_any_case() -> None:
    def pascal(value: object) -> object:
        if isinstance(value, dict):
            return {key[0].upper() + key[1:]: pascal(item) for key, item in value.items()}
        return [pascal(item) for item in value] if isinstance(value, list) else value

    error = failed(404, pascal(MISSING_JOB))
    assert (error.code, error.correlation) == ("JobNotFound", "op1")


def test_plain_arm_shape() -> None:
    body = {"error": {"code": "AuthorizationFailed", "message": "The client may not read."}}
    error = failed(403, body, {"X-MS-Correlation-Request-Id": "c1"})
    assert (error.code, error.correlation) == ("AuthorizationFailed", "c1")
    assert str(error).startswith("The client may not read. [403 Forbidden; AuthorizationFailed;")


def test_data_plane_shape() -> None:
    body = {
        "error": {
            "code": "UserError",
            "message": "Run not found.",
            "innerError": {"code": "NotFoundError", "innerError": None},
        },
        "correlation": {"operation": "o2", "request": "r2"},
        "componentName": "run-history",
    }
    error = failed(404, body)
    assert (error.codes, error.correlation) == (("UserError", "NotFoundError"), "o2")


def test_scoring_host_details_hold_json() -> None:
    inner = {"error": {"code": "QuotaExceeded", "message": "No cores left."}}
    body = {
        "error": {
            "code": "ServiceError",
            "message": "Received 500 from a service request",
            "details": [{"code": "InternalServerError", "message": json.dumps(inner)}],
        }
    }
    error = failed(500, body)
    assert "Received 500 from a service request; No cores left." in str(error)
    assert error.code == "QuotaExceeded"


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"code": "BadInput", "message": "flat"}, "flat", "BadInput"),
        ({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "mlflow"}, "mlflow", "RESOURCE_DOES_NOT_EXIST"),
        ({"error": "invalid_request", "error_description": "login"}, "login", "invalid_request"),
        (b"Microsoft Entra Token denied by policy\n", "Microsoft Entra Token denied by policy", None),
        (
            b"\xef\xbb\xbf<?xml version='1.0'?><Error><Code>Gone</Code><Message>No &amp; no</Message></Error>",
            "No & no",
            "Gone",
        ),
        (b"<html><head><title>502 Bad Gateway</title></head></html>", "502 Bad Gateway", None),
        (b'["no object"]', '["no object"]', None),
        (b"\xff\xfe broken", "\ufffd\ufffd broken", None),
    ],
)
def test_other_shapes(body: object, message: str, code: str | None) -> None:
    error = failed(400, body)
    assert str(error).startswith(f"{message} [400 Bad Request;")
    assert error.code == code


def test_empty_body_names_status_and_place() -> None:
    error = failed(404, b"", {"x-ms-request-id": "r"}, "https://h/computes/c")
    expected = (
        "The service gave no reason for 404 Not Found. [404 Not Found; GET https://h/computes/c; correlation id r]"
    )
    assert str(error) == expected


def test_blob_code_from_the_header() -> None:
    assert failed(416, b"", {"x-ms-error-code": "InvalidRange"}).code == "InvalidRange"


def test_message_that_is_json() -> None:
    inner = {
        "Error": {"Code": "ServiceError", "Message": "Submitted script failed.", "InnerError": {"Code": "UserScript"}}
    }
    payload = error_payloads.read(
        {"error": {"code": "UserError", "message": f"AzureMLCompute job failed.\n{json.dumps(inner)}"}}
    )
    assert payload.message == "AzureMLCompute job failed. Submitted script failed."
    assert payload.codes == ("UserError", "ServiceError", "UserScript")


def test_braces_that_are_no_error_stay() -> None:
    payload = error_payloads.read({"error": {"code": "UserError", "message": 'Errors:\n[{"PropertyName": "x"}]'}})
    assert payload.message == 'Errors:\n[{"PropertyName": "x"}]'


def test_json_that_is_no_error_stays() -> None:
    payload = error_payloads.read({"error": {"code": "UserError", "message": 'Not accepted: {"instance_count": 0}'}})
    assert payload.message == 'Not accepted: {"instance_count": 0}'


def test_endless_nesting_ends() -> None:
    value: dict[str, object] = {"code": "deep"}
    for _ in range(300):
        value = {"code": "c", "innerError": value, "details": [value]}
    assert error_payloads.read({"error": value}).codes[0] == "c"


@pytest.mark.parametrize("value", [None, [], "text", 3, {}, {"error": None}, {"error": {"code": 5, "message": ["x"]}}])
def test_nothing_to_read(value: object) -> None:
    assert error_payloads.read(value) == error_payloads.ErrorPayload()


@pytest.mark.parametrize("status", [400, 409, 412])
def test_taken_job_name_is_a_conflict(status: int) -> None:
    inner = {"code": "Immutable", "innerError": {"code": "JobPropertyImmutable"}}
    info = [{"type": "InnerError", "info": {"value": inner}}]
    assert (
        type(failed(status, {"error": {"code": "UserError", "message": "m", "additionalInfo": info}}))
        is errors.ConflictError
    )
    said = {"error": {"code": "UserError", "message": "A job with this name already exists. Use another."}}
    assert type(failed(status, said)) is errors.ConflictError


def test_already_exists_does_not_hide_a_transient_fault() -> None:
    assert type(failed(500, {"error": {"message": "already exists"}})) is errors.TransientServiceError


def test_redirects_are_named() -> None:
    error = failed(307, b"", {"location": "https://other.example/x?sig=abc"})
    assert "The service redirects to other.example; redirects are not followed." in str(error)
    assert "abc" not in str(error)


TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0xyz.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "secret",
    [
        "https://a.blob.core.windows.net/c/b?sv=1&sig=SECRET%2B&se=2",
        "DefaultEndpointsProtocol=https;AccountKey=SECRET==;EndpointSuffix=x",
        f"Bearer {TOKEN}",
        "https://user:SECRET@github.com/x.git",
        "client_secret=SECRET&grant_type=x",
    ],
)
def test_no_secret_in_messages(secret: str) -> None:
    for body in ({"error": {"code": "c", "message": f"denied: {secret}"}}, f"denied: {secret}".encode()):
        text = str(failed(403, body, url=f"https://h/p?x={secret}"))
        assert "SECRET" not in text
        assert TOKEN not in text
        assert "denied" in text


@pytest.mark.parametrize("kind", ["", "RSA ", "OPENSSH ", "ENCRYPTED "])
def test_a_private_key_is_not_repeated(kind: str) -> None:
    key = f"-----BEGIN {kind}PRIVATE KEY-----\nMIIE\n-----END {kind}PRIVATE KEY-----"
    assert redact(f"not {key} but") == "not *** but"
    assert redact(json.dumps({"a": key, "b": 1})) == '{"a": "***", "b": 1}'
    assert redact(key[:40]) == "***"


def test_redaction_keeps_the_rest() -> None:
    assert redact("https://a/c?sv=1&sig=x%2By&se=2 end") == "https://a/c?sv=1&sig=***&se=2 end"
    assert redact("no secret: design=x, sigma=1") == "no secret: design=x, sigma=1"
    assert without_query("https://u:p@h/p?q#f") == "https://***@h/p"


def test_problem_reads_as_file_line_path_message() -> None:
    problem = errors.Problem("inputs.x", '"a" is wrong', "job.yml", 3)
    assert str(errors.SpecError([problem, errors.Problem("", "empty")])) == 'job.yml:3: inputs.x: "a" is wrong\nempty'
