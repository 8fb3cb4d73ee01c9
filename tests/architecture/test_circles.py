"""No module and no room leads back to itself, also not by imports inside functions and those for annotations."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from itertools import takewhile

import grimp

PACKAGES = ("airflow_azureml", "airflow_provider_azureml", "azureml_emulator")

Arrows = Mapping[str, set[str]]
"""Who imports whom: name to names."""


@functools.cache
def imports() -> dict[str, set[str]]:
    """Module to the modules that it imports, wherever in its file."""
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=False, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def siblings(arrows: Arrows) -> dict[str, dict[str, set[str]]]:
    """Package to the arrows between its children: a module stands for each package around it."""
    found: dict[str, dict[str, set[str]]] = {}
    for importer, imported in ((importer, name) for importer, names in arrows.items() for name in names):
        ones, others = importer.split("."), imported.split(".")
        shared = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(ones, others, strict=False))))
        if 0 < shared < min(len(ones), len(others)):
            package = found.setdefault(".".join(ones[:shared]), {})
            package.setdefault(ones[shared], set()).add(others[shared])
    return found


def way(arrows: Arrows, begin: str, end: str) -> list[str]:
    """A shortest way of at least one arrow, both ends included; empty where there is none."""
    ways = [[begin]]
    seen: set[str] = set()
    for path in ways:
        for name in sorted(arrows.get(path[-1], ())):
            if name == end:
                return [*path, name]
            if name not in seen:
                seen.add(name)
                ways.append([*path, name])
    return []


def circles(arrows: Arrows) -> Iterator[list[str]]:
    """Of each name that leads back to itself, a shortest circle; those of the same names once."""
    seen: set[frozenset[str]] = set()
    for circle in filter(None, (way(arrows, name, name) for name in sorted(arrows))):
        if frozenset(circle) not in seen:
            seen.add(frozenset(circle))
            yield circle


def test_a_circle_is_found() -> None:
    arrows = {"p.a.x": {"p.b.y"}, "p.b.z": {"p.a.w"}, "p.a": {"p.a.x"}}
    assert list(circles(arrows)) == []
    assert list(circles(siblings(arrows)["p"])) == [["a", "b", "a"]]
    assert way({"a": {"b"}, "b": {"c"}, "c": {"b"}}, "b", "b") == ["b", "c", "b"]


def test_imports_inside_functions_are_seen() -> None:
    assert "airflow_azureml.client" in imports()["airflow_azureml.hooks.azureml"]


def test_no_package_has_a_circle_among_its_children() -> None:
    found = [
        f"{package}: {' → '.join(circle)}"
        for package, arrows in siblings(imports()).items()
        for circle in circles(arrows)
    ]
    assert not found, "Circles of imports:\n" + "\n".join(found)


def test_no_module_leads_back_to_itself() -> None:
    """Also not by way of the package it stands in, which a look at siblings does not see."""
    found = list(circles(imports()))
    assert not found, "Circles of imports:\n" + "\n".join(" → ".join(circle) for circle in found)
