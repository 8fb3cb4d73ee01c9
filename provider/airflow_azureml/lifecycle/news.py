"""What a person who reads the task log at night is told while a job is waited for: one line per thing that happened."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from airflow_azureml.lifecycle.records import (
    Changing,
    InvocationTrouble,
    Invoked,
    Invoking,
    LogLines,
    LogTrouble,
    LookTrouble,
    QueueNote,
    StatusChange,
    Submitting,
    Warned,
)


def lines(record: Any) -> Iterator[tuple[int, str]]:
    """Say a record of a flow's ``News`` in words: pairs of log level and text; nothing for a record without a word."""
    if isinstance(record, Submitting):
        yield logging.INFO, f"Submitting Azure ML job {record.job_name}."
    elif isinstance(record, Warned):
        yield logging.WARNING, record.message
    elif isinstance(record, Changing):
        yield logging.INFO, f"{record.what} is there already and is changed. {'; '.join(record.changes)}."
    elif isinstance(record, Invoking):
        yield logging.INFO, f"Invoking Azure ML batch endpoint {record.endpoint}; the mark of its job is {record.mark}."
    elif isinstance(record, Invoked):
        yield logging.INFO, f"The Azure ML batch job is {record.job_name}."
    elif isinstance(record, InvocationTrouble):
        yield logging.WARNING, f"Looking for a job of {record.endpoint} for {record.seconds:.0f} s: {record.message}"
    elif isinstance(record, StatusChange):
        yield logging.INFO, f"Azure ML job {record.job_name} is {record.status}."
    elif isinstance(record, QueueNote):
        yield logging.INFO, f"Azure ML job {record.job_name} is still queued: {record.message}"
    elif isinstance(record, LookTrouble):
        left = f"{record.patience_left:.0f} s"
        yield logging.WARNING, f"Cannot look at Azure ML job {record.job_name}, trying on for {left}: {record.message}"
    elif isinstance(record, LogTrouble):
        yield logging.INFO, f"The log of Azure ML job {record.job_name} cannot be read for now: {record.message}"
    elif isinstance(record, LogLines):
        file = record.file.rpartition("/")[2]
        for line in record.lines:
            yield logging.INFO, f"{file} | {line}"
