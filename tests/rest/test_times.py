"""The service's times, in every spelling that was seen, on every Python."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_azureml.rest import times
from tests.rest.driving import reply

UTC = timezone.utc


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-04-19T21:23:36.5867466+00:00", datetime(2023, 4, 19, 21, 23, 36, 586746, UTC)),
        ("2023-04-19T21:23:36.5Z", datetime(2023, 4, 19, 21, 23, 36, 500000, UTC)),
        ("2023-04-19T21:23:36Z", datetime(2023, 4, 19, 21, 23, 36, 0, UTC)),
        ("2023-04-19T21:23:36", datetime(2023, 4, 19, 21, 23, 36, 0, UTC)),
        ("2023-04-19 21:23:36.123456789 +0200", datetime(2023, 4, 19, 19, 23, 36, 123456, UTC)),
        ("2023-04-19T21:23-03:30", datetime(2023, 4, 20, 0, 53, 0, 0, UTC)),
    ],
)
def test_parse(text: str, expected: datetime) -> None:
    assert times.parse(text) == expected
    assert times.parse(text).utcoffset() == timedelta()


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2023-04-19", "2023-13-19T21:23:36Z", "2023-04-19T25:00:00Z", "12:00"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        times.parse(text)
    assert times.parse_optional(text) is None


@pytest.mark.parametrize("value", [None, 5, [], {}])
def test_missing_times(value: object) -> None:
    assert times.parse_optional(value) is None


@settings(deadline=None)
@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1900, 1, 2), max_value=datetime(2200, 1, 1)))
def test_round_trip(local: datetime) -> None:
    moment = local.astimezone(UTC)
    text = times.iso(local)
    assert times.parse(text) == moment
    assert text.endswith("+00:00")
    # Readable by the standard library of every supported Python.
    assert datetime.fromisoformat(text) == moment


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        times.iso(datetime(2023, 1, 1))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "17"}, 17.0),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "Fri, 01 Jan 2021 00:01:00 GMT", "Date": "Fri, 01 Jan 2021 00:00:30 GMT"}, 30.0),
        ({"Retry-After": "Fri, 01 Jan 2021 00:01:00 GMT"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert times.retry_after(reply(headers=headers)) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT1H", 3600.0),
        ("PT1M40S", 100.0),
        ("P1D", 86400.0),
        ("P1DT2H", 93600.0),
        ("P1W", 604800.0),
        ("PT0.5S", 0.5),
        ("P", None),
        ("PT", None),
        ("P1M", None),
        ("60", None),
        (60, None),
        (None, None),
    ],
)
def test_a_length_of_time(text: object, seconds: float | None) -> None:
    assert times.seconds_of(text) == seconds
