"""MLflow's protocol: JSON objects as requests and answers, its error codes, 64-bit integers that may be text."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.request_body import read_object
from azureml_emulator.mlflow.backend import Mlflow

Answer = Callable[[Mlflow, dict[str, Any]], dict[str, Any]]
"""What an MLflow operation is here: a JSON object in, a JSON object out."""

Handler = Callable[..., Awaitable[web.Response]]


def missing(what: str, name: object) -> ServiceError:
    """MLflow's 404."""
    return ServiceError(404, "RESOURCE_DOES_NOT_EXIST", f"{what} '{name}' does not exist.", envelope=Envelope.MLFLOW)


def invalid(message: str) -> ServiceError:
    """MLflow's 400."""
    return ServiceError(400, "INVALID_PARAMETER_VALUE", message, envelope=Envelope.MLFLOW)


def required(body: dict[str, Any], key: str) -> str:
    """A text that a request must carry."""
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise invalid(f"Missing value for required parameter '{key}'.")
    return value


def integer(value: Any, field: str, default: int) -> int:
    """A 64-bit integer, which JSON may carry as text."""
    try:
        number = default if value is None else int(value)
    except (TypeError, ValueError):
        raise invalid(f"Invalid value {value!r} for parameter '{field}'.") from None
    if not -(2**63) <= number < 2**63:
        raise invalid(f"Invalid value {value!r} for parameter '{field}': it does not fit into 64 bits.")
    return number


def one_page(
    body: dict[str, Any], key: str, found: Sequence[Any], size: int, most: int | None = None
) -> dict[str, Any]:
    """The page of a search that ``page_token`` and ``max_results`` ask for, and the token of the next one.

    :param key: what the answer calls the rows.
    :param size: rows where the search names no number.
    :param most: rows at most, whatever it names.
    """
    first = integer(body.get("page_token") or None, "page_token", 0)
    wanted = integer(body.get("max_results") or None, "max_results", size)
    last = first + (wanted if most is None else min(wanted, most))
    following = {"next_page_token": str(last)} if last < len(found) else {}
    return {key: list(found[first:last]), **following}


def texts(body: dict[str, Any], key: str) -> list[str]:
    """A list of texts, of which a query may carry one; nothing where there is none."""
    value = body.get(key)
    given = [value] if isinstance(value, str) else value or []
    if not isinstance(given, list) or not all(isinstance(each, str | int) for each in given):
        raise invalid(f"Invalid value for parameter '{key}': a list of texts is expected.")
    return [str(each) for each in given]


def rows(value: Any, key: str) -> list[dict[str, Any]]:
    """A list of objects, or nothing."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise invalid(f"Invalid value for parameter '{key}': a list of objects is expected.")
    return value


def key_values(value: Any, key: str = "tags") -> list[tuple[str, str]]:
    """A list of objects with ``key`` and ``value``."""
    return [(required(row, "key"), str(row.get("value", ""))) for row in rows(value, key)]


def key_value_rows(mapping: Mapping[str, str | None]) -> list[dict[str, str]]:
    """A mapping as a list of objects with ``key`` and ``value``; MLflow has no null, which is left out."""
    return [{"key": key, "value": str(value)} for key, value in mapping.items() if value is not None]


NO_LOGGED_MODELS = (
    "Azure Machine Learning does not have MLflow 3's logged models (log_model), so neither has the emulator. "
    "Write the model into an output of the job with mlflow.<flavor>.save_model and register that output; "
    "or use MLflow 2 (mlflow-skinny<3) with azureml-mlflow. "
    "'azureml-emulator start --mlflow direct' has them, as plain MLflow servers do."
)
"""The service's answer has no text. MLflow quotes this one in its exception, which is how a job's log gets it."""


NOT_KNOWN = (
    "Azure Machine Learning is not known to do this: Microsoft's page on models with MLflow denies it or does not name "
    "it. 'azureml-emulator start --mlflow direct' does it, as plain MLflow servers do."
)


def no_logged_models() -> web.Response:
    """The answer to what Azure ML does not have."""
    return web.Response(status=404, text=NO_LOGGED_MODELS)


def not_known() -> web.Response:
    """The refusal of what Azure ML is not known to do.

    :raises ServiceError: 501, always.
    """
    raise ServiceError(501, "NOT_IMPLEMENTED", NOT_KNOWN, envelope=Envelope.MLFLOW)


def only_direct(answer: Answer, otherwise: Callable[[], web.Response]) -> Handler:
    """A handler that answers where plain MLflow shall be enough.

    :param otherwise: what it does else.
    """
    handler_of_answer = operation(answer)

    async def handler(mlflow: Mlflow, request: web.Request, **captures: str) -> web.Response:
        return await handler_of_answer(mlflow, request, **captures) if mlflow.settings.mlflow_direct else otherwise()

    return handler


def operation(answer: Answer) -> Handler:
    """A handler: query, body and captures go in as one object; what comes out is sent."""

    async def handler(mlflow: Mlflow, request: web.Request, **captures: str) -> web.Response:
        query = {key: request.query.getall(key) for key in request.query}
        body: dict[str, Any] = {key: values if values[1:] else values[0] for key, values in query.items()}
        if request.method != "GET":
            body.update(await read_object(request, Envelope.MLFLOW, optional=True))
        body.update(captures)
        run = body.get("run_id") or body.get("run_uuid")
        if isinstance(run, str) and run:
            request["job"] = run
        return web.json_response(answer(mlflow, body))

    return handler
