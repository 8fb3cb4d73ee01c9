"""A table of the user's own: what an hour of a node costs, by VM size, and by tier where that matters.

    {"Standard_DS3_v2": 0.29, "Standard_NC6s_v3": {"dedicated": 3.06, "low_priority": 0.61}}

Microsoft's prices differ by region, agreement and reservation, so none are built in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.rest.errors import SettingsError
from airflow_azureml.rest.json_values import finite

DEDICATED, LOW_PRIORITY = "dedicated", "low_priority"
TIERS = (DEDICATED, LOW_PRIORITY)

_ACCEPTED = (
    'a JSON object of prices of a node hour, such as {"Standard_DS3_v2": 0.29, '
    '"Standard_NC6s_v3": {"dedicated": 3.06, "low_priority": 0.61}}'
)


@dataclass(frozen=True)
class Prices:
    """Prices of a node hour: VM size in lower case → tier → price, in whatever currency the user means."""

    table: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def from_text(cls, text: str) -> Prices:
        """Read the table.

        :raises SettingsError: names what is wrong with it.
        """
        try:
            given = json.loads(text)
        except ValueError as error:
            raise _refused(f"is no JSON ({error})") from None
        if not isinstance(given, Mapping):
            raise _refused(f"{text!r} is not accepted")
        table: dict[str, dict[str, float]] = {}
        for size, price in given.items():
            if size.lower() in table:
                raise _refused(f"{size}: it is given twice")
            table[size.lower()] = _by_tier(size, price)
        return cls(table)

    def of(self, vm_size: str | None, tier: str) -> float | None:
        """The price of an hour of one node; None where the table does not have it."""
        return self.table.get((vm_size or "").lower(), {}).get(tier)


def _by_tier(size: str, given: Any) -> dict[str, float]:
    """The prices of a size, by tier."""
    prices = given if isinstance(given, Mapping) else dict.fromkeys(TIERS, given)
    for tier, price in prices.items():
        if tier not in TIERS:
            raise _refused(f"{size}: the tier {tier!r} is not accepted, but {' and '.join(TIERS)} are")
        if isinstance(price, str) or finite(price) is None or price < 0:
            raise _refused(f"{size}: {price!r} is not accepted")
    return {tier: float(price) for tier, price in prices.items()}


def _refused(problem: str) -> SettingsError:
    return SettingsError(f"[azureml] prices: {problem}. Accepted: {_ACCEPTED}.")
