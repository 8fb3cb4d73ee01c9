"""The hook's methods for what a workspace holds beside jobs: as the operators, which they share their plans with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from airflow_azureml.configuration import patience
from airflow_azureml.exceptions import translated
from airflow_azureml.hooks.arguments import with_arguments_checked

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from airflow_azureml.client import MLClient
    from airflow_azureml.hooks.plans import Plan
    from airflow_azureml.rest.ids import Workspace
    from airflow_azureml.rest.settings import Settings

    Spec = str | os.PathLike[str] | Mapping[str, Any]


@with_arguments_checked
class ResourceMethods:
    """Environments, components, computes, online endpoints and models of one workspace.

    ``spec`` is the CLI's YAML: a file's path, text or a mapping; relative paths belong to the file's folder, or to the
    working directory. Whatever is made waits until it stands; doing it again changes nothing.
    """

    if TYPE_CHECKING:
        log: Any

        def settings(self) -> Settings:
            """Read the connection."""

        def client(self) -> MLClient:
            """Take a share in this process's client."""

    def get_environment(self, name: str, version: str | int | None = None) -> dict[str, Any]:
        """Read a version of an environment, as the service shows it.

        :param version: None for the latest.
        :raises AzureMLNotFoundError: there is none.
        """
        return self._version("environments", name, version)

    def create_environment(self, spec: Spec) -> dict[str, Any]:
        """Register an environment; without a version: the latest one if its definition is equal, else the next.

        :return: ``{"id", "name", "version"}``.
        """
        from airflow_azureml.hooks import plans

        return self._made(spec, plans.environment)

    def get_component(self, name: str, version: str | int | None = None) -> dict[str, Any]:
        """Read a version of a component, as the service shows it.

        :param version: None for the latest.
        :raises AzureMLNotFoundError: there is none.
        """
        return self._version("components", name, version)

    def create_component(self, spec: Spec) -> dict[str, Any]:
        """Register a component, as ``create_environment`` does an environment.

        :return: ``{"id", "name", "version"}``.
        """
        from airflow_azureml.hooks import plans

        return self._made(spec, plans.component)

    def get_compute(self, name: str) -> dict[str, Any]:
        """Read a compute, as the service shows it.

        :raises AzureMLNotFoundError: there is none.
        """
        from airflow_azureml.rest.resources import computes

        return self._shown(lambda ws: computes.path(ws, name))

    def create_compute(self, spec: Spec, if_exists: Literal["skip", "update", "fail"] = "skip") -> dict[str, Any]:
        """Make a compute; ``if_exists`` as in ``AzureMLCreateComputeOperator``.

        :return: ``{"id", "name"}``.
        """
        from airflow_azureml.hooks import plans

        return self._made(spec, lambda document, ws: plans.compute(document, ws, if_exists))

    def scale_compute(
        self, name: str, min_instances: int | None = None, max_instances: int | None = None
    ) -> dict[str, Any]:
        """Change how many nodes a cluster has at least and at most; what is not given stays.

        :return: ``{"id", "name"}``.
        """
        from airflow_azureml.hooks import plans

        return self._result(lambda ws: plans.scale(ws, name, min_instances, max_instances))

    def start_compute_instance(self, name: str) -> dict[str, Any]:
        """Start a compute instance, and wait until it runs.

        :return: ``{"id", "name"}``.
        """
        from airflow_azureml.hooks import plans

        return self._result(lambda ws: plans.power(ws, name, "start"))

    def stop_compute_instance(self, name: str) -> dict[str, Any]:
        """Stop a compute instance, and wait until it is stopped.

        :return: ``{"id", "name"}``.
        """
        from airflow_azureml.hooks import plans

        return self._result(lambda ws: plans.power(ws, name, "stop"))

    def delete_compute(self, name: str) -> None:
        """Delete a compute, or detach one that is attached; one that is missing is fine."""
        from airflow_azureml.hooks import plans

        self._done(lambda ws: plans.no_compute(ws, name, must_exist=False))

    def get_online_endpoint(self, name: str) -> dict[str, Any]:
        """Read an online endpoint, as the service shows it.

        :raises AzureMLNotFoundError: there is none.
        """
        from airflow_azureml.rest.resources import online

        return self._shown(lambda ws: online.endpoint(ws, name))

    def create_online_endpoint(self, spec: Spec) -> dict[str, Any]:
        """Make an online endpoint, or change it where it differs.

        :return: ``{"id", "name"}``.
        """
        from airflow_azureml.hooks import plans

        return self._made(spec, plans.online_endpoint)

    def delete_online_endpoint(self, name: str) -> None:
        """Delete an online endpoint with all its deployments; one that is missing is fine."""
        from airflow_azureml.hooks import plans

        self._done(lambda ws: plans.no_online_endpoint(ws, name))

    def get_online_deployment(self, endpoint_name: str, name: str) -> dict[str, Any]:
        """Read a deployment of an online endpoint, as the service shows it.

        :raises AzureMLNotFoundError: there is none.
        """
        from airflow_azureml.rest.resources import online

        return self._shown(lambda ws: online.deployment(ws, endpoint_name, name))

    def create_online_deployment(self, spec: Spec, traffic: int | Mapping[str, int] | None = None) -> dict[str, Any]:
        """Make a deployment of an online endpoint, or change it where it differs.

        :param traffic: once it stands, its percentage, or all percentages by the names of deployments.
        :return: ``{"id", "name"}``.
        """
        from airflow_azureml.hooks import plans

        return self._made(spec, lambda document, ws: plans.online_deployment(document, ws, traffic))

    def set_online_traffic(self, endpoint_name: str, traffic: Mapping[str, int]) -> dict[str, Any]:
        """Give the deployments of an online endpoint their shares of its requests; whatever is not named gets none.

        :return: ``{"id", "name"}`` of the endpoint.
        """
        from airflow_azureml.hooks import plans

        return self._result(lambda ws: plans.online_traffic(ws, endpoint_name, traffic))

    def invoke_online_endpoint(self, endpoint_name: str, data: Any, deployment_name: str | None = None) -> Any:
        """Score data with an online endpoint; sent once.

        :param data: a mapping, a list, or JSON as text.
        :return: the answer, read as JSON; its text where it is none.
        """
        from airflow_azureml.lifecycle.resources.online import invoke, json_value

        with translated(), self.client() as client:
            flow = invoke(client.workspace, endpoint_name, json_value("data", data), deployment_name)
            return client.run(flow)

    def get_model(self, name: str, version: str | int | None = None) -> dict[str, Any]:
        """Read a version of a model, as the service shows it.

        :param version: None for the latest.
        :raises AzureMLNotFoundError: there is none.
        """
        return self._version("models", name, version)

    def get_data_asset(self, name: str, version: str | int | None = None) -> dict[str, Any]:
        """Read a version of a data asset, as the service shows it.

        :param version: None for the latest.
        :raises AzureMLNotFoundError: there is none.
        """
        return self._version("data", name, version)

    def list_versions(self, kind: Literal["models", "data", "environments", "components"], name: str) -> list[str]:
        """List the versions of an asset in the order of the service.

        :raises AzureMLNotFoundError: there is no asset of this name.
        """
        from airflow_azureml.rest.resources import tracked

        with translated(), self.client() as client:
            return list(client.run(tracked.names(f"{client.workspace.path}/{kind}/{quote(name, safe='')}/versions")))

    def share_model(
        self, model: str, registry_name: str, name: str | None = None, version: str | None = None
    ) -> dict[str, Any]:
        """Share a model of the workspace with a registry; a version that is there already is left as it is.

        :param model: ``azureml:name:version``, ``azureml:name@latest`` or an ARM id.
        :return: ``{"id", "name", "version"}`` in the registry.
        """
        from airflow_azureml.lifecycle.models.sharing import share_by_name

        with translated(), self.client() as client:
            return client.run(share_by_name(client.workspace, model, registry_name, name, version))[0]

    def download_model(self, model: str, path: str | os.PathLike[str], *, overwrite: bool = False) -> list[str]:
        """Fetch the files of a registered model into a local folder; gives back the files' paths.

        :param overwrite: False refuses, before anything is fetched, when one of the files exists.
        """
        import os

        from airflow_azureml.hooks.local_folders import local_folder
        from airflow_azureml.lifecycle.models.download import download
        from airflow_azureml.lifecycle.models.references import model_of
        from airflow_azureml.rest.flow import LocalFolder

        with translated():
            folder = local_folder("path", path)
        with translated(), self.client() as client:
            moved = client.run(download(client.workspace, model_of(model), LocalFolder(folder, overwrite)))
        return [os.path.join(folder, *relative.split("/")) for relative in moved.names]

    def _version(self, kind: str, name: str, version: str | int | None) -> dict[str, Any]:
        from airflow_azureml.rest import assets

        with translated(), self.client() as client:
            ws = client.workspace
            wanted = version or client.run(assets.latest(ws, kind, name))
            found = client.run(assets.get(ws, kind, name, str(wanted)))
        return {
            "id": found.id,
            "name": found.name,
            "version": found.version,
            "properties": dict(found.properties),
        }

    def _shown(self, path: Callable[[Workspace], str]) -> dict[str, Any]:
        from airflow_azureml.rest.resources import tracked

        with translated(), self.client() as client:
            return dict(client.run(tracked.get(path(client.workspace))).raw)

    def _made(self, spec: Spec, plan: Callable[..., Plan]) -> dict[str, Any]:
        from airflow_azureml.hooks.checkout import own_checkout
        from airflow_azureml.jobspec.document.load import load

        def read(workspace: Workspace) -> Plan:
            return plan(load(spec, checkout=own_checkout(), field="spec"), workspace)

        return self._result(read)

    def _result(self, plan: Callable[[Workspace], Plan]) -> dict[str, Any]:
        found: dict[str, Any] = self._done(plan)
        return found

    def _done(self, plan: Callable[[Workspace], Plan]) -> Any:
        from airflow_azureml.hooks.plans import carry_out
        from airflow_azureml.lifecycle.news import reporter

        with translated():
            made = plan(self.settings().workspace)
            for warning in made.warnings:
                self.log.warning("%s", warning)
            with self.client() as client:
                return client.run(carry_out(made, patience()), news=reporter(self.log))
