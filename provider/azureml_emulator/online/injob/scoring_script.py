"""A scoring script of an online deployment: how it is loaded, and how a request becomes a call of its ``run``.

Standard library only. What holds here is what azureml-inference-server-http 1.5.1 does (``user_script.py``,
``input_parsers.py``, ``routes.py``): ``run`` gets the body as text, or the query of a GET as JSON text; beside that its
headers where it has a parameter ``request_headers``. With ``@input_schema`` it gets the keys of the JSON body, with
``@rawhttp`` the request itself; both decorators come from packages that the deployment's environment has.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType, ModuleType
from typing import Any
from urllib.parse import parse_qs

RAW_MODULE = "azureml_inference_server_http.api.aml_request"
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."


class ScriptError(Exception):
    """The script cannot be served; the text says why."""


@dataclass
class Refusal(Exception):
    """A request that never reaches ``run``."""

    status: int
    message: str


@dataclass
class Request:
    """A scoring request, as far as a script may see it.

    :param headers: their names as the client wrote them.
    """

    method: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    environ: dict[str, Any] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """The media type without its parameters."""
        found = [value for name, value in self.headers.items() if name.lower() == "content-type"]
        return found[0].partition(";")[0].strip().lower() if found else ""


@dataclass(frozen=True)
class Outcome:
    """What ``run`` returned, and how long it took in milliseconds."""

    value: Any
    elapsed: float


class Script:
    """A scoring script that is loaded; ``init`` calls its own."""

    def __init__(self, path: str) -> None:
        self._module = load(path)
        self._run: Callable[..., Any] = self._module.run
        every = list(inspect.signature(self._run).parameters.values())
        if any(one.kind not in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD) for one in every):
            raise ScriptError("run() cannot accept positional-only arguments, *args, or **kwargs.")
        self._parameters = [one for one in every if one.name != "request_headers"]
        self._wants_headers = len(every) > len(self._parameters)
        if not self._parameters:
            raise ScriptError("run() needs to accept an argument for input data.")
        self._raw = bool(getattr(sys.modules.get(RAW_MODULE), "_rawHttpRequested", False))
        self._decorated = is_decorated(self._run)
        if self._raw and self._decorated:
            raise ScriptError("run() cannot be decorated with both @rawhttp and @input_schema")

    def init(self) -> None:
        """Call the script's ``init``."""
        self._module.init()

    def call(self, request: Request, timeout: float) -> Outcome:
        """Call ``run`` for a request.

        :param timeout: seconds after which ``run`` is broken off.
        :raises Refusal: the request does not fit.
        :raises TimeoutError: ``run`` took too long.
        """
        given = self._arguments(request)
        if self._wants_headers:
            given["request_headers"] = dict(request.headers)
        began = time.perf_counter()
        with alarm(timeout):
            value = self._run(**given)
        return Outcome(value, (time.perf_counter() - began) * 1000)

    def _arguments(self, request: Request) -> dict[str, Any]:
        first = self._parameters[0].name
        if self._raw:
            return {first: flask_request(request)}
        if request.method not in ("GET", "POST"):
            raise Refusal(405, "Method not allowed")
        if self._decorated:
            return self._named(asked(request.query) if request.method == "GET" else json_object(request))
        if request.method == "GET":
            return {first: json.dumps(asked(request.query))}
        try:
            return {first: "" if request.content_type in FORMS else request.body.decode()}
        except UnicodeDecodeError as error:
            raise Refusal(400, f"Input cannot be decoded as UTF-8: {error}") from None

    def _named(self, body: Mapping[str, Any]) -> dict[str, Any]:
        given = {}
        for one in self._parameters:
            given[one.name] = body.get(one.name, one.default)
            if given[one.name] is inspect.Parameter.empty:
                raise Refusal(400, f"A value is not provided for the {one.name!r} parameter.")
        return given


def load(path: str) -> ModuleType:
    """The script as a module.

    :raises ScriptError: it has no ``init`` or no ``run``.
    """
    spec = importlib.util.spec_from_file_location("entry_module", path)
    if spec is None or spec.loader is None or not os.path.isfile(path):
        raise ScriptError(f"There is no scoring script at {path}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    for name in ("init", "run"):
        if not hasattr(module, name):
            raise ScriptError(f"User script at {path} does not have a {name}() function defined.")
    return module


def is_decorated(function: Callable[..., Any]) -> bool:
    """Whether a function has the decorators of the package inference-schema."""
    schema = sys.modules.get("inference_schema.schema_util")
    return bool(schema and schema.is_schema_decorated(function))


def asked(query: str) -> dict[str, Any]:
    """A query as an object: each value as JSON where it is some, several of one key as a list."""
    found = {}
    for key, texts in parse_qs(query, keep_blank_values=True).items():
        values = [json_or_text(text) for text in texts]
        found[key] = values[0] if len(values) == 1 else values
    return found


def json_or_text(text: str) -> Any:
    """The value of a JSON text; other text as it is."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def json_object(request: Request) -> dict[str, Any]:
    """The body of a request as a JSON object.

    :raises Refusal: it is none.
    """
    if not (request.content_type == "application/json" or request.content_type.endswith("+json")):
        raise Refusal(415, "Expects Content-Type to be application/json")
    if not request.body:
        raise Refusal(400, "POST body is empty. Expecting a JSON dictionary.")
    try:
        value = json.loads(request.body)
    except ValueError as error:
        raise Refusal(400, f"POST body could not be decoded as JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refusal(400, "POST body should be a JSON dictionary.")
    return value


def flask_request(request: Request) -> Any:
    """The request as Flask's, which scripts with ``@rawhttp`` take; their environment has Flask."""
    return importlib.import_module("flask").Request(request.environ)


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Break off what goes on inside after so many seconds.

    :raises TimeoutError: it was broken off.
    """

    def ring(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
