"""What clients of the first api-version ask for, and read, otherwise than later ones."""

from __future__ import annotations

from aiohttp import web

FIRST_VERSION = "2020-08-01"
"""The api-version of azure-mgmt-machinelearningservices 1.0.0 and 1.0.1."""


def is_first_version(request: web.Request) -> bool:
    """Whether a client speaks ``FIRST_VERSION``, or an earlier one."""
    return request.query.get("api-version", "")[: len(FIRST_VERSION)] <= FIRST_VERSION
