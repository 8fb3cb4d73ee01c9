"""Submission: what the service checks before it takes a job. No HTTP; the refusals are the service's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azureml_emulator.assets.models import CURATED
from azureml_emulator.assets.references import Reference, Resolver, UnresolvedError
from azureml_emulator.assets.versions import Versions
from azureml_emulator.core.errors import Envelope, ServiceError
from azureml_emulator.core.schema import Problem, record
from azureml_emulator.core.schemas import COMMAND_JOB, ENVELOPE, invalid, read_properties
from azureml_emulator.jobs.bindings import unknown_bindings
from azureml_emulator.jobs.models import NAME, Job, Jobs, completed_definition
from azureml_emulator.pipelines.plans import default_datastore, located, read_plan
from azureml_emulator.pipelines.schemas import PIPELINE_JOB
from azureml_emulator.workspace.computes import most_nodes

if TYPE_CHECKING:
    from azureml_emulator.app import Emulator

JOB_TYPES = ("Command", "Pipeline", "Sweep", "Spark", "AutoML", "FineTuning", "Distillation", "Labeling")
EMULATED = {"Command": COMMAND_JOB, "Pipeline": PIPELINE_JOB}
DEEPEST = 10
"""How deep pipelines may lie in each other; the service's own limit is unproven."""
PUBLIC_REGISTRY = "azureml"
"""The registry whose environments are taken to exist, whatever their names: the emulator has no list of them."""


def read_job(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """The checked properties of a job's PUT.

    :raises ServiceError: 400 for a body that the service would refuse, 501 for a type of job that is not emulated.
    """
    problems: list[Problem] = []
    record(ENVELOPE, ("properties",))(body, "", problems.append)
    if not NAME.fullmatch(name):
        problems.append(
            Problem("name", f"{name!r}: letters, digits, '-' and '_', the first one a letter or digit, at most 255.")
        )
    if problems:
        raise invalid(problems)
    properties = body["properties"]
    kind = properties.get("jobType") if isinstance(properties, dict) else None
    known = {word.lower(): word for word in JOB_TYPES}.get(str(kind).lower())
    if known is None:
        raise invalid([Problem("properties.jobType", f"{kind!r} is not one of: {', '.join(JOB_TYPES)}.")])
    if known not in EMULATED:
        message = f"Jobs of type {known}: see docs/emulator.md for what is here."
        raise ServiceError(501, "NotEmulated", message, envelope=Envelope.ARM)
    given = read_properties(body, EMULATED[known])
    given["jobType"] = known
    return given


def begin(
    em: Emulator,
    name: str,
    given: dict[str, Any],
    *,
    parent: str | None = None,
    root: str | None = None,
    node: str | None = None,
) -> Job:
    """Make a job and start it.

    :param given: checked properties, as ``read_job`` answers them.
    :param parent: the job it belongs to; ``root`` is the outermost one.
    :param node: the job's name in the graph of its parent, which makes it a step of a pipeline.
    :raises ServiceError: something that it names does not exist or does not fit; no job was made.
    """
    definition = completed_definition(name, check_references(em, given))
    job = Jobs(em.store).add(name, definition, em.settings.client_id, parent, root=root, node=node)
    em.engine.submit(name)
    return job


def check_references(em: Emulator, given: dict[str, Any], depth: int = 0) -> dict[str, Any]:
    """The properties with their references in the service's spelling; everything they name exists.

    :raises ServiceError: 400 ``UserError`` for what does not exist. The texts are ours: the service's are unproven.
    """
    return check_pipeline(em, given, depth) if given["jobType"] == "Pipeline" else check_command_job(em, given)


def check_pipeline(em: Emulator, given: dict[str, Any], depth: int) -> dict[str, Any]:
    """Every node of a pipeline, and of the pipelines inside of it, would make a job that can run."""
    if depth > DEEPEST:
        raise refusal("componentId", f"Pipelines lie more than {DEEPEST} deep in each other.", "PipelineTooDeep")
    for side in ("on_init", "on_finalize"):
        if (given.get("settings") or {}).get(side):
            message = f"settings.{side}: see docs/emulator.md for what is here."
            raise ServiceError(501, "NotEmulated", message, envelope=Envelope.ARM)
    resolver = Resolver(em.settings, em.store)
    check_inputs(resolver, given)
    datastore = default_datastore(given)
    if resolver.datastore(datastore) is None:
        message = f"The datastore {datastore!r} was not found in the workspace."
        raise refusal("settings.default_datastore", message, "DatastoreNotFound")
    plan = read_plan(resolver, given)
    for name in plan.graph.nodes:
        job = plan.job(name, plan.declared)
        try:
            check_references(em, job, depth + 1)
        except ServiceError as error:
            raise located(error, f"jobs.{name}") from None
    return given


def check_command_job(em: Emulator, given: dict[str, Any]) -> dict[str, Any]:
    """The properties of a command job with their references in the service's spelling.

    :raises ServiceError: 400 ``UserError`` for what does not exist. The texts are ours: the service's are unproven.
    """
    resolver = Resolver(em.settings, em.store)
    checked = dict(given)
    check_command(given)
    check_compute(em, given)
    checked["environmentId"] = environment_id(em, resolver, given["environmentId"])
    if given.get("codeId"):
        require(resolver, "codeId", given["codeId"], "codes")
    check_inputs(resolver, given)
    return checked


def check_inputs(resolver: Resolver, given: dict[str, Any]) -> None:
    """Every asset among the inputs exists."""
    for name, row in (given.get("inputs") or {}).items():
        if row["jobInputType"] != "literal":
            kind = "models" if row["jobInputType"].endswith("_model") else "data"
            require(resolver, f"inputs.{name}.uri", row["uri"], kind)


def check_command(given: dict[str, Any]) -> None:
    """Every binding of the command names an input or output of the job."""
    unknown = unknown_bindings(given["command"], given.get("inputs", {}), given.get("outputs", {}))
    if unknown:
        message = f"The command names {', '.join(unknown)}, which the job does not have."
        raise refusal("command", message, "BindingNotFound")


def check_compute(em: Emulator, given: dict[str, Any]) -> None:
    """The compute exists and can run jobs; none, or ``serverless``, is Azure ML's own."""
    compute_id = given.get("computeId")
    local = (given.get("resources") or {}).get("properties") or {}
    if "IsLocal" in local or str(compute_id).lower() == "local":
        raise ServiceError(
            501, "NotEmulated", "Jobs on the submitter's own machine: see docs/emulator.md.", envelope=Envelope.ARM
        )
    if not compute_id:
        return
    head, _, name = compute_id.rpartition("/")
    if head and head.lower() != f"{em.settings.ws_arm}/computes".lower():
        raise refusal("computeId", f"{compute_id!r} is not a compute of this workspace.", "ComputeNotFound")
    if name.lower() == "serverless":
        return
    compute = em.workspace.computes.get(name)
    if compute is None:
        raise refusal("computeId", f"The compute {name!r} was not found in the workspace.", "ComputeNotFound")
    limit = most_nodes(compute)
    wanted = (given.get("resources") or {}).get("instanceCount") or 1
    if limit is not None and wanted > limit:
        message = f"{wanted} nodes were asked for; the compute {name!r} has at most {limit}."
        raise refusal("resources.instanceCount", message, "RequestedNodeCountExceedsMax")


def environment_id(em: Emulator, resolver: Resolver, text: str) -> str:
    """The environment as the service stores it: curated and registry ones by their registry id."""
    try:
        reference = resolver.reference(text, "environments")
    except UnresolvedError as error:
        raise refusal("environmentId", str(error), "EnvironmentNotFound") from None
    if reference is None or reference.kind != "environments":
        raise refusal("environmentId", f"{text!r} is not an environment's id.", "EnvironmentNotFound")
    in_workspace = reference.registry is None and known(em, reference)
    if in_workspace:
        version = resolver.version(reference).version
        return f"{em.settings.ws_arm}/environments/{reference.name}/versions/{version}"
    curated = reference.registry is None and CURATED.fullmatch(reference.name)
    if curated or (reference.registry or "").lower() == PUBLIC_REGISTRY:
        return (
            f"azureml://registries/{PUBLIC_REGISTRY}/environments/{reference.name}/versions/{reference.version or '1'}"
        )
    where = f"registry {reference.registry!r}" if reference.registry else "workspace"
    raise refusal(
        "environmentId",
        f"The environment {reference.name}:{reference.version or reference.label} was not found in the {where}.",
        "EnvironmentNotFound",
    )


def known(em: Emulator, reference: Reference) -> bool:
    """Whether the workspace has the version that a reference names."""
    versions = Versions(em.store)
    if reference.label:
        return versions.latest(reference.kind, reference.name) is not None
    return versions.get(reference.kind, reference.name, reference.version or "") is not None


def require(resolver: Resolver, field: str, text: str, kind: str) -> None:
    """An asset that is named must exist; other addresses are looked at when the job runs.

    Source: an https input that did not exist was accepted with 201 (recording test_command_job_invalid_datastore).
    """
    try:
        reference = resolver.reference(text, kind)
        if reference is not None:
            resolver.version(reference)
        elif kind == "codes":
            raise UnresolvedError(f"{text!r} is not the id of a code version.")
    except UnresolvedError as error:
        raise refusal(field, str(error), f"{kind.removesuffix('s').capitalize()}NotFound") from None


def refusal(field: str, message: str, code: str) -> ServiceError:
    """400 ``UserError`` that names the field."""
    return ServiceError(
        400, "UserError", f"{field}: {message}", inner=("BadArgument", code), parameters={"field": field}
    )
