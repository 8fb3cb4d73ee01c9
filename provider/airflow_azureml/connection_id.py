"""What names a connection: its id, and never the connection itself, which may hold a password."""

from __future__ import annotations

import re
from collections.abc import Mapping

from airflow_azureml.exceptions import AzureMLConnectionError

WRITTEN_OUT = re.compile(r""":.*[@?]|^\s*\{\s*["']""", re.DOTALL)
"""A connection as a URI or as JSON. Airflow allows no ``@``, ``?`` or ``{`` in an id. Source: Airflow 3.3,
``airflow.models.connection``, ``RE_SANITIZE_CONN_ID``."""

REFUSAL = (
    "azureml_conn_id: a connection itself is given, which may hold a password and is not shown. "
    "Accepted: the id of a connection that Airflow keeps."
)


def is_written_out(given: object) -> bool:
    """Whether a connection is given, as a text, a mapping or an object, and not its id."""
    if isinstance(given, str):
        return bool(WRITTEN_OUT.search(given))
    return isinstance(given, Mapping) or hasattr(given, "password")


def refuse_written_out(given: object, *, is_template: bool = False) -> None:
    """Refuse a connection in place of its id, before Airflow stores or logs it with its password.

    :param is_template: it is not rendered yet: what holds an expression of Jinja is looked at when it is.
    :raises AzureMLConnectionError: it is one.
    """
    unrendered = is_template and isinstance(given, str) and ("{{" in given or "{%" in given)
    if not unrendered and is_written_out(given):
        raise AzureMLConnectionError(REFUSAL)
