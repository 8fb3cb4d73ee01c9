"""What pages say of a job, as plain values. No HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azureml_emulator.jobs.models import Job


@dataclass(frozen=True)
class Data:
    """An input or output.

    :param kind: such as ``uri_folder``; ``literal`` for a value.
    :param text: the value, or the address; empty as long as there is none.
    """

    name: str
    kind: str
    text: str
    asset: str


def data_rows(declared: Mapping[str, Any] | None, made: Mapping[str, Mapping[str, str]]) -> list[Data]:
    """The inputs or outputs of a job, with the places of those that were made."""
    asked = declared or {}
    rows = {name: {**(asked.get(name) or {}), **made.get(name, {})} for name in {**asked, **made}}
    return [data_row(name, row) for name, row in rows.items()]


def data_row(name: str, row: Mapping[str, Any]) -> Data:
    """One input or output."""
    kind = str(row.get("jobInputType") or row.get("jobOutputType") or row.get("type") or "")
    text = row.get("value") if kind == "literal" else row.get("uri")
    return Data(name, kind, "" if text is None else str(text), str(row.get("assetId") or ""))


def error_text(job: Job) -> str:
    """Why a job failed; empty unless it did."""
    return str(job.error.get("message") or json.dumps(job.error)) if job.error else ""
