"""Microsoft's client, asked by another process: takes a question a line, answers with what it sent.

A question has a ``folder`` to work in and one of these: ``file``, a job file (``override``: what is set in it);
``call``, the keywords of ``command``; ``make``, a program that makes ``job`` (answered with our reading of that object,
too); ``invoke``, the keywords of ``batch_endpoints.invoke``; ``resource``, the kind of resource that ``file`` describes
(``made``: keywords of its class instead; ``there``: what the service shows of it, which is read, changed and put).
``operate``, a method of the client such as ``jobs.get``, with ``arguments`` and the service's ``answers``;
with ``registry`` there is one, and what it is to take over is the answer.
``{"$": "Class", ...}`` in keywords stands for an object. With ``exchanges`` every request is reported with its answer.
``by_hand`` says that the file's text is no dump of ours. ``--plain`` on the command line: without what makes it faster.

Runs with the interpreter of ``.venvs/sdk``. The service's answers are the stand-in's; nothing of the network is asked.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import io
import json
import logging
import os
import re
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
os.environ |= {"AZURE_ML_DISABLE_ON_DISK_CACHE": "true", "AZUREML_LOG_DISABLED": "1"}
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
    import azure.ai.ml
    import azure.ai.ml.entities
    import azure.ai.ml.sweep
    from azure.ai.ml import MLClient, command, load_job
    from azure.ai.ml._utils import _experimental
    from azure.ai.ml._utils.utils import load_yaml
    from azure.ai.ml.constants._endpoint import EndpointInvokeFields
    from azure.ai.ml.entities import _load_functions as load_functions
    from azure.ai.ml.entities._validation.core import _YamlLocationResolver
    from azure.core.credentials import AccessToken
    from requests.adapters import HTTPAdapter

from tests.corpus.fake_azure import GROUP, HOME, SUBSCRIPTION, TENANT, WORKSPACE, Sent  # noqa: E402
from tests.corpus.invocations import FakeAzureBatch  # noqa: E402
from tests.corpus.registries import Registry  # noqa: E402
from tests.oracle.scripts import faster  # noqa: E402

# Whether an object shall warn of being experimental it asks of its callers' source files: a fifth of all its time.
_experimental._should_skip_warning = lambda: True
# For the lines of mistakes it reads the file again, by a loader that is all Python: a tenth of the time.
_YamlLocationResolver.resolve = lambda *_: (None, None)
# Its schemas are hundreds of thousands of objects for each job, and nearly all of them are freed without the collector,
# which would look at its 1,725 modules each time: a quarter of the time.
gc.freeze()
gc.set_threshold(200_000, 20, 50)

PLAIN = "--plain"
"""Leaves Microsoft's client as it is, which takes four times as long."""

SERVICE = "https://eastus.api.azureml.ms"
MADE = "2026-01-01T00:00:00Z"


class Credential:
    """A credential without a service: the client reads tenant and audience from its tokens."""

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Give a token."""
        claims = {"aud": scopes[0].removesuffix("/.default"), "tid": TENANT}
        parts = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
            for part in ({"alg": "none"}, claims)
        ]
        return AccessToken(".".join([*parts, "eHh4eA"]), int(time.time()) + 3600)


CREDENTIAL = Credential()


class Service(FakeAzureBatch):
    """The stand-in, with what only Microsoft's client looks up.

    :ivar there: a resource that exists, as the service shows it.
    :ivar registry: a registry beside it.
    """

    there: Any = None
    registry: Registry | None = None

    def answer(self, sent: Sent) -> tuple[int, Any, dict[str, str]]:
        """Choose an answer."""
        if self.registry is not None and (found := self.registry.answer(sent)):
            return found
        if sent.path == "/discovery":
            return 200, {"api": SERVICE}, {}
        if sent.path == HOME:
            properties = {"workspaceId": "g", "discoveryUrl": f"{SERVICE}/discovery"}
            return 200, {"id": HOME, "name": WORKSPACE, "location": "eastus", "properties": properties}, {}
        if self.there and sent.method == "GET" and sent.path == self.there["id"]:
            return 200, self.there, {}
        if sent.method == "GET" and "no-such" not in sent.path:
            found = self.looked_up(sent.path, sent.path.removeprefix(HOME).strip("/").split("/"))
            if found:
                return 200, found, {}
        return super().answer(sent)

    def looked_up(self, path: str, parts: list[str]) -> Any:
        """Describe a compute, an environment or a component."""
        match parts:
            case ["computes", name]:
                properties = {"computeType": "AmlCompute", "properties": {"vmSize": "x"}}
                return {"id": path, "name": name, "location": "eastus", "properties": properties}
            case ["environments" | "components" | "models" as kind, name, "versions"]:
                return {"value": [self.asset(f"{path}/7", kind, name)]}
            case ["environments" | "components" | "models" as kind, name, "versions", _]:
                return self.asset(path, kind, name)
        return None

    def asset(self, path: str, kind: str, name: str) -> Any:
        """Describe an environment or a component."""
        properties: dict[str, Any] = {"isAnonymous": False}
        if kind == "environments":
            properties["image"] = "x"
        elif kind == "models":
            properties |= {"flavors": {}, "properties": {}, "tags": {}, "modelUri": "azureml://datastores/d/paths/m/"}
        else:
            properties["componentSpec"] = {
                "$schema": "https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json",
                "name": name,
                "version": "7",
                "type": "command",
                "command": "echo",
                "environment": "azureml:e:1",
                "inputs": {},
                "outputs": {},
            }
        return {"id": path, "name": path.rsplit("/", 1)[-1], "properties": properties}

    def made(self, sent: Sent, parts: list[str]) -> Any:
        """Echo what was put, with what this client wants to read of it: of a flow it reads no spec of its own."""
        found = super().made(sent, parts) | {"systemData": {"createdAt": MADE}}
        if parts[0] == "models":
            found["properties"]["flavors"] = found["properties"].get("flavors") or {}
        spec = found["properties"].get("componentSpec", {})
        if spec.get("type") == "promptflow_parallel":
            task = {"type": "function", "entry_script": "x.py", "environment": "azureml:e:1"}
            found["properties"]["componentSpec"] = {"name": "x", "version": "1", "type": "parallel", "task": task}
        return found


def given(value: Any) -> Any:
    """Make the objects that keywords stand for."""
    if isinstance(value, list):
        return [given(item) for item in value]
    if not isinstance(value, dict):
        return value
    for key, kind in (("$input", azure.ai.ml.Input), ("$output", azure.ai.ml.Output)):
        if key in value:
            return kind(**value[key])
    made = {key: given(item) for key, item in value.items() if key != "$"}
    if "$" not in value:
        return made
    modules = (azure.ai.ml, azure.ai.ml.entities, azure.ai.ml.sweep)
    kind = next(getattr(module, value["$"]) for module in modules if hasattr(module, value["$"]))
    return kind(**made)


def made(program: str) -> Any:
    """Make the job of a program."""
    names: dict[str, Any] = {"__name__": "made"}
    exec(compile(program, "<made>", "exec", dont_inherit=True), names)  # the tests' own program
    return names["job"]


def ours(program: str, paths: list[str]) -> dict[str, Any]:
    """Our reading of the job of a program."""
    sys.path += [path for path in paths if path not in sys.path]
    from airflow_azureml.jobspec.document.load import load
    from airflow_azureml.rest.errors import SpecError

    try:
        document = load(made(program))
    except SpecError as error:
        return {"refused": str(error)}
    return {"value": document.value, "folder": document.place(()).folder}


PLACES = {
    "data": "data/[^/]+/versions/[^/]+",
    "model": "models/[^/]+/versions/[^/]+",
    "environment": "environments/[^/]+/versions/[^/]+",
    "component": "components/[^/]+/versions/[^/]+",
    "batch endpoint": "batchEndpoints/[^/]+",
    "batch deployment": "batchEndpoints/[^/]+/deployments/[^/]+",
    "online endpoint": "onlineEndpoints/[^/]+",
    "online deployment": "onlineEndpoints/[^/]+/deployments/[^/]+",
    "compute": "computes/[^/]+",
}
"""Where each kind of resource is put."""

LOADERS: dict[str, Any] = {
    "data": load_functions.load_data,
    "model": load_functions.load_model,
    "environment": load_functions.load_environment,
    "component": load_functions.load_component,
    "batch endpoint": load_functions.load_batch_endpoint,
    "batch deployment": load_functions.load_batch_deployment,
    "online endpoint": load_functions.load_online_endpoint,
    "online deployment": load_functions.load_online_deployment,
    "compute": load_functions.load_compute,
}


def loaded(kind: str, file: str) -> Any:
    """Load what a file describes; the command line chooses the class of a batch deployment by its type."""
    if kind == "batch deployment":
        word = str(load_yaml(file).get("type")).lower()
        if word == "pipeline":
            return load_functions.load_pipeline_component_batch_deployment(file)
        if word == "model":
            return load_functions.load_model_batch_deployment(file)
    return LOADERS[kind](file)


def put(client: MLClient, kind: str, thing: Any) -> None:
    """Put a resource."""
    if kind in ("data", "model", "environment", "component"):
        group = {"data": "data"}.get(kind, f"{kind}s")
        getattr(client, group).create_or_update(thing)
        return
    group = f"{kind.replace(' ', '_')}s" if kind != "compute" else "compute"
    getattr(client, group).begin_create_or_update(thing)


def existing(client: MLClient, kind: str) -> Any:
    """Read the resource of a kind that exists."""
    match kind:
        case "batch deployment":
            return client.batch_deployments.get(name="blue", endpoint_name="cards")
        case "batch endpoint":
            return client.batch_endpoints.get("cards")
        case "online endpoint":
            return client.online_endpoints.get("live")
        case "online deployment":
            return client.online_deployments.get(name="blue", endpoint_name="live")
        case "compute":
            return client.compute.get("cpu")
        case "data":
            return client.data.get("cards", version="3")
        case "model":
            return client.models.get("cards", version="3")
        case "component":
            return client.components.get("c", version="1")
    return client.environments.get("e", version="1")


def send(client: MLClient, asked: dict[str, Any]) -> None:
    """Do what is asked."""
    if "operate" in asked:
        group, method = asked["operate"].split(".")
        found = getattr(getattr(client, group), method)(**asked["arguments"])
        if hasattr(found, "__next__"):
            list(found)
        return
    if "invoke" in asked:
        # One mapping of headers serves all calls of this client: the last one's deployment would stay in it.
        EndpointInvokeFields.DEFAULT_HEADER.pop(EndpointInvokeFields.MODEL_DEPLOYMENT, None)
        client.batch_endpoints.invoke(**given(asked["invoke"]))
        return
    if "resource" in asked:
        kind = asked["resource"]
        if "change" in asked:
            thing = existing(client, kind)
            for name, value in given(asked["change"]).items():
                setattr(thing, name, value)
            if kind == "compute":
                client.compute.begin_update(thing)
                return
        else:
            thing = given(asked["made"]) if "made" in asked else loaded(kind, asked["file"])
        put(client, kind, thing)
        return
    if "call" in asked:
        job = command(**given(asked["call"]))
    elif "make" in asked:
        job = made(asked["make"])
    else:
        job = load_job(asked["file"], params_override=asked.get("override"))
    job.name = job.name or "job-under-test"
    client.jobs.create_or_update(job)


def exchanges(service: Service) -> Iterator[dict[str, Any]]:
    """Say what was asked and answered: no headers but those that are compared, and of files the hash alone."""
    for sent, (status, body) in zip(service.sent, service.answered, strict=True):
        request: dict[str, Any] = {"method": sent.method, "host": sent.host, "path": sent.path}
        headers = {name.lower(): value for name, value in sent.headers.items()}
        if sent.query:
            request["query"] = {name: "…" if name == "sig" else value for name, value in sorted(sent.query.items())}
        if sent.body is not None:
            request["body"] = sent.body
        elif sent.content and ".blob." in sent.host:
            request["content_sha256"] = service.row(sent)["content_hash"]
        if "azureml-model-deployment" in headers:
            request["token"] = headers["azureml-model-deployment"]
        elif ".inference." in sent.host:
            request["token"] = None
        elif "x-azureml-token" in headers:
            request["token"] = True
        yield {"request": request, "answer": {"status": status, **({} if body is None else {"body": body})}}


def submit(asked: dict[str, Any]) -> dict[str, Any]:
    """Do what is asked; gives back the body of the job or the error, and all that was put besides."""
    faster.SCHEMAS.next_question(asked.get("by_hand", False))
    service = Service()
    service.there = asked.get("there")
    service.registry = Registry() if asked.get("registry") else None
    service.scripted = asked.get("answers", ())
    place = re.compile(f"{re.escape(HOME)}/{PLACES[asked['resource']]}", re.I) if "resource" in asked else None
    HTTPAdapter.send = lambda _, request, **options: service.send(request, **options)
    answer: dict[str, Any] = {"rows": []}
    before = dict(os.environ)
    os.environ.update(asked.get("environment", {}))
    try:
        if "make" in asked:
            answer["ours"] = ours(asked["make"], asked["paths"])
        send(MLClient(CREDENTIAL, SUBSCRIPTION, GROUP, WORKSPACE, enable_telemetry=False), asked)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the answer
        answer["error"] = f"{type(error).__name__}: {error}"[:2000]
    finally:
        os.environ.clear()
        os.environ.update(before)
    if asked.get("exchanges"):
        answer |= {"client": f"azure-ai-ml {azure.ai.ml.__version__}", "exchanges": list(exchanges(service))}
    for sent in service.registry.imports if service.registry else ():
        answer |= {"body": sent.body, "method": sent.method, "host": sent.host, "path": sent.path, "query": sent.query}
    for sent in service.posts:
        headers = {name.lower(): value for name, value in sent.headers.items()}
        answer |= {"body": sent.body, "url": f"https://{sent.host}{sent.path}", "name": ""}
        answer["token"] = headers.get("azureml-model-deployment")
    for sent in service.sent:
        if sent.method != "PUT" or (".blob." in sent.host and "comp" in sent.query):
            continue
        if place and place.fullmatch(sent.path):
            if "body" in answer:
                answer["rows"].append(answer.pop("row"))
            answer |= {"body": sent.body, "name": sent.path, "row": service.row(sent), "token": False}
            continue
        if sent.path.startswith(f"{HOME}/jobs/"):
            answer |= {"body": sent.body, "name": sent.path.rsplit("/", 1)[-1]}
            answer["token"] = "x-azureml-token" in {name.lower() for name in sent.headers}
            continue
        answer["rows"].append(service.row(sent))
    return answer if "body" in answer else {"error": "nothing was put", **answer}


def main() -> None:
    """Answer until the input ends."""
    if PLAIN not in sys.argv:
        faster.install()
    out = os.fdopen(os.dup(1), "w")
    sys.stdout = io.StringIO()  # threads of its client write dots while they wait
    for line in sys.stdin:
        asked = json.loads(line)
        os.chdir(asked["folder"])
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            answer = submit(asked)
        print(json.dumps(answer, default=str), file=out, flush=True)


main()
