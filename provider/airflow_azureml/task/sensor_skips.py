"""What Airflow's ``soft_fail``, ``never_fail`` and ``silent_fail`` do, in each mode alike.

Airflow itself heeds them around ``poke`` alone, and after a deferral in part: 2.11 knows no ``never_fail`` there, and
3.x says no more than which of them is set (``sensors/base.py``; ``sdk/bases/sensor.py``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from airflow_azureml import configuration
from airflow_azureml.version_compat import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    BaseSensorOperator,
)


class SkippingSensor(BaseSensorOperator):
    """A sensor that is skipped in place of failing for the same reasons in each mode, and says why."""

    @property
    def skips_failures(self) -> bool:
        """Whether the task is skipped where what it waits for has failed."""
        return bool(self.soft_fail or self.never_fail)

    def patience_of_look(self) -> float:
        """For how many seconds one look on a worker may go on failing: no longer than the sensor's ``timeout``, which
        Airflow compares between looks alone."""
        return min(configuration.patience(), float(self.timeout))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """Come back from the triggerer."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSkipException as skip:
            raise with_reason(skip) from None
        except AirflowException as error:
            if self.never_fail:
                raise AirflowSkipException(str(error)) from None
            raise

    @contextlib.contextmanager
    def poking(self) -> Iterator[None]:
        """Around Airflow's own ``execute``: say why it skips, and be as silent in the next try as before.

        It is no ``execute`` of this class, as 2.11 warns of each that another one calls.
        """
        silent = self.silent_fail
        try:
            yield
        except AirflowSkipException as skip:
            raise with_reason(skip) from None
        finally:
            self.silent_fail = silent

    @contextlib.contextmanager
    def looking(self) -> Iterator[None]:
        """Skip where the connection or a look fails outside of ``poke``, as Airflow does where a poke fails."""
        try:
            yield
        except AirflowSkipException:
            raise
        except Exception as error:
            if self.never_fail or (self.soft_fail and isinstance(error, AirflowFailException)):
                raise AirflowSkipException(str(error)) from None
            raise

    @contextlib.contextmanager
    def ending(self, *errors: type[Exception]) -> Iterator[None]:
        """Let these errors end the task: with ``silent_fail`` Airflow would look again, for as long as ``timeout`` is,
        at what has ended."""
        try:
            yield
        except errors:
            self.silent_fail = False
            raise


def with_reason(skip: Exception) -> AirflowSkipException:
    """The exception of a skip with the error that Airflow has put another text in the place of."""
    return AirflowSkipException(str(skip.__cause__ or skip))
