"""Online endpoints and their deployments in the store. No HTTP."""

from __future__ import annotations

from collections.abc import Callable

from azureml_emulator.core.store import Store
from azureml_emulator.core.transitions import DEPLOYMENTS, ENDPOINTS, Transitions
from azureml_emulator.endpoints.records import DeploymentRecords, KeyedEndpoints


class Endpoints(KeyedEndpoints):
    """Online endpoints by name.

    :param forget_deployment: what else happens when a deployment goes with its endpoint, with its key.
    """

    writing = deleting = "oe"

    def __init__(self, store: Store, transitions: Transitions, forget_deployment: Callable[[str], None]) -> None:
        super().__init__(store, transitions, "online_endpoint", ENDPOINTS, self._forget_deployments)
        self._forget_deployment = forget_deployment

    def _forget_deployments(self, endpoint: str) -> None:
        for key in self._store.keys("online_deployment", f"{endpoint}/"):
            self._store.delete("online_deployment", key)
            self._forget_deployment(key)


class Deployments(DeploymentRecords):
    """Online deployments by their endpoint's name, a slash and their own.

    :param forget: what else happens when one is removed, with its key.
    :param busy: ``busy(key)``: whether its servers are being started.
    """

    writing = deleting = "od"

    def __init__(
        self, store: Store, transitions: Transitions, forget: Callable[[str], None], busy: Callable[[str], bool]
    ) -> None:
        super().__init__(store, transitions, "online_deployment", DEPLOYMENTS, self._removed, busy)
        self._forget_server = forget

    def _removed(self, deployment: str) -> None:
        """Take a deployment that is gone out of its endpoint's shares."""
        self._forget_server(deployment)
        endpoint, _, name = deployment.partition("/")
        holder = self._store.get("online_endpoint", endpoint)
        if holder:
            for field in ("traffic", "mirrorTraffic"):
                rows = holder["properties"][field]
                holder["properties"][field] = {key: value for key, value in rows.items() if key.lower() != name}
            self._store.put("online_endpoint", endpoint, holder)
