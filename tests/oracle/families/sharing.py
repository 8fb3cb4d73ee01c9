"""Models shared with a registry, under their own names and versions and under others."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from tests.oracle.judge import Case
from tests.oracle.sharing import Shared

NAMES = ("cards", "cards-2.v_1", "A")
VERSIONS = ("1", "12", "2024-01-01")
REGISTRIES = ("team-models", "R1")


def cases() -> Iterator[Case]:
    """All of them."""
    others = ((None, None), ("prod", None), (None, "7"), ("prod.cards", "1.0.0"))
    for name, version, registry, (to, edition) in itertools.product(NAMES, VERSIONS, REGISTRIES, others):
        given = {"name": name, "version": version, "registry_name": registry}
        yield Shared(
            f"{name}:{version} as {to}:{edition} to {registry}",
            {**given, "share_with_name": to, "share_with_version": edition},
        )
