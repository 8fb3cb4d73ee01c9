"""Operators for jobs: one command, and any job from its YAML."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_azureml.operators import keywords
from airflow_azureml.operators.job_submission import AzureMLSubmitJobBaseOperator
from airflow_azureml.task.output_references import names_of, names_of_job
from airflow_azureml.task.resource_fields import made

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.document import Document

RESOURCES = ("instance_type", "instance_count", "shm_size", "docker_args")
"""Keywords of a command job that say what ``job_resources`` can say as well."""

MERGED = ("inputs", "outputs", "tags", "properties", "environment_variables")
"""Keywords that are laid over a job's own values key by key."""

REPLACED = ("compute", "experiment_name", "display_name", "description")
"""Keywords that replace a job's own values."""


class AzureMLCommandJobOperator(AzureMLSubmitJobBaseOperator):
    """Run one command on Azure ML, as ``type: command`` of the CLI does.

    Keywords and their values are those of the CLI's YAML. Azure ML's own bindings, ``${{inputs.x}}``, may stand beside
    ``{{ ds }}``.

    :param command: the command line; Azure ML fills in ``${{inputs.x}}`` and ``${{outputs.x}}``, Airflow ``{{ ds }}``.
    :param environment: a reference (``azureml:name:version``, ``azureml:name@latest``, curated, registry, ARM id) or a
        mapping with ``image``, ``conda_file`` (path or mapping), ``build``; with a ``name`` it is registered under it.
        Or the result of the task that made it.
    :param compute: a name, ``azureml:name``, an ARM id or the result of the task that made it; left out or
        ``serverless``: serverless. Or a list of them in order of preference: the next one is taken when Azure has ended
        the job (``max_resubmissions``) or has not begun it in time (``queue_timeout``); the last one stays.
    :param code: local folder or file, relative to the DAG file's folder, or the id of registered code.
    :param inputs: literals, data (``{"type": ..., "path": ...}``) or outputs of other tasks, ``task.output["name"]``.
    :param outputs: mappings by name; an output that is None or ``{}`` is a ``uri_folder`` in its default mode.
    :param environment_variables: mapping of strings.
    :param tags: mapping of strings, beside those that name the task.
    :param properties: mapping of strings.
    :param distribution: the CLI's mapping, as are ``queue_settings``, ``services`` and ``notification_setting``.
    :param identity: the CLI's mapping, or its ``type`` word.
    :param limits: ``{"timeout": seconds}``.
    :param timeout: the same by itself: seconds or a timedelta, rounded up to whole seconds.
    :param job_resources: mapping with ``instance_type``, ``instance_count``, ``shm_size``, ``docker_args``,
        ``locations``, ``properties``; Airflow itself owns the name ``resources``.
    :param instance_type: as in ``job_resources``, as are ``instance_count``, ``shm_size`` and ``docker_args``.
    :param experiment_name: default: the DAG's id.
    :param display_name: default: ``dag_id.task_id``, of a mapped task with its label: ``dag_id.task_id [label]``.
    :param description: free text, shown in Studio.
    :param parent_job_name: the job to show this one below.
    """

    def __init__(
        self,
        *,
        command: str,
        environment: str | Mapping[str, Any],
        compute: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] | None = None,
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

    keyword_names: ClassVar[tuple[str, ...]] = keywords.names(__init__)
    template_fields: Sequence[str] = (*AzureMLSubmitJobBaseOperator.template_fields, *keyword_names)
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, command="bash")

    def output_names(self) -> frozenset[str] | None:
        """The names of ``outputs``, and ``default``."""
        return names_of(self, self.outputs)

    def document(self, context: Any) -> Document:
        """Write the keywords as a job in the CLI's grammar."""
        from airflow_azureml.jobspec.document.load import load

        elsewhere = ("timeout", "job_resources", *RESOURCES)
        values = {name: getattr(self, name) for name in self.keyword_names if name not in elsewhere}
        values |= {
            "type": "command",
            "code": os.fspath(self.code) if isinstance(self.code, os.PathLike) else self.code,
            "compute": self.one_compute(),
            "environment": made(self.environment),
            "identity": identity_mapping(self.identity),
            "limits": self._limits(),
            "resources": self._resources(),
        }
        given = {name: value for name, value in values.items() if value is not None}
        return load(given, from_python=True, **self._local_files())

    def _limits(self) -> Any:
        limits, field = self.limits, "limits.timeout" if self.timeout is None else "timeout"
        if self.timeout is not None:
            if isinstance(limits, Mapping) and limits.get("timeout") is not None:
                raise keywords.twice("timeout", "limits.timeout")
            limits = {**(limits or {}), "timeout": self.timeout}
        if isinstance(limits, Mapping) and limits.get("timeout") is not None:
            return {**limits, "timeout": keywords.whole_seconds(limits["timeout"], field)}
        return limits

    def _resources(self) -> Any:
        single = {name: getattr(self, name) for name in RESOURCES if getattr(self, name) is not None}
        if self.job_resources is None:
            return single or None
        keywords.refuse_other_than_mappings(self, ("job_resources",))
        for name in single:
            if self.job_resources.get(name) is not None:
                raise keywords.twice(name, f"job_resources.{name}")
        return {**self.job_resources, **single}


class AzureMLJobOperator(AzureMLSubmitJobBaseOperator):
    """Run any Azure ML v2 job.

    :param job: the name of a ``.yml`` or ``.yaml`` file (relative to the DAG file, then ``template_searchpath``; or
        absolute), YAML text, a path object, a mapping, or a job object of ``azure-ai-ml``. Files are templates as well.
        A ``name`` in it becomes the readable part of the job's name and its display name.
    :param set: dotted paths and values, as a mapping, as ``"a.b=c"`` or as a list of such; applied last, as the CLI's
        ``--set``. It cannot set ``compute`` beside a list of computes.
    :param inputs: merged over the job's own key by key, as are ``outputs``, ``tags``, ``properties`` and
        ``environment_variables``.
    :param compute: replaces the job's own, also as a list in order of preference (see
        ``AzureMLCommandJobOperator``); so do ``experiment_name``, ``display_name``, ``description``, ``identity``.
    :param repair: of a pipeline that has failed, a retry runs only the steps that have not finished and those that
        follow them, with the results of the others; the log says which, or why the whole job runs again.
    """

    def __init__(
        self,
        *,
        job: Any,
        set: str | Mapping[str, Any] | Sequence[str] | None = None,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        tags: Mapping[str, Any] | None = None,
        properties: Mapping[str, Any] | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        compute: str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]] | None = None,
        experiment_name: str | None = None,
        display_name: str | None = None,
        description: str | None = None,
        identity: str | Mapping[str, Any] | None = None,
        repair: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job = job
        self.repair = repair
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

    template_fields: Sequence[str] = (
        *AzureMLSubmitJobBaseOperator.template_fields,
        *(name for name in keywords.names(__init__) if name != "repair"),
    )
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, job="yaml")
    template_file_fields = ("job",)

    def output_names(self) -> frozenset[str] | None:
        """What a job that is a mapping declares; None for a file, which is not read while the DAG is parsed."""
        return None if self.set else names_of_job(self, self.job, self.outputs)

    def document(self, context: Any) -> Document:
        """Read the job and lay the keywords over it."""
        keywords.refuse_other_than_mappings(self, MERGED)
        document = self.load_field("job", context).merged(**{name: getattr(self, name) for name in MERGED})
        given = {name: getattr(self, name) for name in REPLACED} | {"compute": self.one_compute()}
        document = document.replaced(**given, identity=identity_mapping(self.identity))
        if self.set is None:
            return document
        changed = document.with_values(self.set)
        place = changed.places.get(("compute",))
        if place is not None and place.by_set and self.lists_computes():
            raise keywords.twice("set.compute", "compute, which is a list")
        return changed


def identity_mapping(identity: Any) -> Any:
    """Write an identity given by its ``type`` word as the mapping that the CLI knows."""
    return {"type": identity} if isinstance(identity, str) else identity
