"""The messages that troubleshooting explains are in the code, word for word."""

from __future__ import annotations

import re

import pytest

from airflow_azureml import exceptions
from tests import REPOSITORY

TEXT = (REPOSITORY / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
SECTIONS = ("Signing in and the network", "Before a job is submitted", "While a job waits or runs")
CODE = re.sub(
    r'"\s*\n\s*f?"',
    "",
    "\n".join(file.read_text(encoding="utf-8") for file in (REPOSITORY / "provider" / "airflow_azureml").rglob("*.py")),
).replace("`", "")
"""The provider's sources, with texts that go on in the next line put together."""


def messages() -> list[str]:
    """The first cells of the tables of messages, without those of Airflow."""
    parts = [re.split(r"^## ", TEXT, flags=re.MULTILINE)]
    chosen = [part for part in parts[0] if part.startswith(SECTIONS)]
    cells = [row.split(" | ")[0] for part in chosen for row in re.findall(r"^\| (`.+) \|$", part, re.MULTILINE)]
    return [cell.strip("` ") for cell in cells if "Airflow's" not in cell]


@pytest.mark.parametrize("message", messages())
def test_a_message_is_in_the_code(message: str) -> None:
    for piece in re.split(r"\s*…\s*", message.replace("`", "")):
        words = piece.strip(" .,")
        assert not words or re.search(re.escape(words).replace(r"\ ", r"\s+"), CODE), words


def test_there_are_messages() -> None:
    assert len(messages()) > 20


def test_every_exception_is_explained() -> None:
    """Whoever searches for the name in a log finds it; those that others stand below are explained by these."""
    raised = {
        name
        for name, kind in vars(exceptions).items()
        if isinstance(kind, type) and issubclass(kind, exceptions.AzureMLException) and not name.startswith("_")
    }
    told = set(re.findall(r"^### (AzureML\w+)$", TEXT, re.MULTILINE))
    assert raised - told == {"AzureMLException", "AzureMLJobCanceledError"}
    assert told <= raised
