"""The checkout of the task that runs in this process: what its DAG bundle knows of the files that it names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_azureml.version_compat import AirflowException, get_current_context

if TYPE_CHECKING:
    from airflow_azureml.local.checkouts import Checkout


def own_checkout() -> Checkout | None:
    """What is known of the checkout; None outside of tasks, of a bundle that is none of git, and on Airflow 2.11."""
    from airflow_azureml.local.checkouts import checkout_of

    try:
        ti = get_current_context()["ti"]
    except (RuntimeError, AirflowException):  # no task runs here: 3.x, 2.11
        return None
    return checkout_of(getattr(ti, "bundle_instance", None))
