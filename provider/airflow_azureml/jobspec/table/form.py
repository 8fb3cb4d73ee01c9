"""The forms in which a value is written into a request, and how each spells the service's names."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache


class Form(Enum):
    """Where a value is written.

    ``JOB``: in a job that stands alone, or another resource, by the service's own names (``displayName``).
    ``NODE``: in a node of a pipeline, by the same names in snake case (``display_name``). A binding may stand in the
    place of most values there.
    ``COMPONENT``: in the specification of a component, by the names and words of the YAML file.

    Source: azure-ai-ml 1.35.2, which writes each of them so.
    """

    JOB = "job"
    NODE = "node"
    COMPONENT = "component"


KEEP_CAMEL = frozenset(("componentId", "computeId", "maxInstanceCount"))
"""Names that stay in camel case in the nodes of a pipeline. Source: azure-ai-ml 1.35.2 sends them so."""


@cache
def node_name(api_name: str) -> str:
    """Spell one of the service's names, given in camel case, as the nodes of a pipeline do."""
    if api_name in KEEP_CAMEL:
        return api_name
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in api_name)


def snake(word: str) -> str:
    """Fold ``UserIdentity`` and ``user_identity`` to the latter. Source: azure-ai-ml 1.35.2, ``camel_to_snake``."""
    word = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", word)
    return re.sub("([a-z0-9])([A-Z])", r"\1_\2", word).lower()
