"""The exceptions that users catch: which are retried, what they say, and how they travel between processes."""

from __future__ import annotations

import copy
import importlib
import pickle
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowTaskTimeout

from airflow_azureml import exceptions
from airflow_azureml.rest import errors
from airflow_azureml.rest.flow import Reply

NOT_RETRIED = {
    exceptions.AzureMLJobCanceledFinalError,
    exceptions.AzureMLSpecError,
    exceptions.AzureMLConnectionError,
    exceptions.AzureMLPermissionError,
    exceptions.AzureMLNotFoundError,
    exceptions.AzureMLAmbiguousInvocationError,
    exceptions.AzureMLNotEmulatedError,
}
RETRIED = {
    exceptions.AzureMLException,
    exceptions.AzureMLJobFailedError,
    exceptions.AzureMLJobCanceledError,
    exceptions.AzureMLJobTimeoutError,
    exceptions.AzureMLNoCapacityError,
    exceptions.AzureMLQueueTimeoutError,
    exceptions.AzureMLServiceError,
}
REPLY = Reply(400)
FAILED = exceptions.AzureMLJobFailedError(
    "train-1",
    code="UserError",
    reason="exit code 3",
    log_tail="line one\nline two",
    studio_url="http://studio/train-1",
    codes=["UserError"],
)


def subclasses(cls: type[Any]) -> set[type[Any]]:
    """A class and all below it, those of this module."""
    found: set[type[Any]] = {cls}
    for below in cls.__subclasses__():
        found |= subclasses(below)
    return {one for one in found if one.__module__ == exceptions.__name__}


def core_errors() -> list[type[errors.AzureMLError]]:
    """Every class of the core's tree."""
    return [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.AzureMLError)]


def made(cls: type[errors.AzureMLError]) -> errors.AzureMLError:
    """An error of the core with a text."""
    if issubclass(cls, errors.SpecError):
        return cls([errors.Problem("inputs.x", "a text")])
    if issubclass(cls, errors.ServiceError):
        return cls("a text", REPLY)
    if issubclass(cls, errors.NoCapacityError):
        return cls("train-1", errors.BadRequestError("a text", REPLY, ("UserError", "OutOfQuota")))
    return cls("a text")


def test_each_exception_says_whether_a_retry_can_help() -> None:
    assert subclasses(exceptions.AzureMLException) == RETRIED | NOT_RETRIED
    for cls in RETRIED | NOT_RETRIED:
        assert issubclass(cls, AirflowException)
        assert issubclass(cls, AirflowFailException) == (cls in NOT_RETRIED)
    assert issubclass(exceptions.AzureMLJobTimeoutError, AirflowTaskTimeout)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.SpecError, exceptions.AzureMLSpecError),
        (errors.SettingsError, exceptions.AzureMLConnectionError),
        (errors.UntrustedHostError, exceptions.AzureMLConnectionError),
        (errors.AuthenticationError, exceptions.AzureMLConnectionError),
        (errors.UnauthorizedError, exceptions.AzureMLConnectionError),
        (errors.ForbiddenError, exceptions.AzureMLPermissionError),
        (errors.NotFoundError, exceptions.AzureMLNotFoundError),
        (errors.BadRequestError, exceptions.AzureMLSpecError),
        (errors.NotEmulatedError, exceptions.AzureMLNotEmulatedError),
        (errors.ConflictError, exceptions.AzureMLSpecError),
        (errors.ForeignJobError, exceptions.AzureMLSpecError),
        (errors.NoCapacityError, exceptions.AzureMLNoCapacityError),
        (errors.DeadlineError, exceptions.AzureMLJobTimeoutError),
        (errors.TransientServiceError, exceptions.AzureMLServiceError),
        (errors.UnreachableError, exceptions.AzureMLServiceError),
        (errors.NoAnswerError, exceptions.AzureMLServiceError),
        (errors.PatienceError, exceptions.AzureMLServiceError),
        (errors.RecordError, exceptions.AzureMLException),
    ],
)
def test_the_cores_errors_become_ours(
    error: type[errors.AzureMLError], expected: type[exceptions.AzureMLException]
) -> None:
    assert type(exceptions.public(made(error))) is expected


def test_no_error_of_the_core_gets_out() -> None:
    assert core_errors()
    for cls in core_errors():
        with pytest.raises(exceptions.AzureMLException, match="a text") as caught, exceptions.translated():
            raise made(cls)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), exceptions.translated():
        raise KeyError("x")


@pytest.mark.parametrize(
    "error",
    [
        FAILED,
        exceptions.AzureMLJobFailedError("j", reason="m", failure="capacity"),
        exceptions.AzureMLJobCanceledFinalError("canceled"),
        exceptions.AzureMLSpecError("wrong"),
        exceptions.AzureMLServiceError("gone"),
    ],
)
def test_it_survives_the_way_between_processes(error: exceptions.AzureMLException) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), rebuilt(error)):
        assert type(other) is type(error)
        assert str(other) == str(error)
        assert vars(other) == vars(error)


def rebuilt(error: exceptions.AzureMLException) -> exceptions.AzureMLException:
    """The way in which Airflow carries an exception to another process."""
    path, arguments, keywords = error.serialize()  # type: ignore[no-untyped-call]
    module, _, name = path.rpartition(".")
    other: exceptions.AzureMLException = getattr(importlib.import_module(module), name)(*arguments, **keywords)
    return other


def test_a_failed_job_has_a_class() -> None:
    assert FAILED.failure == "user"
    assert exceptions.AzureMLJobFailedError("j").failure == "unknown"
    told = exceptions.AzureMLJobFailedError("j", code="UserError", reason="Failed. PreemptionError: gone")
    assert told.failure == "preempted"
    assert exceptions.AzureMLJobFailedError("j", code="UserError", failure="node").failure == "node"


def test_whoever_catches_a_canceled_job_catches_both() -> None:
    assert issubclass(exceptions.AzureMLJobCanceledFinalError, exceptions.AzureMLJobCanceledError)


def test_a_failed_job_says_what_happened_first() -> None:
    assert str(FAILED).splitlines() == [
        "Azure ML job train-1 ended as Failed: UserError: exit code 3",
        "Last lines of its log:",
        "    line one",
        "    line two",
        "Azure ML Studio: http://studio/train-1",
    ]
    bare = exceptions.AzureMLJobFailedError("train-1")
    assert str(bare) == "Azure ML job train-1 ended as Failed: the service gives no reason"


def test_a_queue_timeout_survives_another_process() -> None:
    error = exceptions.AzureMLQueueTimeoutError("train-2", seconds=60.0, computes=["a", "b"])
    assert str(error).endswith("(queue_timeout), and was canceled. Tried: a, b.")
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (str(other), other.seconds, other.computes) == (str(error), 60.0, ("a", "b"))
    name, given, keywords = error.serialize()
    assert name == "airflow_azureml.exceptions.AzureMLQueueTimeoutError"
    assert str(exceptions.AzureMLQueueTimeoutError(*given, **keywords)) == str(error)


SIGNED = "https://acct.blob.core.windows.net/c/f.csv?sv=2024-01-01&sig=abcdefabcdef0123456789%3D"


def test_a_request_that_is_wrong_shows_no_signature_of_what_was_given() -> None:
    said = "https://acct.blob.core.windows.net/c/f.csv?sv=2024-01-01&sig=***"
    for given in (SIGNED, {"path": SIGNED}, [SIGNED]):
        error = exceptions.AzureMLSpecError(f"job_name: {given!r} is not accepted.")
        assert said in str(error)
        for copied in (error, copy.copy(error), pickle.loads(pickle.dumps(error))):
            assert "abcdef" not in str(copied)
