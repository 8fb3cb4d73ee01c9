"""The hook: it reads the Airflow connection, makes the client, and has a method for each everyday request."""

from __future__ import annotations

import time
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from airflow_azureml.configuration import max_requests_per_second, prices, wait_options
from airflow_azureml.exceptions import translated
from airflow_azureml.hooks.arguments import with_arguments_checked
from airflow_azureml.hooks.resources import ResourceMethods
from airflow_azureml.version_compat import AirflowException, AirflowNotFoundException, BaseHook

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from airflow_azureml.client import AsyncMLClient, Limits, MLClient
    from airflow_azureml.hooks.connection import ConnectionFields
    from airflow_azureml.rest.jobs import Job
    from airflow_azureml.rest.settings import Settings


WORKSPACE_ARGUMENTS = ("azureml_conn_id", "subscription_id", "resource_group", "workspace_name")
"""The hook's arguments, which operators, sensors and triggers have under the same names."""


@with_arguments_checked
class AzureMLHook(ResourceMethods, BaseHook):
    """Reach one Azure ML workspace through one Airflow connection.

    :param azureml_conn_id: connection of type ``azureml``, or ``azure`` (the official provider's).
    :param subscription_id: overrides the connection's, as do ``resource_group`` and ``workspace_name``.
    """

    conn_name_attr = "azureml_conn_id"
    default_conn_name = "azureml_default"
    conn_type = "azureml"
    hook_name = "Azure Machine Learning"

    def __init__(
        self,
        azureml_conn_id: str = default_conn_name,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
    ) -> None:
        super().__init__()
        self.azureml_conn_id = azureml_conn_id
        self.subscription_id = subscription_id
        self.resource_group = resource_group
        self.workspace_name = workspace_name
        self._settings: Settings | None = None

    @classmethod
    def of(cls, holder: Any) -> AzureMLHook:
        """Make the hook for the workspace of an operator, a sensor or a trigger, which hold its four arguments."""
        return cls(**{name: getattr(holder, name) for name in WORKSPACE_ARGUMENTS})

    def settings(self) -> Settings:
        """Read and check the connection, once per hook.

        :raises rest.errors.SettingsError: lists the fields that are missing or wrong.
        """
        if self._settings is None:
            from airflow_azureml.hooks.connection import ConnectionFields
            from airflow_azureml.hooks.connection_check import check_id, undefined
            from airflow_azureml.version_compat import mask_secret

            check_id(self.azureml_conn_id)
            try:
                connection = self.get_connection(self.azureml_conn_id)
            except AirflowNotFoundException:
                raise undefined(self.azureml_conn_id) from None
            if connection.password:
                mask_secret(connection.password)
            self._settings = self._checked(ConnectionFields.of(connection))
        return self._settings

    async def async_settings(self) -> Settings:
        """The same in a coroutine, without blocking its event loop."""
        if self._settings is None:
            from airflow_azureml.hooks.connection import ConnectionFields
            from airflow_azureml.hooks.connection_check import check_id, undefined
            from airflow_azureml.version_compat import get_async_connection

            check_id(self.azureml_conn_id)
            try:
                connection = await get_async_connection(self.azureml_conn_id)
            except AirflowNotFoundException:
                raise undefined(self.azureml_conn_id) from None
            self._settings = self._checked(ConnectionFields.of(connection))
        return self._settings

    def client(self, limits: Limits | None = None, *, own: bool = False) -> MLClient:
        """Take a share in this process's client: ``with hook.client() as client``; with ``own``, make another."""
        from airflow_azureml.client import Limits, MLClient, lend  # the door: azure is loaded here
        from airflow_azureml.observability import request_counter

        settings = self.settings()
        limits = limits or Limits(looks_per_second=max_requests_per_second())
        make: Callable[..., MLClient] = MLClient if own else lend
        client = make(settings, limits, count=request_counter(settings.workspace.name))
        client.reread = client.reread or (lambda: AzureMLHook.of(self).settings())
        return client

    async def async_client(self) -> AsyncMLClient:
        """Take a share in this event loop's client for the workspace: ``async with await hook.async_client() as c``."""
        from airflow_azureml.hooks.sharing import shared_client

        key = tuple(getattr(self, name) for name in WORKSPACE_ARGUMENTS)
        return await shared_client(key, self.async_settings, lambda: AzureMLHook.of(self).async_settings())

    def get_conn(self) -> MLClient:
        """The client, under the name that Airflow's hooks share."""
        return self.client()

    def get_job(self, name: str) -> Job:
        """Read a job.

        :raises AzureMLNotFoundError: there is none of this name.
        """
        from airflow_azureml.rest import jobs

        with translated(), self.client() as client:
            return client.run(jobs.get(client.workspace, name))

    def create_job(
        self,
        spec: str | os.PathLike[str] | Mapping[str, Any] | Any,
        name: str,
        *,
        set: str | Mapping[str, Any] | Sequence[str] | None = None,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        repairs: str | None = None,
    ) -> Job:
        """Submit a job under the given name; local code and data are uploaded first.

        :param spec: a YAML file's path, YAML text, a mapping or an ``azure-ai-ml`` object; relative paths belong to the
            file's folder, or to the working directory.
        :param set: dotted paths and values, applied last.
        :param inputs: laid over those of the spec, key by key; so are ``outputs``.
        :param repairs: the name of a failed job of the same pipeline: its finished steps are taken over, and only the
            others run. A step of a job that was submitted without ``repair=True`` and ``repairs`` is not compared.
        :raises AzureMLSpecError: lists everything that is wrong with the spec; nothing was sent.
        """
        from airflow_azureml.hooks.job_submission import read_job, submission
        from airflow_azureml.lifecycle.news import reporter

        with translated():
            job = read_job(spec, self.settings().workspace, self.log, set=set, inputs=inputs, outputs=outputs)
            with self.client() as client:
                flow = submission(client.workspace, name, job, repairs, datetime.now(timezone.utc))
                return client.run(flow, news=reporter(self.log))

    def invoke_batch_endpoint(
        self,
        endpoint_name: str,
        deployment_name: str | None = None,
        *,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        input: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        input_type: str = "uri_folder",
        file: str | os.PathLike[str] | Mapping[str, Any] | None = None,
        set: str | Mapping[str, Any] | Sequence[str] | None = None,
        **values: Any,
    ) -> Job:
        """Start a job of a batch endpoint; local data are uploaded first, and the invocation is sent once.

        :param input: one path, or the output of an upstream task: the short form of ``inputs``.
        :param file: the CLI's ``inputs.yml``: a path, text or a mapping; the other arguments are laid over it.
        :param set: dotted paths and values, applied last.
        :param values: any other argument of ``AzureMLInvokeBatchEndpointOperator`` that says what the job is, such as
            ``mini_batch_size``.
        :raises AzureMLSpecError: lists everything that is wrong; nothing was sent.
        :raises AzureMLAmbiguousInvocationError: it is not known whether a job was started, and none was found.
        """
        from airflow_azureml.jobspec.batch.arguments import arguments
        from airflow_azureml.jobspec.batch.invocation import read
        from airflow_azureml.jobspec.document.load import load
        from airflow_azureml.lifecycle.batch.submission import invoke
        from airflow_azureml.lifecycle.news import reporter

        with translated():
            base = None if file is None else load(file, field="file")
            document = arguments(
                base, inputs=inputs, outputs=outputs, input=input, input_type=input_type, set=set, **values
            )
            with self.client() as client:
                ws = client.workspace
                invocation = read(document, ws)
                flow = invoke(ws, endpoint_name, deployment_name, invocation, uuid.uuid4().hex, time.time)
                return client.run(flow, news=reporter(self.log))

    def cancel_job(self, name: str) -> None:
        """Ask for the end of a job; does not wait for it."""
        from airflow_azureml.rest import jobs

        with translated(), self.client() as client:
            client.run(jobs.begin_cancel(client.workspace, name))

    def wait_for_job(self, name: str, timeout: float | None = None) -> Job:
        """Wait until a job has ended, however it ended, and give it back.

        :param timeout: seconds; None waits as long as it takes.
        :raises AzureMLJobTimeoutError: it was not over in time; it goes on running.
        :raises AzureMLNotFoundError: there is no job of this name.
        """
        from airflow_azureml.lifecycle.news import reporter
        from airflow_azureml.lifecycle.wait import wait
        from airflow_azureml.rest import jobs

        with translated(), self.client() as client:
            # A wait rides out failures; a wrong secret or name is to fail at once.
            client.run(jobs.get(client.workspace, name))
            options = wait_options(deadline=None if timeout is None else time.time() + timeout)
            return client.run(wait(client.workspace, name, options), news=reporter(self.log))

    def get_result(self, name: str) -> dict[str, Any]:
        """What a job has produced, as operators give it to XCom; of a job that has not ended, what is known by now."""
        from airflow_azureml.lifecycle.records import JobResult
        from airflow_azureml.lifecycle.result import result
        from airflow_azureml.rest import jobs

        with translated(), self.client() as client:
            tenant = client.settings.tenant_id
            job = client.run(jobs.get(client.workspace, name))
            if not job.phase.is_terminal:
                return JobResult.of_unfinished(job, tenant).to_dict()
            return client.run(result(client.workspace, job, tenant_id=tenant, prices=prices())).to_dict()

    def get_logs(self, name: str, tail: int | None = None) -> str:
        """A job's log as far as it is written.

        :param tail: only so many lines from its end.
        """
        from airflow_azureml.lifecycle.job_log import read_log
        from airflow_azureml.rest import jobs

        with translated(), self.client() as client:
            text = client.run(read_log(client.workspace, client.run(jobs.get(client.workspace, name))))
        if tail is None:
            return text
        return "\n".join(text.splitlines()[-tail:]) if tail > 0 else ""

    def download_output(
        self, name: str, output: str, path: str | os.PathLike[str], *, overwrite: bool = False
    ) -> list[str]:
        """Fetch an output of a job that has ended into a local folder; gives back the files' paths.

        :param overwrite: False refuses, before anything is fetched, when one of the files exists.
        """
        import os

        from airflow_azureml.hooks.local_folders import local_folder
        from airflow_azureml.lifecycle.output_download import download
        from airflow_azureml.rest.flow import LocalFolder

        with translated():
            folder = local_folder("path", path)
        with translated(), self.client() as client:
            moved = client.run(download(client.workspace, name, output, LocalFolder(folder, overwrite)))
        return [os.path.join(folder, *relative.split("/")) for relative in moved.names]

    def test_connection(self) -> tuple[bool, str]:
        """Read the workspace; on failure say which field to change or which role to grant."""
        from airflow_azureml.hooks.connection_check import check
        from airflow_azureml.rest.errors import SettingsError

        try:
            settings = self.settings()
        except (SettingsError, AirflowException) as error:
            return False, str(error)
        return check(settings)

    def _checked(self, fields: ConnectionFields) -> Settings:
        from airflow_azureml.hooks.connection import settings

        overrides = {name: getattr(self, name) for name in ("subscription_id", "resource_group", "workspace_name")}
        return settings(fields, overrides)

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """The fields of the form on Airflow 2.11 to 3.1; later ones read them from ``provider_info``."""
        from airflow_azureml.hooks.connection_form import widgets

        return widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """How the form treats the fields that all connections have, in the spelling of Airflow 2."""
        from airflow_azureml.provider_info import CONNECTION_BEHAVIOUR

        return {name.replace("-", "_"): value for name, value in CONNECTION_BEHAVIOUR.items()}
