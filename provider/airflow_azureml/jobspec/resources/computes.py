"""Computes: the YAML of ``az ml compute create``, for clusters (``amlcompute``), compute instances,
and computes that are attached to the workspace.

Source: azure-ai-ml 1.35.2, ``_schema/compute/`` for what is accepted, ``entities/_compute/`` for what is sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Secret
from airflow_azureml.jobspec.grammar.identities import resource_identity
from airflow_azureml.jobspec.grammar.local_files import file_text
from airflow_azureml.jobspec.recognition.recognised import explained
from airflow_azureml.jobspec.resources.applications import applications
from airflow_azureml.jobspec.resources.compute_bodies import IDLE, MADE, NO_TIME
from airflow_azureml.jobspec.table.convert import by_type, convert_mapping, nested
from airflow_azureml.jobspec.table.field import Field, answers
from airflow_azureml.jobspec.table.form import snake
from airflow_azureml.jobspec.table.json_values import anything
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Body, Converted, Invalid, Translator
from airflow_azureml.jobspec.table.values import choice, count, duration, listed, mapped, text, title, truth, whole
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace


@dataclass(frozen=True)
class Compute:
    """A compute to be made.

    :param body: ``{"properties": {...}}``, with ``tags``, ``identity`` and ``location`` where they are given.
    """

    name: str
    body: Mapping[str, Any] = field(repr=False)
    warnings: tuple[str, ...] = ()


NAME = re.compile(r"[a-zA-Z](?=.{0,31}$)([-a-zA-Z0-9]*[a-zA-Z0-9])?")
"""The service's own rules are stricter by type; what none of them takes is refused."""

SUBNET = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/.+", re.IGNORECASE)
NETWORK = (
    Field("vnet_name", "vnet", text),
    Field("subnet", "subnet", text),
    *answers("public_ip_address", "private_ip_address"),
)


def network(located: Located, ctx: Translator) -> Converted[Body]:
    """Take a subnet: its id, or the names of the network, which lies in the workspace's group, and of the subnet."""
    before = len(ctx.problems)
    body = nested(NETWORK)(located, ctx)
    if not isinstance(body, dict):
        return body
    if len(ctx.problems) > before:
        return INVALID
    vnet, subnet = body.get("vnet"), body.get("subnet")
    if not subnet:
        return ctx.error(located, '"subnet" is required beside vnet_name.', "subnet") if vnet else OMIT
    if SUBNET.fullmatch(subnet):
        return {"id": subnet}
    if not vnet:
        return ctx.error(located, '"vnet_name" is required beside the name of a subnet.', "vnet_name")
    group = ctx.workspace.path.partition("/providers/")[0]
    return {"id": f"{group}/providers/Microsoft.Network/virtualNetworks/{vnet}/subnets/{subnet}"}


def compute_name(located: Located, ctx: Translator) -> str | Invalid:
    """Take the name of a compute."""
    if isinstance(located.value, str) and NAME.fullmatch(located.value):
        return located.value
    accepted = "up to 32 letters, digits and -, a letter first, no - at the end"
    return ctx.error(located, f"{show(located.value)} is not a name. Accepted: {accepted}.")


HEAD = (
    Field("name", "name", compute_name, required=True),
    Field("type", None, anything, required=True),
    Field("location", "location", text),
    Field("description", "description", text),
    Field("tags", "tags", mapped(text)),
    Field("size", "vmSize", title),
    Field("identity", "identity", resource_identity),
    Field("network_settings", "subnet", network),
    Field("enable_node_public_ip", "enableNodePublicIp", truth),
    Field("ssh_public_access_enabled", "ssh_access", truth),
    Field("resource_id", None, text),
    *answers("id", "provisioning_errors", "created_on", "provisioning_state"),
)
SSH = (
    Field("admin_username", "adminUserName", text, required=True),
    Field("admin_password", "adminUserPassword", text),
    Field("ssh_key_value", "adminUserSshPublicKey", text),
)


def _idle(located: Located, ctx: Translator) -> str | Invalid:
    """Take after how long a node without work goes."""
    time = duration(located, ctx)
    return NO_TIME if time is OMIT else time


TIERS = {"dedicated": "Dedicated", "low_priority": "LowPriority"}
CLUSTER = (
    *HEAD,
    Field("tier", "vmPriority", choice(TIERS, "a tier", fold=snake)),
    Field("min_instances", "minNodeCount", count),
    Field("max_instances", "maxNodeCount", count),
    Field("idle_time_before_scale_down", IDLE, _idle),
    Field("ssh_settings", "userAccountCredentials", nested(SSH)),
)
SCRIPT = (
    Field("path", "scriptData", text),
    Field("command", "scriptArguments", text),
    Field("timeout_minutes", "timeout", count),
)


def script(located: Located, ctx: Translator) -> Body | Invalid:
    """Take a script of the workspace's storage."""
    body = nested(SCRIPT)(located, ctx)
    if isinstance(body, dict):
        minutes = body.pop("timeout", None)
        body = {"scriptSource": "workspaceStorage", **body, **({} if minutes is None else {"timeout": f"{minutes}m"})}
    return body


SCRIPTS = (Field("creation_script", "creationScript", script), Field("startup_script", "startupScript", script))
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
PATTERN = (
    Field("week_days", "weekDays", listed(choice({day: day.capitalize() for day in DAYS}, "a day"))),
    Field("hours", "hours", listed(whole)),
    Field("minutes", "minutes", listed(whole)),
)
TRIGGER = (Field("type", None, anything), Field("start_time", "startTime", text), Field("time_zone", "timeZone", text))
FREQUENCIES = {word: word.capitalize() for word in ("minute", "hour", "day", "week", "month")}
RECURRENCE = (
    *TRIGGER,
    Field("frequency", "frequency", choice(FREQUENCIES, "a frequency"), required=True),
    Field("interval", "interval", whole),
    Field("schedule", "schedule", nested(PATTERN)),
)
TRIGGERS = {
    "cron": nested((*TRIGGER, Field("expression", "expression", text, required=True))),
    "recurrence": nested(RECURRENCE),
}


def trigger(located: Located, ctx: Translator) -> Body | Invalid:
    """Take when something is started or stopped."""
    body = by_type(TRIGGERS, "trigger")(located, ctx)
    if not isinstance(body, dict):
        return body
    trigger_type = str(located.value["type"]).lower()
    word = {"triggerType": trigger_type.capitalize()}
    return {**word, trigger_type: {**word, "timeZone": "UTC", **body}}


START_STOP = (
    Field("trigger", "trigger", trigger, required=True),
    Field("action", "action", choice({"start": "Start", "stop": "Stop"}, "an action"), required=True),
    Field("state", "status", choice({"enabled": "Enabled", "disabled": "Disabled"}, "a state")),
    *answers("schedule_id", "provisioning_state"),
)


def start_stop(located: Located, ctx: Translator) -> Body | Invalid:
    """Take one of the times at which an instance is started or stopped."""
    body = nested(START_STOP)(located, ctx)
    if not isinstance(body, dict):
        return body
    when = body.pop("trigger", {})
    return {**body, **when}


SCHEDULES = (Field("compute_start_stop", "computeStartStop", listed(start_stop)),)
ON_BEHALF = (Field("user_tenant_id", "tenantId", text), Field("user_object_id", "objectId", text))
INSTANCE = (
    *HEAD,
    Field("create_on_behalf_of", "assignedUser", nested(ON_BEHALF)),
    Field(
        "ssh_settings",
        "adminPublicKey",
        nested((Field("ssh_key_value", "key", text), *answers("admin_username", "ssh_port"))),
    ),
    Field("schedules", "schedules", nested(SCHEDULES)),
    Field("idle_time_before_shutdown", "idle", text),
    Field("idle_time_before_shutdown_minutes", "idle_minutes", count),
    Field("setup_scripts", "setupScripts", nested(SCRIPTS)),
    Field("custom_applications", "customServices", applications),
    Field("enable_sso", "enableSSO", truth),
    Field("enable_root_access", "enableRootAccess", truth),
    Field("release_quota_on_stop", "releaseQuotaOnStop", truth),
    Field("enable_os_patching", "enableOSPatching", truth),
    *answers("state", "last_operation", "services", "os_image_metadata"),
)
ATTACHED = (
    Field("name", "name", compute_name, required=True),
    Field("type", None, anything, required=True),
    Field("location", None, text),
    Field("description", "description", text),
    Field("tags", "tags", mapped(text)),
    Field("resource_id", "resourceId", text, required=True),
    Field("compute_location", None, text),
    *answers("id", "provisioning_errors", "created_on", "provisioning_state"),
)
"""Computes that are attached to a workspace, not made in it."""


def _private_key(located: Located, ctx: Translator) -> Converted[Secret]:
    """Take the private key of a machine's account from its file; the content is sent."""
    path_text = title(located, ctx)
    if not isinstance(path_text, str):
        return path_text
    content = file_text(path_text, located, ctx)
    return content if content is INVALID else Secret(content)


MACHINE_SSH = (
    Field("admin_username", "username", text),
    Field("admin_password", "password", text),
    Field("ssh_port", "sshPort", count),
    Field("ssh_private_key_file", "privateKeyData", _private_key),
)
TABLES = {
    "amlcompute": CLUSTER,
    "computeinstance": INSTANCE,
    "kubernetes": (
        *ATTACHED,
        Field("namespace", "namespace", text),
        Field("properties", "properties", mapped(anything)),
        Field("identity", "identity", resource_identity),
    ),
    "virtualmachine": (*ATTACHED, Field("ssh_settings", "ssh", nested(MACHINE_SSH))),
    "synapsespark": (
        *ATTACHED,
        Field("identity", "identity", resource_identity),
        Field("scale_settings", None, anything),
        Field("auto_pause_settings", None, anything),
        *answers("node_family", "node_size", "node_count", "spark_version"),
    ),
}
"""The words of ``type`` and what each takes."""


def translate_compute(document: Document, workspace: Workspace) -> Compute:
    """Translate a cluster, a compute instance, or a compute that is attached.

    :raises SpecError: with all problems of the document, each with its place.
    """
    ctx = Translator.of(document, workspace)
    root = document.root
    word = root.value.get("type")
    compute_type = word.lower() if isinstance(word, str) else ""
    if compute_type not in TABLES:
        wrong = '"type" is required' if word is None else f"{show(word)} is not a type of compute"
        ctx.error(root, f"{wrong}. Accepted: {', '.join(TABLES)}.", "type")
        raise SpecError(explained(document, ctx.errors(), "compute"))
    body = convert_mapping(TABLES[compute_type], root, ctx)
    if problems := explained(document, ctx.errors(), "compute"):
        raise SpecError(problems)
    name = body.pop("name")
    outer: dict[str, Any] = {key: body.pop(key) for key in ("tags", "identity", "location") if key in body}
    if compute_type != "amlcompute":
        outer.pop("location", None)  # it is the workspace's
    head = {key: body.pop(key) for key in ("description", "resourceId") if key in body}
    properties = MADE[compute_type]({key: value for key, value in body.items() if value is not None})
    return Compute(name, {**outer, "properties": {**head, **properties}}, tuple(ctx.warnings))
