"""URIs of Airflow's assets that lie in Azure ML: one spelling for each place, whoever wrote it.

``azureml://subscriptions/<id>/resourcegroups/<group>/workspaces/<name>/``, followed by
``datastores/<store>/paths/<path>`` or by ``models/<name>`` or ``data/<name>``, with ``/versions/<version>`` where one
version is meant. Airflow has taken slashes at the end away before. ARM tells names of subscriptions, groups and
workspaces apart without regard to case
(https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules); names of assets are
case-sensitive (https://learn.microsoft.com/rest/api/azureml/model-containers/get).
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.lineage.names import Name

SCHEME = "azureml"
_KINDS = "data|models|environments|components|codes"

_URI = re.compile(
    r"(?:subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)"
    r"(?:/providers/Microsoft\.MachineLearningServices)?/workspaces/(?P<workspace>[^/]+)/"
    r"|(?:registries|feeds)/(?P<registry>[^/]+)/"
    r"|locations/(?P<location>[^/]+)/workspaces/(?P<guid>[^/]+)/"
    r")?(?:"
    r"datastores/(?P<store>[^/]+)(?:/paths)?(?:/(?P<path>.*))?"
    rf"|(?P<kind>{_KINDS})/(?P<name>[^/]+)"
    r"(?:/versions/(?!labels/)(?P<version>[^/]+)|(?:/versions)?/labels/(?P<label>[^/]+))?"
    r")",
    re.IGNORECASE | re.DOTALL,
)


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Spell an ``azureml:`` URI in the one way; Airflow calls this for each asset with such a URI.

    An ARM id (``azureml:/subscriptions/…/providers/…``) becomes the long form. A short one, ``azureml://datastores/…``,
    stays short: which workspace is meant only a connection tells, so it is another asset than the long one. A
    connection's name in front (``azureml://azureml_default@…``) is left out. What is neither stays as it is.
    """
    text = f"{uri.netloc.rpartition('@')[2]}/{uri.path.lstrip('/')}".strip("/")
    found = _URI.fullmatch(text)
    if found is None:
        return uri
    first, _, rest = f"{_home(found)}{_place(found)}".partition("/")
    return uri._replace(netloc=first, path=f"/{rest}")


def normal(text: str) -> str:
    """Spell an ``azureml://`` URI, or an ARM id, as Airflow spells the URI of its asset."""
    text = f"{SCHEME}:{text}" if text.startswith("/") else text
    parts = urlsplit(text)
    return sanitize_uri(parts._replace(path=parts.path.rstrip("/"), query="", fragment="")).geturl()


def without_version(text: str) -> str:
    """The URI of the asset that all versions belong to, of one that names a version or a label."""
    return re.sub(r"/(?:versions|labels)/[^/]+$", "", normal(text))


def create_asset(*, path: str, extra: dict[str, Any] | None = None) -> Any:
    """Make Airflow's asset of a place in Azure ML: the factory that Airflow knows for the scheme.

    Its name is the URI in the one spelling. ``Asset(uri)`` takes the text as it was written for a name, and two assets
    with one URI and two names are not the same to Airflow.

    :param path: a URI, or an ARM id: ``path`` or ``asset_id`` of a result.
    :return: a ``Model`` for models, else an ``Asset``; on Airflow 2.11 a ``Dataset``.
    :raises AzureMLSpecError: the path is none.
    """
    from airflow_azureml.version_compat import asset_class

    if not isinstance(path, str) or not path.strip():
        from airflow_azureml.exceptions import AzureMLSpecError

        accepted = "a URI that begins with azureml://, or an ARM id, while the DAG file is read"
        raise AzureMLSpecError(f"path: {path!r} is not accepted. Accepted: {accepted}.")
    uri = normal(path)
    found = _URI.fullmatch(uri.removeprefix(f"{SCHEME}://"))
    is_model = found is not None and str(found["kind"]).lower() == "models"
    return asset_class("Model" if is_model else "Asset")(uri=uri, extra=extra)


def convert_asset_to_openlineage(asset: Any, lineage_context: Any) -> Any:
    """Name an asset for OpenLineage: where its files lie in storage where that is known, else by its workspace.

    OpenLineage has no naming rule for Azure ML, and where a datastore lies only the service says.

    :param lineage_context: an ``ObjectStoragePath`` where a task has used one; its file system knows by then.
    """
    make = import_module("openlineage.client.event_v2").Dataset
    known = _known_name(lineage_context)
    if known is not None:
        return make(namespace=known.namespace, name=known.name)
    parts = urlsplit(normal(asset.uri))
    found = _URI.fullmatch(f"{parts.netloc}{parts.path}")
    if found is None:
        return make(namespace=SCHEME, name=f"{parts.netloc}{parts.path}")
    home = _home(found).rstrip("/")
    return make(namespace=f"{SCHEME}://{home}" if home else SCHEME, name=_place(found))


def _known_name(used: Any) -> Name | None:
    from airflow_azureml.lifecycle.lineage.names import of_address

    find = getattr(getattr(used, "fs", None), "storage_address", None)
    address = find(used.path) if callable(find) else None
    return of_address(address) if isinstance(address, str) else None


def _home(found: re.Match[str]) -> str:
    """The workspace or registry of a URI, in small letters; empty where it names none."""
    if found["workspace"]:
        names = (found["subscription"], found["group"], found["workspace"])
        return "subscriptions/{}/resourcegroups/{}/workspaces/{}/".format(*(name.lower() for name in names))
    if found["registry"]:
        return f"registries/{found['registry'].lower()}/"
    return f"locations/{found['location'].lower()}/workspaces/{found['guid'].lower()}/" if found["guid"] else ""


def _place(found: re.Match[str]) -> str:
    """What a URI names there."""
    if found["store"]:
        return f"datastores/{found['store']}/paths/{found['path'] or ''}".rstrip("/")
    edition = f"/versions/{found['version']}" if found["version"] else ""
    edition = f"/labels/{found['label']}" if found["label"] else edition
    return f"{found['kind'].lower()}/{found['name']}{edition}"
