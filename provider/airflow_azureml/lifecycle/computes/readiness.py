"""Whether computes can run a job: looked at before it is submitted, where the identity may read them.

What the client has kept of a compute is not believed where it says that it cannot: it may have been started, or grown,
since.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from airflow_azureml.lifecycle.computes.named import Use
from airflow_azureml.lifecycle.missing_references import suggestion
from airflow_azureml.lifecycle.news import Warned
from airflow_azureml.rest.errors import ForbiddenError, NoAnswerError, NotFoundError, Problem, ServiceError, SpecError
from airflow_azureml.rest.flow import News, Steps
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.jobs import ELSEWHERE
from airflow_azureml.rest.resources import computes
from airflow_azureml.rest.resources.computes import CLUSTER, INSTANCE, Compute

LONGEST_REASON = 300
"""Characters of what the service says of a compute."""

BROKEN = frozenset({"createfailed", "setupfailed", "unusable"})
"""States of a compute instance in which nothing runs on it. Source: https://learn.microsoft.com/dotnet/api/
azure.resourcemanager.machinelearning.models.machinelearningcomputeinstancestate, which only lists the words."""

ON_ITS_WAY = frozenset({"creating", "restarting", "settingup", "starting", "usersettingup"})
"""States of a compute instance that is not running yet. Source: as for ``BROKEN``."""


class UnfitComputeError(SpecError):
    """A compute that the job names cannot run it."""


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a compute.

    :param runs: a job may run on it.
    :param text: a clause that follows the compute's name; empty where all is well.
    """

    runs: bool = True
    text: str = ""


FIT = Verdict()


def check_computes(ws: Workspace, named: Sequence[Use]) -> Steps[None]:
    """Look at the computes that a job and its nodes name, several by one request; warn of what may keep it waiting.

    An identity that may not read computes is told nothing, and neither is one whose look the service answers otherwise:
    whatever is wrong with the compute, the service says so then.

    :param named: what the job asks of which computes.
    :raises UnfitComputeError: one does not exist, or cannot run the job.
    :raises NotFoundError: the workspace itself is not there.
    :raises UnreachableError: nor is the service.
    """
    problems: list[Problem] = []
    told: set[str] = set()
    seen: dict[str, Compute | None] = {}
    names = {use.name.lower() for use in named}
    if len(names) > 1:
        seen.update((yield from _listed(ws, names)))
    for use in named:
        key = use.name.lower()
        try:
            if key not in seen:
                seen[key] = yield from computes.get(ws, use.name)
            compute = seen[key]
            if compute is None:
                continue
            verdict = judge(compute, use.nodes)
            if not verdict.runs:
                compute = seen[key] = yield from computes.get(ws, use.name, anew=True)
                verdict = judge(compute, use.nodes)
        except NotFoundError as error:
            if error.code in ELSEWHERE:
                raise
            seen[key] = None
            hint = yield from suggestion(ws, "computes", use.name)
            problems.append(Problem(use.place, f'compute "{use.name}" does not exist in workspace "{ws.name}".{hint}'))
            continue
        except (ServiceError, NoAnswerError):
            seen[key] = None
            continue
        text = f'compute "{compute.name}" {verdict.text}'
        if not verdict.runs:
            problems.append(Problem(use.place, text))
        elif verdict.text and text not in told:
            told.add(text)
            yield News(Warned(f"{use.place}: {text}"))
    if problems:
        raise UnfitComputeError(problems)


def _listed(ws: Workspace, names: Collection[str]) -> Steps[Mapping[str, Compute | None]]:
    """The computes of the workspace by name, in lower case; those that are not among them are looked at alone.

    :param names: those that are wanted; to an identity that may not list them each is None.
    """
    try:
        return (yield from computes.first_page(ws))
    except ForbiddenError:
        return dict.fromkeys(names)
    except NotFoundError as error:
        if error.code in ELSEWHERE:
            raise
    except (ServiceError, NoAnswerError):
        pass
    return {}


def judge(compute: Compute, nodes: int = 1) -> Verdict:
    """Decide whether a compute can run something.

    :param nodes: how many nodes it takes.
    """
    state = compute.provisioning_state.lower()
    if state == "deleting":
        return Verdict(False, "is being deleted.")
    # An instance is one virtual machine and has no scale settings: https://github.com/microsoft/hi-ml/issues/901
    most = 1 if compute.kind == INSTANCE else compute.most_nodes
    if most is not None and nodes > most:
        return Verdict(False, f"has {_number(most)} at most, and the job asks for {nodes}.")
    if compute.kind == INSTANCE and compute.state:
        return _judge_instance(compute)
    if state == "failed":
        # "AzureMLCompute cluster gpu-cluster is in failed state and thus not ready for runs":
        # https://github.com/Azure/MachineLearningNotebooks/issues/642
        return Verdict(False, f"is in a failed state, and not ready for jobs.{_reason(compute.provisioning_errors)}")
    if state in ("creating", "canceled"):
        return Verdict(True, f"is not ready (its provisioning state is {compute.provisioning_state}): jobs may wait.")
    if compute.kind == CLUSTER and compute.errors:
        # Jobs wait on a cluster that cannot grow: https://github.com/dotnet/machinelearning-modelbuilder/issues/546
        return Verdict(True, f"has trouble with its nodes, jobs may wait.{_reason(compute.errors)}")
    return FIT


def _judge_instance(compute: Compute) -> Verdict:
    """What the state of a compute instance means. No public page says what becomes of a job for a stopped one."""
    state = (compute.state or "").lower()
    if state == "deleting":
        return Verdict(False, "is being deleted.")
    if state in BROKEN:
        return Verdict(False, f"is {compute.state}, and not ready for jobs.{_reason(compute.errors)}")
    if state in ("stopped", "stopping"):
        if compute.is_started_by_schedule:
            return Verdict(True, f"is {compute.state}: the job waits until its schedule starts it.")
        return Verdict(False, f"is {compute.state}, and has no schedule that starts it. Start it first.")
    if state in ON_ITS_WAY:
        return Verdict(True, f"is {compute.state}: the job waits until it runs.")
    return FIT


def _number(nodes: int) -> str:
    return "1 node" if nodes == 1 else f"{nodes} nodes"


def _reason(errors: tuple[str, ...]) -> str:
    """What the service says, in one line."""
    text = " ".join("; ".join(errors).split())
    if not text:
        return ""
    return f" The service says: {text if len(text) <= LONGEST_REASON else f'{text[:LONGEST_REASON]} ...'}"


def place_in_list(error: UnfitComputeError, place: str) -> UnfitComputeError:
    """Name the place in a list of computes where the job's own one is meant."""
    return UnfitComputeError(
        [Problem(place if one.path == "compute" else one.path, one.message) for one in error.problems]
    )
