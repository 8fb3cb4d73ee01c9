"""Batch endpoints and their deployments in the store, and the records of their invocations. No HTTP."""

from __future__ import annotations

from collections.abc import Sequence

from azureml_emulator.core.operations import Record
from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import DEPLOYMENTS, ENDPOINTS, Transitions
from azureml_emulator.endpoints.records import DeploymentRecords, OperatedRecords


class Invocations:
    """Records of the invocations of endpoints, by the name of the job that they made: ``endpoint``,
    ``deployment``, ``shown`` (how the job shows there) and, of a model's deployment, ``child`` (the definition of the
    scoring job)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, job: str) -> Record | None:
        """The record of a job's invocation; None for jobs that were not made by an endpoint."""
        record: Record | None = self._store.get("batchjob", job)
        return record

    def all(self) -> Sequence[tuple[str, Record]]:
        """The jobs that were made by endpoints, by name, each with the record of its invocation, the oldest first."""
        return self._store.list("batchjob")

    def put(self, job: str, record: Record) -> None:
        """Write a record."""
        self._store.put("batchjob", job, record)


class Endpoints(OperatedRecords):
    """Batch endpoints by name."""

    writing, deleting = "bebes", "be"

    def __init__(self, store: Store, transitions: Transitions) -> None:
        super().__init__(store, transitions, "batch_endpoint", ENDPOINTS, self._forget_deployments)

    def _forget_deployments(self, endpoint: str) -> None:
        """Forget the deployments of an endpoint that is gone.

        Source: the command line's documentation of ``batch-endpoint delete``.
        """
        for key in self._store.keys("batch_deployment", f"{endpoint}/"):
            self._store.delete("batch_deployment", key)


class Deployments(DeploymentRecords):
    """Batch deployments by their endpoint's name, a slash and their own."""

    writing, deleting = "bdbes", "bd"

    def __init__(self, store: Store, transitions: Transitions) -> None:
        super().__init__(store, transitions, "batch_deployment", DEPLOYMENTS, self._forget_default)

    def _forget_default(self, deployment: str) -> None:
        """Forget that a deployment that is gone was its endpoint's default. What the service does is unproven."""
        endpoint, _, name = deployment.partition("/")
        holder = self._store.get("batch_endpoint", endpoint)
        default = ((holder or {}).get("properties", {}).get("defaults") or {}).get("deploymentName")
        if holder and str(default).lower() == name:
            holder["properties"]["defaults"] = {"deploymentName": None}
            self._store.put("batch_endpoint", endpoint, holder)
