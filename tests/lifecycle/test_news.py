"""Every record of news has words for the person who reads the task log."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from airflow_azureml.lifecycle.news import LogLines, LogTrouble, LookTrouble, QueueNote, StatusChange, Submitting, lines


@pytest.mark.parametrize(
    ("record", "level", "said"),
    [
        (Submitting("j", 1), logging.INFO, ["j"]),
        (StatusChange("j", "Running", "Queued"), logging.INFO, ["j", "Running"]),
        (QueueNote("j", 900, "No nodes."), logging.INFO, ["j", "queued, for 15 minutes: No nodes."]),
        (QueueNote("j", 300, None), logging.INFO, ["j", "queued, for 5 minutes: the service gives no reason."]),
        (LookTrouble("j", "busy", 870.4), logging.WARNING, ["j", "busy", "870 s"]),
        (LogTrouble("j", "refused"), logging.INFO, ["j", "refused"]),
    ],
)
def test_news_in_words(record: Any, level: int, said: list[str]) -> None:
    ((found, text),) = lines(record)
    assert found == level
    assert all(word in text for word in said)


def test_log_lines_name_their_file() -> None:
    told = list(lines(LogLines("j", "user_logs/std_log.txt", ("a", "b"))))
    assert told == [(logging.INFO, "std_log.txt | a"), (logging.INFO, "std_log.txt | b")]


def test_a_record_without_words_is_passed_over() -> None:
    assert list(lines(object())) == []
