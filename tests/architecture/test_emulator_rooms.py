"""The grammar of the emulator's rooms: what layers and circles do not say of routes, backends and models."""

from __future__ import annotations

import functools

import grimp

PACKAGE = "azureml_emulator"


@functools.cache
def imports() -> dict[str, set[str]]:
    """Module to the modules and libraries that it imports, wherever in its file."""
    graph = grimp.build_graph(
        PACKAGE, exclude_type_checking_imports=False, include_external_packages=True, cache_dir=None
    )
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def room(module: str) -> str:
    """The room that a module is in."""
    return module.split(".")[1]


def modules(*endings: str) -> list[str]:
    """The modules whose names end so."""
    return [name for name in imports() if name.startswith(f"{PACKAGE}.") and name.endswith(endings)]


def test_no_routes_ask_the_routes_of_another_room() -> None:
    routes = modules("routes")
    found = [(one, other) for one in routes for other in imports()[one] if other in routes and room(one) != room(other)]
    assert len(routes) > 10
    assert found == []


def test_only_the_command_line_asks_the_whole_emulator() -> None:
    assert {room(name) for name, asked in imports().items() if f"{PACKAGE}.app" in asked} == {"console"}


def test_backends_and_models_have_no_http() -> None:
    pure = modules(".backend", ".models")
    assert len(pure) > 10
    assert [name for name in pure if "aiohttp" in imports()[name]] == []
