"""Routing: which route fits a request, and the backend that its handler is given."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from azureml_emulator.app import Emulator
from azureml_emulator.console.coverage import all_routes
from azureml_emulator.core.routing import Match, Plane, Route, Router, bind
from azureml_emulator.core.settings import load_settings


@dataclass(frozen=True)
class Room:
    """A backend that knows its name."""

    name: str


async def show(room: Room, request: web.Request, **captures: str) -> web.Response:
    """The backend's name and the captures."""
    words = " ".join(f"{name}={value}" for name, value in captures.items())
    return web.Response(text=f"{room.name} {words}")


ROUTES = [
    Route("GET", "{ws}/things/{name}", show, Plane.ARM),
    Route("*", "/files/{path*}", show, Plane.STORAGE),
]
OTHERS = [
    Route("GET", "{ws}/things/first", show, Plane.ARM),
    Route("GET", "{location}/operations/jc:{id}:{job}", show, Plane.ARM),
    Route("GET", "{ws}/jobs/{name}", show, Plane.ARM),
]
WORKSPACE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
LOCATION = "/subscriptions/s/providers/Microsoft.MachineLearningServices/locations/eastus"


@pytest.fixture
def router() -> Router:
    """The routes of two rooms."""
    return Router([*bind(Room("one"), ROUTES), *bind(Room("two"), OTHERS)])


def found(router: Router, path: str, method: str = "GET") -> Match:
    """The route that fits."""
    match = router.match(method, path)
    assert match is not None
    return match


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{WORKSPACE}/things/a%2Fb", "one name=a/b"),
        (f"{WORKSPACE}/THINGS/First/", "two "),
        ("/files/a/b//c", "one path=a/b//c"),
        (f"{LOCATION}/operations/jc:7:j", "two region=eastus id=7 job=j"),
    ],
)
async def test_a_handler_is_given_the_backend_of_its_room(router: Router, path: str, text: str) -> None:
    answer = await found(router, path).answer(make_mocked_request("GET", path))
    assert isinstance(answer, web.Response)
    assert answer.text == text


def test_a_path_that_is_asked_for_again_is_not_searched_for_again(router: Router) -> None:
    path = f"{WORKSPACE}/jobs/j"
    assert found(router, path) is found(router, path)
    assert router.match("DELETE", path) is None


def test_a_match_says_the_coordinates_and_the_job(router: Router) -> None:
    match = found(router, f"{WORKSPACE}/jobs/j")
    assert (match.subscription, match.group, match.workspace, match.job) == ("s", "g", "w", "j")
    assert match.captures == {"name": "j"}


def test_the_routes_of_every_room_are_answered(tmp_path: Path) -> None:
    emulator = Emulator(load_settings(tmp_path, "127.0.0.1", None, {}))
    bound = [*emulator.service.routes, *emulator.pages.routes]
    asyncio.run(emulator.stop())
    assert sorted(id(each.route) for each in bound) == sorted(map(id, all_routes()))


def test_every_path_finds_the_route_of_the_first_rank_that_fits(tmp_path: Path) -> None:
    emulator = Emulator(load_settings(tmp_path, "127.0.0.1", None, {}))
    asyncio.run(emulator.stop())
    router = emulator.service
    for bound in router.routes:
        method = bound.route.method.replace("*", "PUT")
        path = "/" + re.sub(r"\{\w+\}", "~", "/".join(bound.route.segments))
        path = re.sub(r"\{\w+\*\}", "~/~/~", path)
        for spelled in (path, f"{path}/", path.upper(), path.replace("~", "a%2Fb")):
            fits = (each.route for each in router.routes if each.route.pattern.fullmatch(spelled))
            first = next(route for route in fits if route.method in (method, "*"))
            assert found(router, spelled, method).route is first, spelled


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", f"{WORKSPACE}/jobs/j"), ("GET", f"{WORKSPACE}/jobs"), ("GET", "/x")]
)
def test_nothing_fits(router: Router, method: str, path: str) -> None:
    assert router.match(method, path) is None
