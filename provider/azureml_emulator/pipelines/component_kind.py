"""The kind of asset ``components``: what the service makes of a component that is put. No HTTP."""

from __future__ import annotations

from functools import partial

from azureml_emulator.assets.kinds import Kind, Properties, common_properties
from azureml_emulator.assets.reference_checks import check_reference, environment_id
from azureml_emulator.assets.references import Resolver
from azureml_emulator.assets.schemas import COMPONENT
from azureml_emulator.core.errors import ServiceError
from azureml_emulator.core.resource_body import invalid
from azureml_emulator.core.schema import Problem, kind_of
from azureml_emulator.jobs.bindings import required_inputs
from azureml_emulator.jobs.models import Jobs
from azureml_emulator.pipelines.component_of_job import kept_as, with_parts
from azureml_emulator.pipelines.components import ports

SERVICE_MADE = frozenset({"id", "creation_context"})
"""What a client puts back into the spec of a component that it got an answer for: azure-ai-ml 1.35.2 sends ``id``."""


def component_kind(resolver: Resolver, jobs: Jobs) -> Kind:
    """The row for components."""
    return Kind(
        "components",
        COMPONENT,
        partial(finish_component, resolver, jobs),
        ("componentSpec",),
        (409, "A component with this name and version already exists; its definition cannot be changed."),
        kept_as,
    )


def finish_component(resolver: Resolver, jobs: Jobs, name: str, version: str, properties: Properties) -> Properties:
    """A component's spec comes back with name, version and type, its scalars as text. Source: recorded component
    answers.

    Those of nodes are all put under one name, and keep the name and the version of their spec, which are their file's
    where it was loaded in Python. Source: Microsoft's own test of azure-ai-ml, ``tests/component/e2etests/
    test_component.py`` (``test_anonymous_registration_from_load_component``).
    """
    declared = {key: value for key, value in properties["componentSpec"].items() if key not in SERVICE_MADE}
    for side in ("inputs", "outputs"):
        if not isinstance(declared.get(side) or {}, dict):
            message = f"Expected an object, got {kind_of(declared[side])}."
            raise invalid([Problem(f"properties.componentSpec.{side}", message)])
    spec = with_parts(resolver, jobs, declared)
    own = spec if properties.get("isAnonymous") else {}
    head = {"name": own.get("name") or name, "version": own.get("version") or version}
    finished = {**spec, **head, "type": spec.get("type", "command")}
    if finished["type"] == "command":
        check_optional_inputs(finished)
        check_references(resolver, finished)
    if "is_deterministic" in finished:
        finished["is_deterministic"] = str(finished["is_deterministic"])
    return {**common_properties(properties), "componentSpec": finished, "provisioningState": "Succeeded"}


def check_references(resolver: Resolver, spec: Properties) -> None:
    """The code and the environment that a command component names exist.

    That the service looks already when the component is put, and not first when it runs, is an assumption.

    :raises ServiceError: 400 for one that does not.
    """
    if spec.get("environment"):
        environment_id(resolver, str(spec["environment"]))
    if spec.get("code"):
        check_reference(resolver, "componentSpec.code", str(spec["code"]), "codes")


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
