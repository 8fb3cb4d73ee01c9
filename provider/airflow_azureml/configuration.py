"""Poll interval, patience and resubmissions of tasks: from an operator's keywords, or Airflow's configuration.

Section ``[azureml]`` has ``poll_interval`` (default 30) and ``patience`` (default 900), both in seconds, and
``max_requests_per_second`` (default 5) for the looks of all that wait in one process; ``max_resubmissions`` (default 3)
is a number of jobs; ``cancel_jobs_of_marked_tasks`` (default true) is for the API server; ``prices`` (default none) is
a table of what an hour of a node costs.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow_azureml.version_compat import conf

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.costs.prices import Prices
    from airflow_azureml.lifecycle.wait import WaitOptions

POLL_INTERVAL, PATIENCE, MAX_REQUESTS_PER_SECOND, MAX_RESUBMISSIONS = 30.0, 900.0, 5.0, 3

WORDS = {"t": True, "true": True, "1": True, "f": False, "false": False, "0": False}
"""What Airflow takes for true and false, in small or capital letters (``getboolean`` of its configuration)."""


def poll_interval(given: Any = None) -> float:
    """Seconds between two looks at a job, at most: the keyword, else Airflow's configuration.

    :raises rest.errors.SpecError: it is not a number above 0.
    """
    return _seconds("poll_interval", given, POLL_INTERVAL, zero=False)


def sensor_interval(poll: Any, poke: Any) -> float:
    """Seconds between two looks of a sensor while it is deferred.

    :param poll: its ``poll_interval``; None for its ``poke_interval``.
    :param poke: its ``poke_interval``; nothing leaves them to Airflow's configuration.
    :raises rest.errors.SpecError: as ``poll_interval``.
    """
    return poll_interval(poll if poll is not None else poke or None)


def patience(given: Any = None) -> float:
    """Seconds for which looks may go on failing: the keyword, else Airflow's configuration.

    :raises rest.errors.SpecError: it is not a number from 0.
    """
    return _seconds("patience", given, PATIENCE, zero=True)


def max_resubmissions(given: Any = None) -> int:
    """How often one try submits its job again that the platform has ended: the keyword, else Airflow's configuration.

    :raises rest.errors.SpecError: it is not a whole number from 0.
    """
    field, given = _given_or_configured("max_resubmissions", given, MAX_RESUBMISSIONS)
    if not isinstance(given, int) or isinstance(given, bool) or given < 0:
        raise _not_accepted(field, given, "a whole number, 0 or more")
    return given


def log_files(given: Any = None) -> tuple[str, ...]:
    """The glob patterns of the log files to copy: one, or several; none for those that the kind of job has.

    :raises rest.errors.SpecError: the keyword is neither a pattern nor a list of patterns.
    """
    patterns = (given,) if isinstance(given, str) else given
    if patterns is None:
        return ()
    if not isinstance(patterns, (list, tuple)) or not all(isinstance(one, str) and one for one in patterns):
        raise _not_accepted("log_files", given, "a glob pattern such as 'user_logs/*', or a list of them")
    return tuple(patterns)


def queue_timeout(given: Any) -> float | None:
    """Seconds that a job has from its submission until it runs; None for any number.

    :param given: seconds or a timedelta.
    :raises rest.errors.SpecError: it is not more than 0.
    """
    seconds = given.total_seconds() if isinstance(given, timedelta) else _plain(given)
    if seconds is None:
        return None
    if not _is_number(seconds) or seconds <= 0:
        from airflow_azureml.rest.errors import Problem, SpecError

        accepted = "a number of seconds, or a timedelta, of more than 0, or None for no limit"
        text = f"{given!r} is not accepted. Accepted: {accepted}."
        raise SpecError([Problem("queue_timeout", text)])
    return float(seconds)


def max_requests_per_second() -> float:
    """Requests in a second, on the average, for the status of the jobs that are awaited in one process.

    It counts for each workspace and identity; Airflow's configuration has it.

    :raises rest.errors.SettingsError: it is not more than 0.
    """
    field, limit = _given_or_configured("max_requests_per_second", None, MAX_REQUESTS_PER_SECOND)
    if isinstance(limit, str) or not limit > 0:
        from airflow_azureml.rest.errors import SettingsError

        raise SettingsError(f"{field}: {limit!r} is not accepted. Accepted: a number of more than 0.")
    return float(limit)


def cancels_jobs_of_marked_tasks() -> bool:
    """Whether the API server cancels the job of a task that a user marks: ``[azureml] cancel_jobs_of_marked_tasks``.

    :raises rest.errors.SettingsError: it is neither true nor false.
    """
    given = conf.get("azureml", "cancel_jobs_of_marked_tasks", fallback=True)
    found = WORDS.get(str(given).split("#")[0].strip().lower())
    if found is None:
        from airflow_azureml.rest.errors import SettingsError

        text = f"{given!r} is not accepted. Accepted: True or False."
        raise SettingsError(f"[azureml] cancel_jobs_of_marked_tasks: {text}")
    return found


def prices() -> Prices | None:
    """The table of prices of node hours: ``[azureml] prices``; None where there is none.

    :raises rest.errors.SettingsError: it is not such a table.
    """
    from airflow_azureml.lifecycle.costs.prices import Prices

    text = str(conf.get("azureml", "prices", fallback="") or "").strip()
    return Prices.from_text(text) if text else None


def wait_options(interval: Any = None, limit: Any = None, files: Any = None, **others: Any) -> WaitOptions:
    """How to wait for a job.

    :param interval: the keyword ``poll_interval``, None for the configuration's.
    :param limit: the keyword ``patience``, None for the configuration's.
    :param files: the keyword ``log_files``.
    :param others: further fields of ``WaitOptions``.
    :raises rest.errors.SpecError: as ``poll_interval``, ``patience`` and ``log_files``.
    """
    from airflow_azureml.lifecycle.wait import WaitOptions

    return WaitOptions(
        clock=time.time,
        poll_interval=poll_interval(interval),
        patience=patience(limit),
        log_files=log_files(files),
        **others,
    )


def _seconds(name: str, given: Any, fallback: float, *, zero: bool) -> float:
    """A keyword, or where it is None what Airflow's configuration has under its name.

    :param zero: whether 0 is accepted.
    """
    field, given = _given_or_configured(name, given, fallback)
    if not _is_number(given) or given < 0 or (given == 0 and not zero):
        raise _not_accepted(field, given, f"a number of seconds, {'0 or more' if zero else 'more than 0'}")
    return float(given)


def _given_or_configured(name: str, given: Any, fallback: float) -> tuple[str, Any]:
    """A keyword under its name, or where it is None what Airflow's configuration has, under that of section and key.

    Airflow's own ``getfloat`` raises an error of its own where that is no number: here it stays a text, to be refused.
    """
    if given is not None:
        return name, _plain(given)
    text = str(conf.get("azureml", name, fallback=fallback)).strip()
    for read in (int, float):
        with suppress(ValueError):
            return f"[azureml] {name}", read(text)
    return f"[azureml] {name}", text


def _plain(given: Any) -> Any:
    from airflow_azureml.jobspec.document.plain_values import plain_values

    return plain_values(given)


def _is_number(value: Any) -> bool:
    """Whether a value is a number of seconds that a clock can count: none that is infinite, or beyond a float."""
    try:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _not_accepted(name: str, given: Any, accepted: str) -> Exception:
    from airflow_azureml.rest.errors import Problem, SpecError

    return SpecError([Problem(name, f"{given!r} is not accepted. Accepted: {accepted}.")])
