"""Long-running operations as a flow: an answer that points elsewhere, polled until it is done.

Two flavours (recorded answers): ``Azure-AsyncOperation`` gives a status resource that ends as ``Succeeded``,
``Failed`` or ``Canceled``; ``Location`` alone answers 202 until it is done. Where both are sent the first decides,
because the ``Location`` of a PUT may be the resource itself.
"""

from __future__ import annotations

from airflow_azureml.rest.error_payloads import from_reply
from airflow_azureml.rest.errors import BadRequestError, PatienceError, ServiceError, TransientError
from airflow_azureml.rest.flow import Pause, Reply, Steps
from airflow_azureml.rest.json_values import get_any_case
from airflow_azureml.rest.links import follow
from airflow_azureml.rest.redaction import without_query
from airflow_azureml.rest.times import retry_after

INTERVAL = 30.0
"""Seconds between polls where the service does not say; azure-core's own default."""


def finish(first: Reply, *, interval: float = INTERVAL, patience: float = 3600, endure: float = 0) -> Steps[Reply]:
    """Poll an operation until it is done; gives back the last answer (the first one, when nothing is left to do).

    ``Retry-After`` of an answer goes before ``interval``.

    Source: https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations

    :param patience: seconds of pauses after which the wait is given up.
    :param endure: seconds of pauses for which polls may go on failing for reasons that pass by themselves.
    :raises BadRequestError: the operation failed or was canceled; the text is the service's.
    :raises PatienceError: it took longer than ``patience``.
    """
    operation, location = first.header("Azure-AsyncOperation"), first.header("Location")
    url = operation or (location if first.status == 202 else None)
    answer, waited, bad = first, 0.0, 0.0
    while url is not None:
        requested = retry_after(answer)
        seconds = interval if requested is None else requested
        if waited + seconds > patience:
            raise PatienceError(
                f"The operation {without_query(url)} did not finish within {waited:g} seconds."
            ) from None
        yield Pause(seconds)
        # A service that asks for no pause at all must not be asked for ever.
        waited += max(seconds, 1.0)
        try:
            answer = yield from follow(url, lambda reply: reply, ok=(200, 201, 202, 204))
        except TransientError as error:
            bad += max(seconds, 1.0)
            if bad > endure:
                raise
            answer = error.reply if isinstance(error, ServiceError) else Reply(first.status)
            continue
        bad = 0.0
        if _has_succeeded(answer) if operation else answer.status != 202:
            break
        url = operation or answer.header("Location") or url
    return answer


def _has_succeeded(answer: Reply) -> bool:
    """Whether a status resource says that the operation is done.

    :raises BadRequestError: it is done and did not succeed.
    """
    status = str(get_any_case(answer.json(), "status") or "")
    if status.lower() in {"failed", "canceled", "cancelled"}:
        payload = from_reply(answer)
        text = f"The operation ended as {status}: {payload.message or 'the service gave no reason'}."
        raise BadRequestError(text, answer, payload.codes, payload.correlation) from None
    return status.lower() == "succeeded"
