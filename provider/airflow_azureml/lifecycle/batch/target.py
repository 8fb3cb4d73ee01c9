"""The target of an invocation: endpoint, deployment and output datastores; one error names all that is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from airflow_azureml.rest import endpoints, workspace
from airflow_azureml.rest.endpoints import Deployment, Endpoint
from airflow_azureml.rest.errors import (
    AzureMLError,
    ForbiddenError,
    NotFoundError,
    Problem,
    SettingsError,
    SpecError,
    TransientError,
)
from airflow_azureml.rest.flow import Steps
from airflow_azureml.rest.ids import DatastorePath, Workspace, parse_datastore_path
from airflow_azureml.rest.jobs import ELSEWHERE

BLOB = "AzureBlob"
"""The type of the datastores that a batch endpoint writes to, which a Gen2 account can be registered as."""


@dataclass(frozen=True)
class Target:
    """What is invoked.

    :param deployment: the deployment that was asked for by name; None leaves it to the endpoint.
    :param runs: the deployment that runs, asked for or by default.
    :param experiment: the experiment that was asked for, or None.
    """

    endpoint: str
    scoring_uri: str
    deployment: str | None = None
    runs: str | None = None
    experiment: str | None = None

    @property
    def experiments(self) -> tuple[str, ...]:
        """Where its jobs may be."""
        return tuple(dict.fromkeys(name for name in (self.endpoint, self.experiment) if name))


@dataclass(frozen=True)
class Checks:
    """What is known of an invocation before the endpoint is looked at.

    :param problems: what is wrong whatever runs.
    :param of_model: what is wrong besides where a model deployment runs.
    :param stores: paths that outputs go to, each with the place to complain at.
    """

    problems: Sequence[Problem] = ()
    of_model: Sequence[Problem] = ()
    stores: Sequence[tuple[str, Problem]] = ()


def resolve_target(
    ws: Workspace, endpoint_name: str, deployment_name: str | None, experiment_name: str | None, checks: Checks
) -> Steps[tuple[Target, Deployment | None]]:
    """Look at what is to be invoked, and find everything that is wrong with the invocation; nothing is changed.

    :return: the target, and the deployment that runs.
    :raises SpecError: with all problems together.
    :raises NotFoundError: there is no such endpoint, and nothing else is wrong.
    :raises TransientError: the endpoint is not ready yet, or cannot be looked at for now.
    """
    resolution = _Resolution(ws, list(checks.problems))
    try:
        endpoint = yield from resolution.endpoint(endpoint_name)
        deployment = yield from resolution.deployment(endpoint, deployment_name)
        if deployment is not None and deployment.kind == "model":
            resolution.problems += checks.of_model
        yield from resolution.stores(checks.stores)
    except (SpecError, SettingsError):
        raise
    except AzureMLError as error:
        resolution.give_up(error)
    if resolution.problems:
        raise SpecError(resolution.problems)
    if not endpoint.scoring_uri:
        state = endpoint.state or "not ready"
        raise TransientError(f"Batch endpoint {endpoint.name} is {state}: it has no scoring URI yet.")
    runs = deployment.name if deployment is not None else None
    if deployment is not None and deployment.kind == "model":
        # Only jobs of pipeline components are put into the experiment that is asked for.
        experiment_name = None
    return Target(endpoint_name, endpoint.scoring_uri, deployment_name, runs, experiment_name), deployment


class _Resolution:
    """The looks at the service, and the problems found so far."""

    def __init__(self, ws: Workspace, problems: list[Problem]) -> None:
        self.ws = ws
        self.problems = problems

    def give_up(self, error: AzureMLError) -> NoReturn:
        """End with what is wrong for sure, else with the trouble itself."""
        if not self.problems:
            raise error
        if isinstance(error, NotFoundError):
            self.problems.insert(0, Problem("endpoint_name", str(error)))
        raise SpecError(self.problems) from None

    def endpoint(self, name: str) -> Steps[Endpoint]:
        """Read the endpoint.

        :raises NotFoundError: there is none; names those that are there.
        """
        try:
            return (yield from endpoints.get(self.ws, name))
        except NotFoundError as error:
            if error.code in ELSEWHERE:
                raise
            missing = error
        names = yield from _names(endpoints.list(self.ws))
        text = f"batch endpoint {name!r} does not exist in workspace {self.ws.name!r}. {_there(names)}"
        raise NotFoundError(text, missing.reply, missing.codes, missing.correlation) from None

    def deployment(self, endpoint: Endpoint, name: str | None) -> Steps[Deployment | None]:
        """Read the deployment that runs; None, with a problem noted, where there is none."""
        wanted = name or endpoint.default_deployment
        if wanted is not None:
            resource = yield from endpoints.find_deployment(self.ws, endpoint.name, wanted)
            if resource is not None:
                return resource if resource.name else replace(resource, name=wanted)
        names = yield from _names(endpoints.deployments(self.ws, endpoint.name))
        if name is not None:
            text = f"endpoint {endpoint.name!r} has no deployment {name!r}. {_there(names)}"
        elif wanted is not None:
            text = f"the default deployment {wanted!r} of endpoint {endpoint.name!r} does not exist. {_there(names)}"
        else:
            text = f"endpoint {endpoint.name!r} has no default deployment: name one. {_there(names)}"
        self.problems.append(Problem("deployment_name", text))
        return None

    def stores(self, given: Sequence[tuple[str, Problem]]) -> Steps[None]:
        """Look up the datastores of outputs, each once; one that may not be looked up is left to the service."""
        seen: dict[DatastorePath, str | None] = {}
        for text, problem in given:
            place = parse_datastore_path(text)
            if place is None or "${{" in place.datastore:  # the service knows which one that is
                continue
            key = DatastorePath(place.datastore, "", place.workspace)
            if key not in seen:
                seen[key] = yield from self._unfit(key)
            message = seen[key]
            if message is not None:
                self.problems.append(replace(problem, message=message))

    def _unfit(self, place: DatastorePath) -> Steps[str | None]:
        home = place.workspace or self.ws
        try:
            store = yield from workspace.datastore(home, place.datastore)
        except NotFoundError:
            return f"datastore {place.datastore!r} does not exist in workspace {home.name!r}."
        except ForbiddenError:
            return None
        if not store.kind or store.kind == BLOB:
            return None
        return (
            f"the datastore {place.datastore!r} is {store.kind}. Accepted: a Blob datastore "
            "(a Data Lake Gen2 account can be registered as one)."
        )


def _names(flow: Steps[tuple[Endpoint, ...]] | Steps[tuple[Deployment, ...]]) -> Steps[tuple[str, ...] | None]:
    """The names in a list; None where it cannot be read, which must not hide what is wrong."""
    try:
        rows: Iterable[Endpoint | Deployment] = yield from flow
    except AzureMLError:
        return None
    return tuple(row.name for row in rows)


def _there(names: tuple[str, ...] | None) -> str:
    if names is None:
        return "The existing ones could not be listed."
    return f"Existing: {', '.join(sorted(names))}." if names else "There are none."
