"""Assets: what the service makes of each kind of asset that is put, and what may change afterwards. No HTTP."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from azureml_emulator.assets.references import Place, Resolver, UnresolvedError
from azureml_emulator.assets.versions import Version
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.schema import Problem, Shape
from azureml_emulator.core.schemas import CODE, COMPONENT, DATA, ENVIRONMENT, MODEL, invalid
from azureml_emulator.jobs.bindings import required_inputs
from azureml_emulator.pipelines.component_of_job import copied
from azureml_emulator.pipelines.components import ports

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

Properties = dict[str, Any]

CURATED = re.compile(r"AzureML-[\w.\-]+", re.I)
"""Names of Microsoft's environments that a workspace shows without a registry."""

ANONYMOUS_ENVIRONMENT = "CliV2AnonymousEnvironment"


@dataclass(frozen=True)
class Kind:
    """One kind of asset.

    :param segment: its word in paths.
    :param finish: the properties as the service answers them, from what was given.
    :param frozen: properties that a version keeps for ever.
    :param clash: HTTP status and message of the refusal when they would change.
    """

    segment: str
    shape: Shape
    finish: Callable[[Emulator, str, str, Properties], Properties]
    frozen: tuple[str, ...]
    clash: tuple[int, str]


def base(given: Properties) -> Properties:
    """What every asset version carries."""
    return {
        "description": None,
        "tags": {},
        "properties": {},
        "isArchived": False,
        "isAnonymous": False,
        **{key: value for key, value in given.items() if value is not None},
    }


def finish_code(em: Emulator, name: str, version: str, given: Properties) -> Properties:
    """Code comes back as not anonymous. Source: recorded answers to Code Versions - Create."""
    return {**base(given), "isAnonymous": False, "provisioningState": "Succeeded"}


def finish_environment(em: Emulator, name: str, version: str, given: Properties) -> Properties:
    """An environment's conda file comes back as JSON text. Source: recorded answers to Environment Versions - Get."""
    if not (given.get("image") or given.get("build")):
        raise invalid([Problem("properties", "One of image and build is required.", "NotNullValidator")])
    if given.get("image") and given.get("build"):
        raise invalid([Problem("properties", "image and build exclude each other.")])
    finished = {
        "condaFile": None,
        "image": None,
        "build": None,
        "inferenceConfig": None,
        "osType": "Linux",
        "stage": None,
        "autoRebuild": "Disabled",
        **base(given),
        "environmentType": "UserCreated",
        "provisioningState": "Succeeded",
    }
    if given.get("condaFile"):
        finished["condaFile"] = json.dumps(conda(given["condaFile"]), indent=2)
    return finished


def conda(text: str) -> Any:
    """A conda file's text (YAML or JSON) as values."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = None
    if not isinstance(value, dict):
        raise invalid([Problem("properties.condaFile", "The conda file is not a YAML mapping.")])
    return value


def finish_data(em: Emulator, name: str, version: str, given: Properties) -> Properties:
    """A data asset's address comes back in its long form. Source: recorded answers to Data Versions - Get."""
    uri = Resolver(em.settings, em.store).long_uri(given["dataUri"])
    return {**base(given), "dataUri": uri}


def finish_model(em: Emulator, name: str, version: str, given: Properties) -> Properties:
    """A model's address becomes the datastore address of its files; its job and its flavors are told."""
    resolver = Resolver(em.settings, em.store)
    uri = given["modelUri"]
    found = re.match(r"(?:azureml://jobs/|runs:/)([^/]+)", uri)
    if found:
        try:
            place = resolver.place(uri)
        except UnresolvedError as error:
            raise ServiceError(400, "UserError", str(error), inner=("BadArgument", "ModelPathNotFound")) from None
        assert isinstance(place, Place)
        uri = resolver.uri_of(place)
    uri = resolver.long_uri(uri)
    finished = {
        "modelType": "custom_model",
        "stage": None,
        "flavors": {},
        "jobName": found[1] if found else None,
        **base(given),
        "modelUri": uri,
        "provisioningState": "Succeeded",
    }
    if not given.get("flavors"):
        finished["flavors"] = flavors(em, resolver, uri)
    return finished


def flavors(em: Emulator, resolver: Resolver, uri: str) -> dict[str, Any]:
    """The flavors that an ``MLmodel`` file at the model's place names, as text values."""
    try:
        place = resolver.place(uri)
        if not isinstance(place, Place):
            return {}
        described = yaml.safe_load(em.blobs.read(place.container, f"{place.path.rstrip('/')}/MLmodel"))
        rows = dict(described.get("flavors") or {})
    except (UnresolvedError, OSError, ValueError, yaml.YAMLError, AttributeError):
        return {}
    return {name: {"data": {key: str(value) for key, value in dict(row or {}).items()}} for name, row in rows.items()}


SERVICE_MADE = frozenset({"id", "creation_context"})
"""What a client puts back into the spec of a component that it got an answer for: azure-ai-ml 1.35.2 sends ``id``."""


def finish_component(em: Emulator, name: str, version: str, given: Properties) -> Properties:
    """A component's spec comes back with name, version and type, its scalars as text. Source: recorded component
    answers."""
    spec = copied(em, {key: value for key, value in given["componentSpec"].items() if key not in SERVICE_MADE})
    finished = {**spec, "name": name, "version": version, "type": spec.get("type", "command")}
    if finished["type"] == "command":
        check_optional_inputs(finished)
        check_references(em, finished)
    if "is_deterministic" in finished:
        finished["is_deterministic"] = str(finished["is_deterministic"])
    return {**base(given), "componentSpec": finished, "provisioningState": "Succeeded"}


def check_references(em: Emulator, spec: Properties) -> None:
    """The code and the environment that a command component names exist.

    That the service looks already when the component is put, and not first when it runs, is an assumption.

    :raises ServiceError: 400 for one that does not.
    """
    from azureml_emulator.jobs.checks import environment_id, require  # it needs this module's names itself

    resolver = Resolver(em.settings, em.store)
    if spec.get("environment"):
        environment_id(em, resolver, str(spec["environment"]))
    if spec.get("code"):
        require(resolver, "componentSpec.code", str(spec["code"]), "codes")


def check_optional_inputs(spec: Properties) -> None:
    """A command component names its optional inputs in optional parts of its command only.

    Source: the service's words in https://github.com/MicrosoftDocs/azure-docs/issues/98103 and
    https://github.com/Azure/azure-sdk-for-python/issues/26253.

    :raises ServiceError: 400 for one that stands outside of ``$[[ ]]``.
    """
    command = str(spec.get("command") or "")
    optional = {name for name, port in ports(spec, "inputs").items() if port.optional}
    for name in required_inputs(command):
        if name in optional:
            message = f'In command "{command}", optional input {name} must be placed in nested argument: $[[]].'
            raise ServiceError(400, "UserError", message, inner=("BadArgument", "ArgumentInvalid"))


PATHS = "Asset paths cannot be updated."
KINDS = {
    kind.segment: kind
    for kind in (
        Kind("codes", CODE, finish_code, ("codeUri",), (400, PATHS)),
        Kind(
            "environments",
            ENVIRONMENT,
            finish_environment,
            ("image", "condaFile", "build", "inferenceConfig", "osType"),
            (409, "An environment with this name and version already exists; its definition cannot be changed."),
        ),
        Kind("data", DATA, finish_data, ("dataUri", "dataType"), (409, PATHS)),
        Kind("models", MODEL, finish_model, ("modelUri", "modelType"), (409, PATHS)),
        Kind(
            "components",
            COMPONENT,
            finish_component,
            ("componentSpec",),
            (409, "A component with this name and version already exists; its definition cannot be changed."),
        ),
    )
}


def merged(kind: Kind, before: Version | None, finished: Properties) -> Properties:
    """The properties to store; raises the service's refusal when a version would change what it keeps for ever."""
    if before is None:
        return finished
    changed = [key for key in kind.frozen if plain(before.properties.get(key)) != plain(finished.get(key))]
    if changed:
        status, message = kind.clash
        inner = ("Conflict", "AssetVersionExists") if status == 409 else ("BadArgument", "AssetPathImmutable")
        raise ServiceError(status, "UserError", message, inner=inner)
    return {
        **before.properties,
        **finished,
        "properties": {**finished["properties"], **before.properties["properties"]},
    }


def plain(value: Any) -> Any:
    """A value for comparison: no nulls, no slash at the end of a text, a component's service-made parts in text."""
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items() if each is not None and key != "_source"} or None
    if isinstance(value, list):
        return [plain(each) for each in value]
    return None if value is None else str(value).rstrip("/")


def curated(name: str, version: str | None) -> Version:
    """One of Microsoft's environments; any name of their pattern is taken to exist, for the emulator has no list of
    them."""
    moment = "2024-01-01T00:00:00.0000000+00:00"
    properties = {
        **base({}),
        "description": "A curated environment; the emulator does not hold its image.",
        "image": f"mcr.microsoft.com/azureml/curated/{name.lower()}:{version or '1'}",
        "environmentType": "Curated",
        "osType": "Linux",
        "provisioningState": "Succeeded",
    }
    return Version("environments", name, version or "1", properties, moment, moment, "Microsoft")


def pending_container(workspace_id: str) -> str:
    """The name of a new container for one upload: the head of the workspace's id and a GUID. Source: recorded
    answers."""
    return f"{workspace_id[:10]}-{uuid.uuid4()}"
