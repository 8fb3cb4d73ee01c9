"""Images: what the service would build for a job's environment, why that would fail, and what runs here instead."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from azureml_emulator.assets.references import Page, Reference, Resolver, UnresolvedError
from azureml_emulator.execution import imports
from azureml_emulator.execution.requirements import Contents, asked_for, unsatisfied
from azureml_emulator.storage.blobs.models import BlobStore

ANONYMOUS = "CliV2AnonymousEnvironment"
"""The name that Microsoft's client gives to environments without one."""

BUILD_LOG = "azureml-logs/20_image_build_log.txt"
BUILD_FAILED = f"Image build failed. For more details, check log file {BUILD_LOG}."
"""Source of the words and the file: https://github.com/Azure-Samples/mlops-enterprise-template/issues/4."""

FILE_OPTION = re.compile(r"(?:-r|--requirement|-c|--constraint|-e|--editable)(?:\s*=\s*|\s*)(?P<file>\S.*)")
LOCAL = re.compile(r"\.{1,2}(?:/.*|\[.*)?|[^\s@]+\.(?:whl|tar\.gz|zip)", re.I)
"""A project or archive beside the conda file, as pip takes them."""

NEEDS_PLUGIN = (
    "MLflow cannot log from a job without the package azureml-mlflow, in Azure ML as here: {who} it. "
    "Add azureml-mlflow to the environment; see docs/mlflow.md."
)

NOT_ASKED_FOR = (
    "The code imports {names}, which the environment does not ask for and the interpreter happens to have: "
    "in Azure ML such an import fails, unless something that the environment asks for brings it along."
)


def conda_of(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The conda file of an environment; empty when it has none."""
    text = properties.get("condaFile")
    return dict(json.loads(text)) if text else {}


def build_failure(resolver: Resolver, blobs: BlobStore, properties: Mapping[str, Any]) -> str | None:
    """Why the image of an environment could not be built, as far as its definition shows; None: no reason is known.

    The conda file goes to the build alone, without the files beside it, so that pip finds none of them. Sources:
    https://github.com/microsoft/hi-ml/issues/339; the words about the Dockerfile:
    https://github.com/microsoft/genaiops-promptflow-template/issues/224.
    """
    lines = [line for line in asked_for(conda_of(properties)) if names_a_file(line)]
    if lines:
        return (
            f"The conda file's pip part names files that are not in the build: {', '.join(map(repr, lines))}. "
            "Only the conda file itself is sent: write the requirements into it, or build with a Dockerfile."
        )
    build = properties.get("build")
    if not build:
        return None
    dockerfile = str(build.get("dockerfilePath") or "Dockerfile")
    try:
        context = resolver.place(str(build["contextUri"]))
    except UnresolvedError:
        return None
    if isinstance(context, Page):
        return None
    name = f"{context.path.rstrip('/')}/{dockerfile.removeprefix('./')}"
    if blobs.exists(context.container, name):
        return None
    return f"Dockerfile named {dockerfile} not found in Docker build context."


def names_a_file(line: str) -> bool:
    """Whether a line of a conda file's pip part needs a file beside it; places in the image and addresses do not."""
    option = FILE_OPTION.fullmatch(line)
    if option:
        return not re.match(r"[\w+.\-]+://|/", option["file"])
    return bool(LOCAL.fullmatch(line)) and "://" not in line and not line.startswith("/")


def what_runs(
    reference: Reference | None, properties: Mapping[str, Any], python: Path, version: str, *, made: bool
) -> str:
    """The line of a job's log that says what is not run, what runs instead, and how another interpreter is named.

    :param made: whether the interpreter's environment was made from the definition.
    """
    if properties.get("image"):
        wanted = f"The image {properties['image']}"
    elif properties.get("build"):
        wanted = "The image of the environment's Dockerfile"
    else:
        wanted = f"The image of the environment {reference.name if reference else ''}".rstrip()
    whose = f", made from the {definition_of(properties)}," if made else ""
    return (
        f"{wanted} is not run; Python {version or '(unknown)'} of {python}{whose} runs the command. "
        f"Another one: azureml-emulator start --environment '{option_name(reference)}=PYTHON'."
    )


def what_helps(
    module: str, reference: Reference | None, properties: Mapping[str, Any], python: Path, *, made: bool
) -> str:
    """The line for a job that failed for want of a module: what would help.

    :param made: whether the interpreter's environment was made from the definition.
    """
    definition = definition_of(properties)
    own = f"azureml-emulator start --environment '{option_name(reference)}=PYTHON' names an interpreter that has it."
    lacks = f"{python} has no module {module}"
    if made:
        return f"{lacks}; it was made from the {definition}: name there the package that brings it. Or: {own}"
    if definition:
        start = "azureml-emulator start --environments build"
        return f"{lacks}. {start} makes an environment from the {definition}; {own}"
    return f"{lacks}. What the image has is not known here: {own}"


def definition_of(properties: Mapping[str, Any]) -> str:
    """What an environment could be made from, as a word; empty where there is nothing."""
    return "conda file" if properties.get("condaFile") else "Dockerfile" if properties.get("build") else ""


def option_name(reference: Reference | None) -> str:
    """The name by which ``start --environment`` means an environment."""
    return "*" if reference is None or reference.name == ANONYMOUS else reference.name


def lacking(conda: Mapping[str, Any], contents: Contents, *, plugin: bool, hidden: bool) -> list[str]:
    """What the interpreter lacks of the environment, and of what MLflow needs.

    :param plugin: whether MLflow needs azureml-mlflow.
    :param hidden: whether it is hidden, since the image would not have it.
    """
    missing = unsatisfied(conda, contents.python, contents.packages) if conda else []
    lines = ["It does not satisfy what the environment asks for:", *missing] if missing else []
    known = {canonicalize_name(name) for name in contents.packages}
    if plugin and known & {"mlflow", "mlflow-skinny"} and (hidden or imports.PLUGIN not in known):
        who = "the environment does not ask for" if hidden else "the interpreter lacks"
        lines.append(NEEDS_PLUGIN.format(who=who))
    return lines
