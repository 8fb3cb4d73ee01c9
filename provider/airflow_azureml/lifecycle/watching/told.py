"""What a watcher has told already: a small record that is kept between restarts, and the rule of what is news.

The rule knows no clock of ours: a thing is news when it is not among those told, and not older than the newest of them
by more than ``OVERLAP``, which leaves room for things that become visible later than others made after them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

from airflow_azureml.rest import times
from airflow_azureml.rest.errors import RecordError

OVERLAP = timedelta(hours=1)
"""How much later than something younger a thing may become visible, and still be told."""

MEMORY = "azureml_watcher_"
"""What the names of these records begin with."""

MOST_UNDATED = 2000
"""Things without a time that are remembered: versions of a model that have been in a stage."""


@dataclass(frozen=True)
class Watch:
    """What somebody wants news of.

    :param kind: ``jobs`` are those of an experiment.
    :param name: of the asset or the experiment.
    :param stage: of a model: only versions in this stage.
    :param statuses: of jobs: only those that ended so.
    """

    kind: Literal["data", "models", "jobs"]
    name: str
    stage: str | None = None
    statuses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sighting:
    """One thing that was seen.

    :param key: tells it from all others of its watch.
    :param at: when it was made, or ended; None where that does not order the news.
    :param facts: what is to be told of it, as plain values.
    """

    key: str
    at: datetime | None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """What has been told.

    :param newest: the latest time of all that was told, or was there before the watch began; None: there was nothing.
    :param keys: those within ``OVERLAP`` of it, and those without a time, each with its time.
    """

    newest: datetime | None = None
    keys: Mapping[str, datetime | None] = field(default_factory=dict)

    @classmethod
    def all_of(cls, sightings: Iterable[Sighting]) -> Told:
        """Begin to watch: what there is now is no news."""
        keys = {one.key: one.at for one in sightings}
        newest = max((at for at in keys.values() if at is not None), default=None)
        return cls().joined(cls(newest, keys))

    @property
    def horizon(self) -> datetime | None:
        """The time before which nothing is news; None where everything is."""
        return None if self.newest is None else self.newest - OVERLAP

    def news(self, sightings: Iterable[Sighting]) -> list[Sighting]:
        """Those that are to be told, the oldest first."""
        first = datetime.min.replace(tzinfo=timezone.utc)
        fresh = {one.key: one for one in sightings if one.key not in self.keys and self._is_young(one.at)}
        return sorted(fresh.values(), key=lambda one: one.at or first)

    def and_told(self, one: Sighting) -> Told:
        """The same after one more was told."""
        return self.joined(Told(one.at, {one.key: one.at}))

    def joined(self, other: Told) -> Told:
        """What either of two has told."""
        newest = max((moment for moment in (self.newest, other.newest) if moment is not None), default=None)
        both = Told(newest, {**self.keys, **other.keys})
        kept = {key: at for key, at in both.keys.items() if both._is_young(at)}
        undated = [key for key, at in kept.items() if at is None]
        for key in undated[: max(0, len(undated) - MOST_UNDATED)]:
            del kept[key]
        return Told(newest, kept)

    def _is_young(self, at: datetime | None) -> bool:
        horizon = self.horizon
        return at is None or horizon is None or at >= horizon

    def to_dict(self) -> dict[str, Any]:
        """The record as plain values."""
        newest = None if self.newest is None else times.iso(self.newest)
        return {"newest": newest, "keys": {key: at and times.iso(at) for key, at in self.keys.items()}}

    @classmethod
    def from_dict(cls, value: Any) -> Told:
        """Read the record back.

        :raises RecordError: it is none of ours.
        """
        try:
            keys = {str(key): at and times.parse(at) for key, at in value["keys"].items()}
            return cls(value["newest"] and times.parse(value["newest"]), keys)
        except (AttributeError, KeyError, TypeError, ValueError):
            raise RecordError(f"What a watcher has told is {value!r}; expected newest and keys.") from None
