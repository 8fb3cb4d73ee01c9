"""Stored access policies of containers: what a signature that names one may do, and when.

Source: https://learn.microsoft.com/rest/api/storageservices/define-stored-access-policy and
https://learn.microsoft.com/rest/api/storageservices/set-container-acl.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST, LONGEST_ID = 5, 64
"""How many policies a container has at most, and how many characters their ids."""

FIELDS = {"st": "Start", "se": "Expiry", "sp": "Permission"}
"""Fields of a signature, and what a policy calls the same."""


class PolicyError(Exception):
    """A signature that does not fit its policy; the text says why."""


@dataclass(frozen=True)
class Policy:
    """A stored access policy.

    :param terms: those of ``Start``, ``Expiry`` and ``Permission`` that it sets, as they were written.
    """

    id: str
    terms: Mapping[str, str]


def with_policy(fields: Mapping[str, str], policies: Sequence[Policy]) -> dict[str, str]:
    """The fields of a signature with what the policy says that it names (``si``).

    Source of the text for what both say: an answer of the service, quoted in Microsoft's own storage emulator and by
    its users. For a policy that is not there it is assumed.

    :raises PolicyError: there is no such policy, or both say the same field.
    """
    policy = next((each for each in policies if each.id == fields["si"]), None)
    if policy is None:
        raise PolicyError("There is no stored access policy of this name.")
    said = {field: policy.terms[term] for field, term in FIELDS.items() if term in policy.terms}
    if any(fields.get(field) for field in said):
        raise PolicyError("Access policy fields can be associated with signature or SAS identifier but not both")
    return {**fields, **said}
