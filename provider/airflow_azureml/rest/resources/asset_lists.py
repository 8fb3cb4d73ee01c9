"""Lists of assets: which names there are with their latest versions, and the versions of one, newest first.

Sources: https://learn.microsoft.com/rest/api/azureml/model-containers/list,
https://learn.microsoft.com/rest/api/azureml/model-versions/list and the same of data. That a list of containers fills
``latestVersion`` for models as it does for data is unproven: who reads it asks by name where it is empty. It is the
version that was made last (azure-ai-ml 1.35.2, ``DataOperations._get_latest_version``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from airflow_azureml.rest import times
from airflow_azureml.rest.assets import Asset
from airflow_azureml.rest.flow import Call, Json, Reply, Steps
from airflow_azureml.rest.ids import Workspace, segment
from airflow_azureml.rest.json_values import get_any_case, get_text
from airflow_azureml.rest.links import follow

MOST_PAGES = 50
"""Pages of one list that are read: a service that repeats itself must not hold a triggerer for ever."""


@dataclass(frozen=True)
class Page:
    """One page of a list, and the address of the next one."""

    rows: tuple[Mapping[str, Json], ...]
    next: str | None

    @classmethod
    def from_reply(cls, reply: Reply) -> Page:
        """Read the answer to a request for a list."""
        body = reply.json()
        rows, link = get_any_case(body, "value"), get_any_case(body, "nextLink")
        found = tuple(row for row in rows if isinstance(row, Mapping)) if isinstance(rows, list) else ()
        return cls(found, link if isinstance(link, str) and link else None)


@dataclass(frozen=True)
class DatedVersion:
    """A version and when it was made; None where the service does not say."""

    asset: Asset
    created_at: datetime | None


def latest_versions(ws: Workspace, kind: str, names: set[str], most_pages: int) -> Steps[dict[str, str | None] | None]:
    """Read by one list of the workspace what tells of another latest version: name → text, None where it is not said.

    The text changes with the latest version, and with the time of the last change where that is said. A name that is
    not listed is left out.
    Source: https://learn.microsoft.com/rest/api/azureml/model-containers/list and the same of data.

    :param most_pages: None is answered where the list has more of them before all names were seen.
    """
    found: dict[str, str | None] = {}
    page = yield from Call("GET", f"{ws.path}/{kind}", Page.from_reply, query={"listViewType": "ActiveOnly"})
    for _ in range(most_pages):
        for row in page.rows:
            name = get_text(row, "name")
            if name in names:
                version = get_text(row, "properties", "latestVersion")
                changed = get_text(row, "systemData", "lastModifiedAt")
                found[name] = None if version is None else f"{version} {changed or ''}"
        if page.next is None or found.keys() == names:
            return found
        page = yield from follow(page.next, Page.from_reply)
    return None


def versions(ws: Workspace, kind: str, name: str, since: datetime | None) -> Steps[tuple[DatedVersion, ...]]:
    """Read the versions of an asset, the newest first.

    Source: https://learn.microsoft.com/rest/api/azureml/model-versions/list and the same of data.

    :param since: pages that hold only older ones are not read; None reads all.
    """
    query = {"$orderBy": "createdtime desc", "listViewType": "ActiveOnly"}
    found: list[DatedVersion] = []
    page = yield from Call("GET", f"{ws.path}/{kind}/{segment(name)}/versions", Page.from_reply, query=query)
    for _ in range(MOST_PAGES):
        for row in page.rows:
            created = times.parse_optional(get_text(row, "systemData", "createdAt"))
            found.append(DatedVersion(Asset.from_json(row), created))
        last = found[-1].created_at if found else None
        if page.next is None or (since is not None and last is not None and last < since):
            break
        page = yield from follow(page.next, Page.from_reply)
    return tuple(found)
