"""Routing: path patterns of the service, the plane each belongs to, and the search for the one that fits a request.

Every room answers in the same grammar:

* ``routes.py`` holds handlers, ``async def get_thing(backend: Room, request: web.Request, name: str)``, and the list
  ``ROUTES`` of ``Route`` rows that name them. A handler reads the request, asks the backend, and answers.
* ``responses.py`` holds what a resource of the room looks like, where several handlers answer it.
* ``models.py`` (and modules beside it) hold records and rules; they know nothing of HTTP.
* ``backend.py`` holds the room's backend: one object with the room's own parts and with exactly those of the core and
  of lower rooms that it needs, each a typed parameter of its constructor.

The application makes the backends and binds each room's routes to its backend (``bind``). The type checker compares
the two: a route can only be bound to the backend that its handler takes.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Concatenate, Generic, TypeVar
from urllib.parse import unquote

from aiohttp import web

Backend = TypeVar("Backend")

REMEMBERED = 512
"""How many paths a router remembers the routes of."""

SUBSCRIPTION = "/subscriptions/{subscription_}"
PROVIDER = "providers/Microsoft.MachineLearningServices"
LOCATION = f"{SUBSCRIPTION}/{PROVIDER}/locations/{{region}}"
REGISTRY = f"{SUBSCRIPTION}/resourceGroups/{{group_}}/{PROVIDER}/registries/{{registry_}}"
WORKSPACE = f"{SUBSCRIPTION}/resourceGroups/{{group_}}/{PROVIDER}/workspaces/{{workspace_}}"


class Plane(enum.Enum):
    """Which token a route demands."""

    OPEN = "none"
    ARM = "bearer for ARM, and an api-version"
    DATA = "bearer for ARM or Azure ML"
    SCORING = "bearer for Azure ML"
    ONLINE = "the key or the token of an online endpoint, checked by its routes"
    MLFLOW = "bearer for ARM or Azure ML; errors in MLflow's shape"
    STORAGE = "SAS, shared key or bearer for storage, checked by the blob routes"
    CONTROL = "the emulator's own secret, from this machine"
    STUDIO = "none; pages on their own port, for this machine only"


@dataclass(frozen=True)
class Route(Generic[Backend]):
    """One operation: method, path pattern, handler, plane.

    The handler takes the room's backend, the request, and each capture of the path by its name, percent-decoded.

    A pattern's ``{ws}`` is the workspace's ARM path, ``{registry}`` the registry's, ``{sub}`` for
    ``/subscriptions/<id>``, and ``{location}`` for the subscription's part of Azure ML in a region, below which
    operations are. The dispatcher checks the names in them; the region is captured. ``{name}`` captures one segment,
    ``{name*}`` the rest of the path with its slashes.
    Fixed segments match without regard to case; captured values keep theirs.
    """

    method: str
    path: str
    handler: Callable[Concatenate[Backend, web.Request, ...], Awaitable[web.StreamResponse]]
    plane: Plane

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The pattern's segments with ``{ws}``, ``{registry}``, ``{sub}`` and ``{location}`` written out."""
        path = self.path
        words = {"{ws}": WORKSPACE, "{registry}": REGISTRY, "{sub}": SUBSCRIPTION, "{location}": LOCATION}
        for word, written in words.items():
            path = path.replace(word, written)
        return tuple(path.strip("/").split("/"))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression for a raw (percent-encoded) path."""
        return re.compile("/" + "/".join(map(segment_pattern, self.segments)) + "/?", re.IGNORECASE)

    @cached_property
    def rank(self) -> tuple[int, ...]:
        """Sorts fixed segments before captures, and captures before the rest of a path."""
        return tuple(0 if "{" not in part else 2 if part.endswith("*}") else 1 for part in self.segments)

    @cached_property
    def job_capture(self) -> str | None:
        """The capture that is a job's name: the one after ``jobs`` or ``runs``."""
        for before, part in zip(self.segments, self.segments[1:], strict=False):
            if before.lower() in ("jobs", "runs") and part.startswith("{"):
                return part.strip("{}*")
        return None


def segment_pattern(segment: str) -> str:
    """One segment as a regular expression; a capture may stand inside fixed text, as in ``jc:{ws_id}:{job}``."""
    parts = re.split(r"(\{\w+\*?\})", segment)
    return "".join(capture_pattern(part) if part.startswith("{") else re.escape(part) for part in parts)


def capture_pattern(part: str) -> str:
    """``{name}`` or ``{name*}`` as a named group."""
    name = part.strip("{}*")
    return f"(?P<{name}>.*)" if part.endswith("*}") else f"(?P<{name}>[^/]+)"


@dataclass(frozen=True)
class BoundRoute:
    """A route and the backend that its handler is called with."""

    route: Route[Any]
    backend: object


def bind(backend: Backend, *routes: Iterable[Route[Backend]]) -> Iterator[BoundRoute]:
    """Bind the routes of a room to its backend.

    :param routes: the ``ROUTES`` of the room's modules.
    """
    for rows in routes:
        for route in rows:
            yield BoundRoute(route, backend)


@dataclass(frozen=True)
class Match:
    """A route that fits, its captures, and the coordinates that stood in ``{ws}``, ``{sub}`` or ``{location}``."""

    route: Route[Any]
    backend: object
    captures: dict[str, str]
    subscription: str | None
    group: str | None
    workspace: str | None
    registry: str | None = None

    @property
    def job(self) -> str | None:
        """The job that the path names, if it names one."""
        capture = self.route.job_capture
        return self.captures.get(capture) if capture else None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What the route's handler answers."""
        return await self.route.handler(self.backend, request, **self.captures)


class Branch:
    """The routes whose paths begin with the same segments, by what follows."""

    def __init__(self) -> None:
        self.ended: list[BoundRoute] = []
        self.rests: list[BoundRoute] = []
        self.fixed: dict[str, Branch] = {}
        self.capture: Branch | None = None

    def add(self, bound: BoundRoute, depth: int = 0) -> None:
        """Add a route, of which ``depth`` segments led here."""
        segments = bound.route.segments
        if depth == len(segments):
            self.ended.append(bound)
        elif segments[depth].endswith("*}"):
            self.rests.append(bound)
        elif "{" in segments[depth]:
            self.capture = self.capture or Branch()
            self.capture.add(bound, depth + 1)
        else:
            self.fixed.setdefault(segments[depth].lower(), Branch()).add(bound, depth + 1)

    def candidates(self, parts: Sequence[str], depth: int = 0) -> Iterator[BoundRoute]:
        """The routes that may fit, in the order of their ranks.

        :param parts: the path's segments in lower case.
        """
        if depth == len(parts):
            yield from self.ended
        else:
            if parts[depth] in self.fixed:
                yield from self.fixed[parts[depth]].candidates(parts, depth + 1)
            if self.capture:
                yield from self.capture.candidates(parts, depth + 1)
        yield from self.rests


class Router:
    """All routes, the most specific first. Only those are tried whose fixed segments are in the path.

    The latest matches are remembered, for clients that wait ask for the same path again and again.
    """

    def __init__(self, routes: Iterable[BoundRoute]) -> None:
        self.routes = sorted(routes, key=lambda bound: bound.route.rank)
        self._tree = Branch()
        for bound in self.routes:
            self._tree.add(bound)
        self._remembered = lru_cache(REMEMBERED)(self._find)

    def match(self, method: str, raw_path: str) -> Match | None:
        """The route for a method and a percent-encoded path without its query, or None."""
        return self._remembered(method, raw_path)

    def _find(self, method: str, raw_path: str) -> Match | None:
        for bound in self._tree.candidates(raw_path.lower().strip("/").split("/")):
            route = bound.route
            if route.method not in (method, "*"):
                continue
            fit = route.pattern.fullmatch(raw_path)
            if fit:
                values = {name: unquote(value) for name, value in fit.groupdict().items()}
                names = ("subscription_", "group_", "workspace_", "registry_")
                coordinates = (values.pop(name, None) for name in names)
                return Match(route, bound.backend, values, *coordinates)
        return None


def raw_path(request: web.Request) -> str:
    """The path as the client sent it: still percent-encoded, without query, host and normalisation."""
    path = request.raw_path.partition("?")[0]
    return path if path.startswith("/") else re.sub(r"^https?://[^/]+", "", path) or "/"
