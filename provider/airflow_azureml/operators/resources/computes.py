"""Operators for computes: made, scaled, started, stopped, deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_azureml.exceptions import AzureMLSpecError
from airflow_azureml.operators import keywords
from airflow_azureml.operators.operations import AzureMLProvisioningBaseOperator
from airflow_azureml.operators.workspace import AzureMLBaseOperator
from airflow_azureml.task.resource_fields import compute_name_of, one_of

if TYPE_CHECKING:
    from airflow_azureml.hooks.plans import Plan
    from airflow_azureml.jobspec.document.document import Document
    from airflow_azureml.rest.ids import Workspace

IfExists = Literal["skip", "update", "fail"]
IfMissing = Literal["skip", "fail"]


class AzureMLCreateComputeOperator(AzureMLProvisioningBaseOperator):
    """Make a compute; what becomes of one that is there already says ``if_exists``.

    :param name: up to 32 letters, digits and ``-``.
    :param type: ``amlcompute`` (a cluster, the default), ``computeinstance``, or of computes that are attached
        ``kubernetes``, ``virtualmachine``, ``synapsespark``; those take their keys in ``spec``.
    :param size: of the machines, such as ``STANDARD_DS3_V2``.
    :param min_instances: nodes that a cluster always has; 0 in a new one where nothing is given.
    :param max_instances: nodes that it has at most; 4 in a new one where nothing is given.
    :param tier: ``dedicated`` (of a new one, by default) or ``low_priority``, whose nodes may be taken away.
    :param idle_time_before_scale_down: for how long a node without a job stays: seconds or a timedelta; two minutes in
        a new one where nothing is given.
    :param description: free text, shown in Studio.
    :param tags: mapping of strings.
    :param identity: mapping with ``type`` and the like.
    :param if_exists: ``skip`` leaves a compute of this name as it is, ``update`` changes a cluster where it differs and
        keeps what is not given, ``fail`` fails.
    :param spec: the CLI's YAML of a compute: a ``.yml`` file's name, YAML text or a mapping; keywords win.
    :return: ``{"id", "name"}``.
    """

    def __init__(
        self,
        *,
        name: str | None = None,
        type: str | None = None,
        size: str | None = None,
        min_instances: int | None = None,
        max_instances: int | None = None,
        tier: str | None = None,
        idle_time_before_scale_down: float | timedelta | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        identity: Mapping[str, Any] | None = None,
        if_exists: IfExists = "skip",
        spec: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.type = type
        self.size = size
        self.min_instances = min_instances
        self.max_instances = max_instances
        self.tier = tier
        self.idle_time_before_scale_down = idle_time_before_scale_down
        self.description = description
        self.tags = tags
        self.identity = identity
        self.if_exists = if_exists
        self.spec = spec

    keyword_names: ClassVar[tuple[str, ...]] = keywords.names(__init__)
    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, *keyword_names)
    template_fields_renderers: ClassVar[dict[str, str]] = keywords.renderers(__init__, spec="yaml")
    template_file_fields = ("spec",)

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation makes it."""
        from airflow_azureml.hooks import plans

        if_exists: Any = one_of("if_exists", self.if_exists, IfExists)
        return plans.compute(self.document(context), workspace, if_exists)

    def document(self, context: Any) -> Document:
        """Lay the keywords over the spec."""
        given = {name: getattr(self, name) for name in self.keyword_names if name not in ("if_exists", "spec")}
        given["idle_time_before_scale_down"] = keywords.whole_seconds(
            self.idle_time_before_scale_down, "idle_time_before_scale_down"
        )
        document = self.load_spec(context, given)
        return document if "type" in document.value else document.replaced(type="amlcompute")


class AzureMLScaleComputeOperator(AzureMLProvisioningBaseOperator):
    """Change how many nodes a cluster has at least and at most; what is not given stays as it is.

    :param name: the cluster, or the result of the task that made it.
    :param min_instances: nodes that it always has.
    :param max_instances: nodes that it has at most.
    :return: ``{"id", "name"}``.
    """

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "name", "min_instances", "max_instances")

    def __init__(
        self,
        *,
        name: str | Mapping[str, Any],
        min_instances: int | None = None,
        max_instances: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.min_instances = min_instances
        self.max_instances = max_instances

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation scales it."""
        from airflow_azureml.hooks import plans

        name = compute_name_of(self.name)
        least, most = whole("min_instances", self.min_instances), whole("max_instances", self.max_instances)
        return plans.scale(workspace, name, least, most)


class AzureMLDeleteComputeOperator(AzureMLProvisioningBaseOperator):
    """Delete a compute. One that is attached is detached: its machines stay.

    :param name: the compute, or the result of the task that made it.
    :param if_missing: ``skip``: one that does not exist is fine; ``fail``: it fails the task.
    """

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "name", "if_missing")

    def __init__(self, *, name: str | Mapping[str, Any], if_missing: IfMissing = "skip", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.if_missing = if_missing

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation deletes it."""
        from airflow_azureml.hooks import plans

        must_exist = one_of("if_missing", self.if_missing, IfMissing) == "fail"
        return plans.no_compute(workspace, compute_name_of(self.name), must_exist=must_exist)


class AzureMLPowerBaseOperator(AzureMLProvisioningBaseOperator):
    """Start or stop a compute instance; a subclass says which.

    :param name: the compute instance, or the result of the task that made it.
    :return: ``{"id", "name"}``.
    """

    action: ClassVar[Literal["start", "stop"]]

    template_fields: Sequence[str] = (*AzureMLBaseOperator.template_fields, "name")

    def __init__(self, *, name: str | Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name

    def plan(self, context: Any, workspace: Workspace) -> Plan:
        """One operation does it."""
        from airflow_azureml.hooks import plans

        return plans.power(workspace, compute_name_of(self.name), self.action)


class AzureMLStartComputeInstanceOperator(AzureMLPowerBaseOperator):
    """Start a compute instance, and wait until it runs; one that runs is fine.

    :param name: the compute instance, or the result of the task that made it.
    :return: ``{"id", "name"}``.
    """

    action = "start"


class AzureMLStopComputeInstanceOperator(AzureMLPowerBaseOperator):
    """Stop a compute instance, and wait until it is stopped; one that is stopped is fine.

    :param name: the compute instance, or the result of the task that made it.
    :return: ``{"id", "name"}``.
    """

    action = "stop"


def whole(field: str, given: Any) -> int | None:
    """Take a whole number from 0, also as the text that a template gives.

    :raises AzureMLSpecError: it is none.
    """
    if given is None:
        return None
    if isinstance(given, bool) or not str(given).strip().isdecimal():
        raise AzureMLSpecError(f"{field}: {given!r} is not accepted. Accepted: a whole number from 0.")
    return int(given)
