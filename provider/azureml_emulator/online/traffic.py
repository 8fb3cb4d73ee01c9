"""Traffic: the rules of an endpoint's shares, and which deployment a request goes to. No HTTP.

Source of the rules: Microsoft's YAML reference of online endpoints ("Total traffic has to either be 0 or sum up to
100"), and its page on safe rollout: mirrored traffic goes to one deployment, is at most half of the live one, and that
deployment has no live traffic. That the service refuses in these words is unproven.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from random import SystemRandom
from typing import Any

from azureml_emulator.core.errors import invalid_field

MOST_MIRRORED = 50

random = SystemRandom()


def check(properties: Mapping[str, Any], deployments: Collection[str]) -> None:
    """The shares of an endpoint follow the rules.

    :param deployments: the names that exist.
    :raises ServiceError: 400.
    """
    traffic, mirrored = properties.get("traffic") or {}, properties.get("mirrorTraffic") or {}
    known = {name.lower() for name in deployments}
    for field, rows in (("traffic", traffic), ("mirrorTraffic", mirrored)):
        for name, percent in rows.items():
            if name.lower() not in known:
                raise refusal(f"{field}.{name}", f"The endpoint has no deployment {name!r}.", "DeploymentNotFound")
            if not 0 <= percent <= 100:
                raise refusal(f"{field}.{name}", f"{percent} is no percentage.", "InvalidTraffic")
    if sum(traffic.values()) not in (0, 100):
        message = f"The shares add up to {sum(traffic.values())}; they have to add up to 0 or 100."
        raise refusal("traffic", message, "InvalidTraffic")
    used = {name: percent for name, percent in mirrored.items() if percent}
    if len(used) > 1:
        raise refusal("mirrorTraffic", "Traffic is mirrored to one deployment, not to several.", "InvalidTraffic")
    for name, percent in used.items():
        if percent > MOST_MIRRORED:
            message = f"{percent} is more than {MOST_MIRRORED}, the largest share that is mirrored."
            raise refusal(f"mirrorTraffic.{name}", message, "InvalidTraffic")
        if share(traffic, name):
            message = f"{name!r} has live traffic; a deployment has live or mirrored traffic, not both."
            raise refusal(f"mirrorTraffic.{name}", message, "InvalidTraffic")


def refusal(field: str, message: str, code: str) -> Exception:
    """400 for a rule that is broken."""
    return invalid_field(f"properties.{field}", message, code)


def share(traffic: Mapping[str, int], deployment: str) -> int:
    """The percentage that goes to a deployment."""
    return sum(percent for name, percent in traffic.items() if name.lower() == deployment.lower())


def drawn(traffic: Mapping[str, int]) -> str | None:
    """The deployment that a request goes to, by the shares; None where all are 0."""
    names = [name for name, percent in traffic.items() if percent > 0]
    return random.choices(names, [traffic[name] for name in names])[0] if names else None


def mirror(mirrored: Mapping[str, int]) -> str | None:
    """The deployment that a request is mirrored to, if it is."""
    return next((name for name, percent in mirrored.items() if random.randrange(100) < percent), None)
