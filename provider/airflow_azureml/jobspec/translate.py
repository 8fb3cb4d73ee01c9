"""From a document to the request for a job: dispatch on ``type``, all problems together, and what the request needs.

Nothing is asked and nothing is sent here; what only the service knows stays a ``Placeholder`` in the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.document.requirements import Translation, uploads
from airflow_azureml.jobspec.kinds.table import JOB_TYPES, KINDS, job_translator
from airflow_azureml.jobspec.recognition.recognised import explained
from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.ids import Workspace

PREVIEW = {
    "assetVersion": "2024-01-01-preview",
    "pathOnCompute": "2024-01-01-preview",
    "locations": "2024-01-01-preview",
    "maxInstanceCount": "2024-01-01-preview",
    "priority": "2024-01-01-preview",
    "parentJobName": "2025-01-01-preview",
}
"""Keys that no generally available version models, and the version that does. Source: azure-ai-ml's models."""

WHERE = {
    "outputs": ("assetVersion", "pathOnCompute"),
    "resources": ("locations", "maxInstanceCount"),
    "queueSettings": ("priority",),
}
"""The parts of a body in which those keys mean that."""


def translate(document: Document, workspace: Workspace) -> Translation:
    """Translate a job.

    :raises SpecError: with all problems of the document, each with its place.
    """
    ctx = job_translator(document.faults, workspace)
    root = document.root
    word = root.value.get("type", "command")
    kind = KINDS.get(word.lower() if document.from_python else word) if isinstance(word, str) else None
    if kind is None or kind.job is None:
        ctx.error(root, f"{show(word)} is not a type of job.{nearest(word, JOB_TYPES)}", "type")
        raise SpecError(explained(document, ctx.errors(), "job"))
    if "type" not in root.value and (meant := _other_type(root)):
        ctx.error(root, f'"type" is required: a job without one is a command. Did you mean "type: {meant}"?', "type")
        raise SpecError(explained(document, ctx.errors(), "job"))
    body = kind.job(root, ctx)
    if problems := ctx.errors():
        raise SpecError(explained(document, problems, "job"))
    _git(body, document)
    name = root.value.get("name")
    warnings, rejected = tuple(dict.fromkeys(ctx.warnings)), tuple(dict.fromkeys(ctx.rejected))
    return Translation({"properties": body}, name, _as_user(body), api_version(body), warnings, rejected)


def translate_for_each(document: Document, workspace: Workspace, computes: tuple[str, ...]) -> tuple[Translation, ...]:
    """Translate a job for each of the computes that may run it, or as it is where there are none.

    :raises SpecError: names each mistake, the place in the list with it; or the kind of job has no compute.
    """
    found: list[Translation] = []
    for place, compute in enumerate(computes or (None,)):
        try:
            translation = translate(document.replaced(compute=compute), workspace)
            translation.check_accepted()
        except SpecError as error:
            name = f"compute[{place}]"
            raise SpecError(
                [
                    replace(problem, path=name) if computes and problem.path == "compute" else problem
                    for problem in error.problems
                ]
            ) from None
        found.append(translation)
    alike = [place for place in range(1, len(found)) if found[place].body in [one.body for one in found[:place]]]
    if alike:
        text = "says the same as one before it, or jobs of this kind have no compute. Accepted: different computes."
        raise SpecError([Problem(f"compute[{place}]", f"{computes[place]!r} {text}") for place in alike])
    return tuple(found)


def _other_type(root: Located) -> str | None:
    """The kind whose keys a job without a type has; None for a command."""
    if "command" in root.value:
        return None
    return next((word for word, kind in KINDS.items() if not kind.job_keys.isdisjoint(root.value)), None)


def _as_user(body: Mapping[str, Any]) -> bool:
    """Tell whether the submitter's token goes along. Source: azure-ai-ml 1.35.2, ``JobOperations.create_or_update``."""
    identity = body.get("identity") or {}
    return bool(body["jobType"] == "Pipeline" or identity.get("identityType") == "UserIdentity")


def api_version(body: Mapping[str, Any]) -> str | None:
    """Choose the version that models what the body uses; None for the connection's own."""
    found = {PREVIEW[key] for key in ("parentJobName",) if key in body}
    for part, keys in WHERE.items():
        value = body.get(part) or {}
        for holder in value.values() if part == "outputs" else [value]:
            found.update(PREVIEW[key] for key in keys if key in holder)
    if (body.get("distribution") or {}).get("distributionType") == "Ray":
        found.add("2024-01-01-preview")
    return max(found, default=None)


def _git(body: dict[str, Any], document: Document) -> None:
    """Add which commit the code comes from, unless the job says so itself."""
    code = next((requirement for requirement in uploads(body) if requirement.kind == "code"), None)
    found = document.files.git(code.source if code else None)
    own = body.get("properties") or {}
    if found and not any(name in own for name in found):
        body["properties"] = {**own, **found}
