"""References in job files: names, labels, ARM ids, registries, URIs and local paths, and what becomes of each.

Source: azure-ai-ml 1.35.2, ``_schema/core/fields.py`` and ``operations/_operation_orchestrator.py``.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.requirements import Bundle, Placeholder, Register, Resolve, Upload
from airflow_azureml.jobspec.table.form import Form
from airflow_azureml.jobspec.table.translator import INVALID, OMIT, Translator

ARM_ID = re.compile(
    r"/?subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+/([^/]+)/.+",
    re.IGNORECASE,
)
VERSION_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.MachineLearningServices/workspaces/[^/]+"
    r"/[^/]+/[^/]+/versions/[^/]+"
)
"""The id of an asset's version, as it may follow ``azureml:``; its letters' case counts."""
WEB = re.compile(
    r"(?:https?|ftps?)://(?:[^\s/@]*@)?(?:(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,6}|[a-z0-9-]{2,})\.?"
    r"|localhost|\d{1,3}(?:\.\d{1,3}){3}|\[[a-f0-9:]+\])(?::\d+)?(?:/?|[/?]\S+)",
    re.IGNORECASE,
)
"""An address that may stand for code: its host has a dot. Source: marshmallow 3, ``validate.URL``."""
REGISTRY = re.compile(r"azureml://(registries|feeds)/[^/]+/.+", re.IGNORECASE)
VIRTUAL_CLUSTER = re.compile(
    r"/subscriptions/.*/resourceGroups/.*/providers/Microsoft\.MachineLearningServices/virtualclusters/.*",
    re.IGNORECASE,
)
CURATED = "AzureML-"
"""What the names of Microsoft's own environments begin with; the service resolves them, label or not."""

KINDS = {
    "environments": "environment",
    "data": "data asset",
    "models": "model",
    "components": "component",
    "codes": "code",
}
"""Kinds of assets and what a message calls one."""

STORAGE_URL = re.compile(r"https?://(?:[^/?#]+/)?[^/?#]+\.(blob|dfs|file)\.[^/?#]+/[^/?#]", re.IGNORECASE)
STORAGE = ("wasbs://", "wasb://", "abfss://", "abfs://", "adl://")
"""Addresses of storage that a text may be, as Azure Storage and Azure ML write them."""

BINDING = re.compile(r"^\$\{\{\s*(\S*?)\s*\}\}$")
"""A value that is nothing but one binding."""


def is_reference(text: str) -> bool:
    """Tell the texts that mean data, as in the CLI's ``inputs.yml``, from literals."""
    arm = text.startswith("/") and ARM_ID.fullmatch(text) is not None
    return arm or text.startswith(("azureml:", *STORAGE)) or STORAGE_URL.match(text) is not None


def is_url(text: str) -> bool:
    """Tell an address, such as ``azureml://…``, ``https://…`` or ``wasbs://…``, from everything else."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


def is_binding(value: Any) -> bool:
    """Tell a value that is one ``${{…}}`` binding."""
    return isinstance(value, str) and BINDING.match(value) is not None


def asset(kind: Any, given: str, located: Located, ctx: Translator) -> Any:
    """Turn a reference to a registered asset into its id, or a gap where a label must be resolved.

    :param kind: ``environments``, ``data``, ``models``, ``components`` or ``codes``.
    """
    text = given.removeprefix("azureml:")
    if REGISTRY.match(given) or REGISTRY.match(text):
        return given if REGISTRY.match(given) else text
    if text.startswith("/") and (found := ARM_ID.fullmatch(text)):
        if found[1].lower() != kind:
            return ctx.error(located, f"{show(given)} is the id of something in {show(found[1])}, not of {a(kind)}.")
        return text
    text = text.removeprefix("/")
    if kind == "environments" and text.startswith(CURATED):
        return f"azureml:{text}"
    name, at, label = text.rpartition("@")
    if at and name and label and "/" not in text and ":" not in name:
        return _labelled(kind, name, label, located, ctx)
    name, colon, version = text.partition(":")
    if not (colon and name and version) or "/" in text or at:
        return ctx.error(located, f"{show(given)} does not name {a(kind)}. Accepted: {_accepted(kind)}.")
    return f"{ctx.workspace.path}/{kind}/{name}/versions/{version}"


def _labelled(kind: Any, name: str, label: str, located: Located, ctx: Translator) -> Any:
    if kind == "components" and label == "default":
        return f"{ctx.workspace.path}/components/{name}/labels/default"
    if label != "latest" or kind == "codes":
        accepted = _accepted(kind)
        return ctx.error(located, f"{show(label)} is not a label that can be resolved. Accepted: {accepted}.")
    return Placeholder(Resolve(kind, name, label), f"{ctx.workspace.path}/{kind}/{name}/versions/{{}}")


def _accepted(kind: str) -> str:
    label = "" if kind == "codes" else ", azureml:NAME@latest"
    return f"azureml:NAME:VERSION{label}, an ARM id, azureml://registries/…"


def a(kind: str) -> str:
    """Name one of a kind with its article."""
    name = KINDS[kind]
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def compute(located: Located, ctx: Translator) -> Any:
    """Turn the compute of a job that stands alone into its id; ``serverless`` sends nothing: it is not a resource."""
    found = named_compute(located, ctx)
    if isinstance(found, str) and found.lower() == f"{ctx.workspace.path}/computes/serverless".lower():
        return OMIT if found.endswith("serverless") else found
    return found


def named_compute(located: Located, ctx: Translator) -> Any:
    """Turn a compute into its id where nothing is bound: Microsoft's client takes a binding for a name."""
    found = compute_id(located, ctx)
    return f"{ctx.workspace.path}/computes/{found}" if is_binding(found) else found


def compute_id(located: Located, ctx: Translator) -> Any:
    """Turn a compute into its id, that of serverless included; ``local`` is kept as a word, though not in a node."""
    if not isinstance(located.value, str) or not located.value.removeprefix("azureml:"):
        return ctx.error(
            located, f"{show(located.value)} is not a compute. Accepted: NAME, azureml:NAME, an ARM id, serverless."
        )
    text = located.value.removeprefix("azureml:")
    path = ctx.workspace.path
    if text.lower() == "local":
        return f"{path}/computes/local" if ctx.form is Form.NODE else "local"
    if is_binding(text) or VIRTUAL_CLUSTER.match(text):
        return text
    if (found := ARM_ID.fullmatch(text)) and text.startswith("/"):
        if found[1].lower() != "computes":
            return ctx.error(
                located, f"{show(located.value)} is the id of something in {show(found[1])}, not of a compute."
            )
        return text
    if text.lower().startswith("virtualclusters/"):
        return f"{path.rpartition('/workspaces/')[0]}/virtualclusters/{text.partition('/')[2]}"
    if "/" in text:
        return ctx.error(
            located, f"{show(located.value)} is not a compute. Accepted: NAME, azureml:NAME, an ARM id, serverless."
        )
    return f"{path}/computes/{text}"


def code(located: Located, ctx: Translator, component: bool = False) -> Any:
    """Turn the code of a job or component into an upload, or the id of code that is registered."""
    given, from_python = located.value, located.document.from_python
    if not isinstance(given, str) or not given:
        return ctx.error(located, f"{show(given)} is not a local path. Accepted: a folder or file, the ARM id of code.")
    if given.startswith("git+"):
        return ctx.error(
            located, f"{show(given)}: code from git is not supported. Accepted: a local folder or file, an ARM id."
        )
    if REGISTRY.match(given) and component:
        return given
    if REGISTRY.match(given):
        return ctx.error(
            located, f"{show(given)}: code of a registry is not supported here. Accepted: a local path, an ARM id."
        )
    text = given.removeprefix("azureml:")
    if text.startswith("/") and ARM_ID.fullmatch(text) and (from_python or (text != given and VERSION_ID.match(text))):
        return asset("codes", given, located, ctx)
    if WEB.fullmatch(given) and not component:
        return linked(given)
    if text != given or (not from_python and VERSION_ID.match(text)):
        accepted = "a local path, azureml: and the ARM id of a version of code"
        return ctx.error(located, f"{show(given)} does not name code. Accepted: {accepted}.")
    if not from_python and not_local(located, ctx):
        return INVALID
    return local("code", given, located, ctx, component=component)


PREFIXES = ("file:", "folder:")
"""What may stand before a local path in some places, but not where Microsoft's schema looks for the path itself."""


def not_local(located: Located, ctx: Translator) -> bool:
    """Refuse what looks like a path and is something else."""
    given: str = located.value
    if given.startswith(PREFIXES):
        ctx.error(located, f"{show(given)}: a local path is written without {' or '.join(PREFIXES)} here.")
    elif "://" in given:
        ctx.error(located, f"{show(given)} cannot be fetched. Accepted: a local path, https://HOST.DOMAIN/….")
    else:
        return False
    return True


def linked(uri: str) -> Placeholder:
    """Code that lies elsewhere, registered by its address."""
    return Placeholder(
        Register("codes", "", None, {"properties": {"codeUri": uri, "isAnonymous": True, "properties": {}}})
    )


def local(
    kind: Any,
    given: str,
    located: Located,
    ctx: Translator,
    datastore: str | None = None,
    template: str = "{}",
    component: bool = False,
) -> Any:
    """Turn a local path into an upload.

    :param given: the path, relative to the folder of the spot.
    :param component: it is the code of a component, from which more is left out.
    """
    files = located.document.files
    path = files.locate(given.removeprefix("file:").removeprefix("folder:"), located.place.folder)
    if files.kind(path) is None:
        return ctx.error(located, f"{show(given)}: there is no file or folder {path}.")
    key = (path, "files of a component" if component else "files")
    if key not in ctx.cache:
        try:
            ctx.cache[key] = files.bundle(path, component)
        except ValueError as error:
            return ctx.error(located, f"{show(given)}: {error}.")
    bundle = ctx.cache[key]
    name_strays(bundle, path, located, ctx)
    return Placeholder(Upload(kind, path, bundle, datastore, "component" if component else ""), template)


def name_strays(bundle: Bundle, path: str, located: Located, ctx: Translator) -> None:
    """Warn of links that bring in what lies elsewhere, each by name."""
    if bundle.strays:
        ctx.warn(located, f"links bring in files from outside of {path}: {', '.join(bundle.strays)}.")


def environment(located: Located, ctx: Translator) -> Any:
    """Turn an environment into its id, or into the registration of an anonymous one."""
    given = located.value
    if isinstance(given, str) and given.startswith("file:"):
        return _environment_file(located, ctx)
    if isinstance(given, str):
        good = located.document.from_python or written("environments", given, located, ctx)
        return asset("environments", given, located, ctx) if good else INVALID
    from airflow_azureml.jobspec.grammar.environments import inline

    return inline(located, ctx)


def written(kind: str, given: str, located: Located, ctx: Translator) -> bool:
    """Check what Microsoft's YAML schema takes for a reference: it begins with ``azureml:``."""
    plain = given.removeprefix("azureml:")
    meant = f' Did you mean "azureml:{given}"?' if re.fullmatch(r"/subscriptions/.*|[\w.-]+[:@][\w.-]+", given) else ""
    if plain.startswith("//"):
        good = plain.startswith("//registries/")
    elif plain.lower().startswith("/subscriptions/"):
        good = plain != given and VERSION_ID.match(plain) is not None
    else:
        good = plain != given
    if not good:
        ctx.error(located, f"{show(given)} does not name {a(kind)}.{meant or f' Accepted: {_accepted(kind)}.'}")
    return good


def _environment_file(located: Located, ctx: Translator) -> Any:
    document = follow(located.value, located, ctx)
    if document is INVALID:
        return INVALID
    from airflow_azureml.jobspec.grammar.environments import inline

    return inline(document.root, ctx)


def follow(given: str, located: Located, ctx: Translator) -> Any:
    """Read another YAML file that a value names; gives back its Document or INVALID."""
    from airflow_azureml.rest.errors import SpecError

    files = located.document.files
    path = files.locate(given.removeprefix("file:"), located.place.folder)
    if files.kind(path) != "file":
        return ctx.error(located, f"{show(given)}: there is no file {path}.")
    try:
        document = files.read(path)
    except SpecError as error:
        ctx.problems.extend(error.problems)
        return INVALID
    ctx.problems.extend(document.problems)
    return document
