"""How long looks at a job have been failing, and whether that is still tolerated."""

from __future__ import annotations

from typing import Protocol

from airflow_azureml.lifecycle.news import LookTrouble
from airflow_azureml.lifecycle.pacing.pace import Clock
from airflow_azureml.rest.errors import AzureMLError, NotFoundError, PatienceError, SettingsError
from airflow_azureml.rest.flow import News, Steps


class Tolerance(Protocol):
    """For how long looks may fail."""

    @property
    def clock(self) -> Clock:
        """Returns epoch seconds."""
        ...

    @property
    def patience(self) -> float:
        """Seconds for which looks may go on failing."""
        ...

    @property
    def missing_ok_for(self) -> float:
        """Seconds for which the job may be missing."""
        ...


class BadSpell:
    """The looks at one job that have failed since the last good one."""

    __slots__ = ("_failing_since", "_missing_since", "_name", "_options")

    def __init__(self, name: str, options: Tolerance) -> None:
        self._name = name
        self._options = options
        self._failing_since: float | None = None
        self._missing_since: float | None = None

    def renew(self) -> None:
        """Begin anew, after a good look."""
        self._failing_since = self._missing_since = None

    @property
    def lasts(self) -> bool:
        """Whether the last look failed."""
        return self._failing_since is not None or self._missing_since is not None

    def met(self, error: AzureMLError) -> Steps[None]:
        """Count a failed look, and report it the first time in a spell.

        :raises SettingsError: the connection itself is wrong, so that no look can succeed.
        :raises PatienceError: the patience is used up.
        :raises NotFoundError: the job has been missing for too long.
        """
        if isinstance(error, SettingsError):
            raise error
        trouble = self._spend(error)
        if trouble is not None:
            yield News(trouble)

    def _spend(self, error: AzureMLError) -> LookTrouble | None:
        """What to report of a failed look."""
        now = self._options.clock()
        if isinstance(error, NotFoundError):
            begun = self._missing_since is None
            self._missing_since = now if self._missing_since is None else self._missing_since
            left = self._missing_since + self._options.missing_ok_for - now
            if left <= 0:
                raise error from None
        else:
            begun = self._failing_since is None
            self._failing_since = now if self._failing_since is None else self._failing_since
            left = self._failing_since + self._options.patience - now
            if left <= 0:
                text = (
                    f"Reading job {self._name} kept failing for {self._options.patience:g} seconds. Last error: {error}"
                )
                raise PatienceError(text) from None
        return LookTrouble(self._name, str(error), left) if begun else None
