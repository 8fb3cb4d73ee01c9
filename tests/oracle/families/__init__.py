"""Families of job files, one a module: ``cases()`` gives them, in an order that is always the same."""

from __future__ import annotations

import importlib
import pkgutil

from tests.oracle.judge import Case

FAMILIES = sorted(module.name for module in pkgutil.iter_modules(__path__))


def family(name: str) -> list[Case]:
    """All cases of a family."""
    return list(importlib.import_module(f"{__name__}.{name}").cases())
