"""Operators for jobs: one command, any job from its YAML, and the end of a job."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.exceptions import translated
from airflow_azureml.operators.submitting import AzureMLSubmitJobBaseOperator
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.job_task import job_name_of
from airflow_azureml.task.output_references import names_of, names_of_job
from airflow_azureml.triggers.jobs import seconds

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.document import Document

TEXTS = ("command", "compute", "experiment_name", "display_name", "description", "parent_job_name")
MAPPINGS = (
    "environment",
    "inputs",
    "outputs",
    "environment_variables",
    "tags",
    "properties",
    "distribution",
    "queue_settings",
    "services",
    "notification_setting",
)
"""Keywords of a command job that stand in the CLI's YAML under the same name, as they are."""

RESOURCES = ("instance_type", "instance_count", "shm_size", "docker_args")
"""Keywords that say what ``job_resources`` can say as well."""

MERGED = ("inputs", "outputs", "tags", "properties", "environment_variables")
REPLACED = ("compute", "experiment_name", "display_name", "description")
"""Keywords that are laid over a job's own values."""


class AzureMLCommandJobOperator(AzureMLSubmitJobBaseOperator):
    """Run one command on Azure ML, as ``type: command`` of the CLI does.

    Values are those of the CLI's YAML. Azure ML's own bindings, ``${{inputs.x}}``, may stand beside ``{{ ds }}``.

    :param command: the command line.
    :param environment: a reference (``azureml:name:version``, ``azureml:name@latest``, curated, registry, ARM id) or a
        mapping with ``image``, ``conda_file`` (path or mapping), ``build``.
    :param compute: a name, ``azureml:name`` or an ARM id; left out or ``serverless``: serverless.
    :param code: local folder or file, relative to the DAG file's folder, or the id of registered code.
    :param inputs: literals, data (``{"type": ..., "path": ...}``) or outputs of other tasks, ``task.output["name"]``.
    :param outputs: an output that is None or ``{}`` is a ``uri_folder``.
    :param identity: a mapping, or its ``type`` word.
    :param limits: ``{"timeout": seconds}``.
    :param timeout: the same by itself: seconds or a timedelta, rounded up to whole seconds.
    :param job_resources: mapping with ``instance_type``, ``instance_count``, ``shm_size``, ``docker_args``,
        ``locations``, ``properties``; Airflow itself owns the name ``resources``.
    :param instance_type: as in ``job_resources``, as are ``instance_count``, ``shm_size`` and ``docker_args``.
    :param experiment_name: default: the DAG's id.
    :param display_name: default: ``dag_id.task_id``.
    """

    template_fields: Sequence[str] = (
        *AzureMLSubmitJobBaseOperator.template_fields,
        *TEXTS,
        *MAPPINGS,
        *RESOURCES,
        "code",
        "identity",
        "limits",
        "timeout",
        "job_resources",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "command": "bash",
        **dict.fromkeys((*MAPPINGS, "identity", "limits", "job_resources"), "json"),
    }

    def __init__(
        self,
        *,
        command: str,
        environment: str | Mapping[str, Any],
        compute: str | None = None,
        code: str | os.PathLike[str] | None = None,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        distribution: Mapping[str, Any] | None = None,
        identity: str | Mapping[str, Any] | None = None,
        queue_settings: Mapping[str, Any] | None = None,
        services: Mapping[str, Any] | None = None,
        notification_setting: Mapping[str, Any] | None = None,
        limits: Mapping[str, Any] | None = None,
        timeout: float | timedelta | None = None,
        job_resources: Mapping[str, Any] | None = None,
        instance_type: str | None = None,
        instance_count: int | None = None,
        shm_size: str | None = None,
        docker_args: str | Sequence[str] | None = None,
        experiment_name: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        parent_job_name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.command = command
        self.environment = environment
        self.compute = compute
        self.code = code
        self.inputs = inputs
        self.outputs = outputs
        self.environment_variables = environment_variables
        self.tags = tags
        self.properties = properties
        self.distribution = distribution
        self.identity = identity
        self.queue_settings = queue_settings
        self.services = services
        self.notification_setting = notification_setting
        self.limits = limits
        self.timeout = timeout
        self.job_resources = job_resources
        self.instance_type = instance_type
        self.instance_count = instance_count
        self.shm_size = shm_size
        self.docker_args = docker_args
        self.experiment_name = experiment_name
        self.display_name = display_name
        self.description = description
        self.parent_job_name = parent_job_name

    def output_names(self) -> frozenset[str] | None:
        """The names of ``outputs``, and ``default``."""
        return names_of(self, self.outputs)

    def document(self, context: Any) -> Document:
        """Write the keywords as a job in the CLI's grammar."""
        given = {name: getattr(self, name) for name in (*TEXTS, *MAPPINGS)}
        given |= {
            "code": os.fspath(self.code) if isinstance(self.code, os.PathLike) else self.code,
            "identity": identity_mapping(self.identity),
            "limits": self._limits(),
            "resources": self._resources(),
        }
        return self.load_built(
            {name: value for name, value in given.items() if value is not None} | {"type": "command"}
        )

    def _limits(self) -> Any:
        limits = self.limits
        if self.timeout is not None:
            if isinstance(limits, Mapping) and limits.get("timeout") is not None:
                raise twice("timeout", "limits.timeout")
            limits = {**(limits or {}), "timeout": self.timeout}
        if isinstance(limits, Mapping) and limits.get("timeout") is not None:
            return {**limits, "timeout": whole_seconds(limits["timeout"])}
        return limits

    def _resources(self) -> Any:
        single = {name: getattr(self, name) for name in RESOURCES if getattr(self, name) is not None}
        if self.job_resources is None or not isinstance(self.job_resources, Mapping):
            return single or self.job_resources
        for name in single:
            if self.job_resources.get(name) is not None:
                raise twice(name, f"job_resources.{name}")
        return {**self.job_resources, **single}


class AzureMLJobOperator(AzureMLSubmitJobBaseOperator):
    """Run any Azure ML v2 job.

    :param job: the name of a ``.yml`` or ``.yaml`` file (relative to the DAG file, then ``template_searchpath``; or
        absolute), YAML text, a path object, a mapping, or a job object of ``azure-ai-ml``. Files are templates as well.
        A ``name`` in it becomes the readable part of the job's name and its display name.
    :param set: dotted paths and values, as a mapping or as a list of ``"a.b=c"``; applied last, as the CLI's ``--set``.
    :param inputs: merged over the job's own key by key, as are ``outputs``, ``tags``, ``properties`` and
        ``environment_variables``.
    :param compute: replaces the job's own, as do ``experiment_name``, ``display_name``, ``description``, ``identity``.
    """

    template_fields: Sequence[str] = (
        *AzureMLSubmitJobBaseOperator.template_fields,
        "job",
        "set",
        *MERGED,
        *REPLACED,
        "identity",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "job": "yaml",
        **dict.fromkeys(("set", *MERGED, "identity"), "json"),
    }
    template_file_fields = ("job",)

    def __init__(
        self,
        *,
        job: Any,
        set: Mapping[str, Any] | Sequence[str] | None = None,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        compute: str | None = None,
        experiment_name: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        identity: str | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.set = set
        self.inputs = inputs
        self.outputs = outputs
        self.tags = tags
        self.properties = properties
        self.environment_variables = environment_variables
        self.compute = compute
        self.experiment_name = experiment_name
        self.display_name = display_name
        self.description = description
        self.identity = identity

    def output_names(self) -> frozenset[str] | None:
        """What a job that is a mapping declares; None for a file, which is not read while the DAG is parsed."""
        return None if self.set else names_of_job(self, self.job, self.outputs)

    def document(self, context: Any) -> Document:
        """Read the job and lay the keywords over it."""
        refuse_other_than_mappings(self, MERGED)
        document = self.load_field("job", context).merged(**{name: getattr(self, name) for name in MERGED})
        given = {name: getattr(self, name) for name in REPLACED}
        document = document.replaced(**given, identity=identity_mapping(self.identity))
        return document.with_values(self.set) if self.set else document


class AzureMLCancelJobOperator(AzureMLBaseOperator):
    """Cancel a job; one that has ended or does not exist is fine.

    :param job_name: the job's name, or the result mapping of the task that submitted it.
    :param wait_for_completion: wait on the worker until the job has ended, whichever way.
    :param poll_interval: seconds between two looks, at most; default: ``[azureml] poll_interval`` (30).
    :return: ``{"job_name", "status"}`` as last seen; ``status`` is None where there is no such job.
    """

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "job_name")

    def __init__(
        self,
        *,
        job_name: str | Mapping[str, Any],
        wait_for_completion: bool = True,
        poll_interval: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_name = job_name
        self.wait_for_completion = wait_for_completion
        self.poll_interval = poll_interval

    def execute(self, context: Any) -> dict[str, Any]:
        """Ask for the job's end and wait for it."""
        with translated():
            return self._cancel()

    def _cancel(self) -> dict[str, Any]:
        from airflow_azureml.lifecycle.cancellation import cancel
        from airflow_azureml.lifecycle.wait import wait

        name, poll_interval = job_name_of(self.job_name), seconds("poll_interval", self.poll_interval)
        with self.hook().client() as client:
            job = client.run(cancel(client.workspace, name)).job
            if job is None:
                self.log.info("There is no Azure ML job %s: nothing to cancel.", name)
                return {"job_name": name, "status": None}
            if job.phase.is_terminal:
                self.log.info("Azure ML job %s had ended before: it is %s.", name, job.status)
            elif self.wait_for_completion:
                patience = seconds("patience", None)
                flow = wait(
                    client.workspace,
                    name,
                    clock=time.time,
                    poll_interval=poll_interval,
                    patience=patience,
                    ageing="wait",
                )
                job = client.run(flow, news=self.tell)
            return {"job_name": name, "status": job.status}


def identity_mapping(identity: Any) -> Any:
    """Write an identity given by its ``type`` word as the mapping that the CLI knows."""
    return {"type": identity} if isinstance(identity, str) else identity


def whole_seconds(given: Any) -> Any:
    """A time as whole seconds, as the service takes it, rounded up; what is no time is left for ``spec`` to refuse."""
    if isinstance(given, timedelta):
        given = given.total_seconds()
    return math.ceil(given) if isinstance(given, float) and math.isfinite(given) else given


def refuse_other_than_mappings(operator: Any, names: Sequence[str]) -> None:
    """Refuse keywords that are merged key by key but have no keys.

    :raises rest.errors.SpecError: names each of them.
    """
    from airflow_azureml.rest.errors import Problem, SpecError

    given = {name: getattr(operator, name) for name in names}
    wrong = [name for name, value in given.items() if value is not None and not isinstance(value, Mapping)]
    if wrong:
        raise SpecError([Problem(name, f"{given[name]!r} is not accepted. Accepted: a mapping.") for name in wrong])


def twice(one: str, other: str) -> Exception:
    """The error of a thing that was given twice."""
    from airflow_azureml.rest.errors import Problem, SpecError

    return SpecError([Problem(one, f"this is given here and in {other}. Accepted: one of them.")])
