"""The command ``coverage``: what of Azure ML's REST API is answered here, read from the routes themselves."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import azureml_emulator
from azureml_emulator.console.exit_codes import OK

if TYPE_CHECKING:
    from azureml_emulator.core.routing import Route

OURS = ("CONTROL", "STUDIO")
"""Planes that are the emulator's own."""


def show_coverage(options: argparse.Namespace) -> int:
    """Print each operation: whose it is, method and path; needs no emulator that runs."""
    theirs = [route for route in all_routes() if route.plane.name not in OURS]
    # A name that ends in an underscore is checked by the dispatcher, which is nothing to who reads it.
    rows = sorted({(route.plane.name.lower(), route.path.replace("_}", "}"), route.method) for route in theirs})
    if options.json:
        print(json.dumps([{"plane": plane, "method": method, "path": path} for plane, path, method in rows], indent=2))
        return OK
    for plane, path, method in rows:
        print(f"{plane:<8} {method:<6} {path}")
    return OK


def all_routes() -> Iterator[Route[Any]]:
    """The ``ROUTES`` of every module of the emulator's rooms."""
    for module in pkgutil.walk_packages(azureml_emulator.__path__, "azureml_emulator."):
        if ".injob" not in module.name:  # what runs inside a job, with the job's libraries
            yield from getattr(importlib.import_module(module.name), "ROUTES", ())
