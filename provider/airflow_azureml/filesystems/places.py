"""Paths of the file system: addresses of Azure ML without ``azureml://`` and without slashes around them.

``[subscriptions/<id>/resourcegroups/<group>/workspaces/<name>/]`` comes first where the workspace is named, then one of

* ``datastores/<datastore>/paths/<path>``
* ``data/<name>/versions/<version>/<path>``, ``data/<name>/labels/latest/<path>``, and the same with ``models``
* ``jobs/<job>/outputs/<output>/paths/<path>``

Sources: Microsoft Learn, *Access data in a job*; recorded answers. The grammar of each is in ``rest.ids``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_azureml.rest.errors import Problem, SpecError
from airflow_azureml.rest.ids import (
    PROVIDER,
    AssetId,
    parse_asset,
    parse_datastore_path,
    parse_job_output_path,
)

if TYPE_CHECKING:
    from airflow_azureml.lifecycle.files.origins import Origin
    from airflow_azureml.rest.ids import Workspace

SCHEME = "azureml://"
EXPECTED = (
    "azureml://datastores/<datastore>/paths/<path>, azureml://data/<name>/versions/<version>/<path> "
    "(or labels/latest; the same for models), azureml://jobs/<job>/outputs/<output>/paths/<path>; each also behind "
    "azureml://subscriptions/<id>/resourcegroups/<group>/workspaces/<name>/"
)

KINDS = ("data", "models")
"""Assets that have files."""

_ASSET = re.compile(
    r"(?P<root>.*?(?:^|/)(?:data|models)/[^/]+/(?:versions/labels|versions|labels)/[^/]+)(?:/(?P<path>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_DOTS = re.compile(r"/\.\.?(?:/|$)")
_PROVIDER = re.compile(rf"^(subscriptions/[^/]+/resourceGroups/[^/]+)/providers/{re.escape(PROVIDER)}/", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A path of the file system, taken apart.

    :param root: what stands for the origin: the path of the file system in front of the name, without a slash.
    :param name: the path below the origin; empty for the origin itself.
    :param origin: where the files are. Its own path is empty.
    """

    root: str
    name: str
    origin: Origin

    @classmethod
    def parse(cls, path: str) -> Place:
        """Read a path.

        :param path: as ``stripped`` gives it.
        :raises SpecError: it is in no datastore, asset or output, or leads out of it.
        """
        address = SCHEME + _PROVIDER.sub(r"\1/", path)
        for parse in (parse_datastore_path, parse_job_output_path):
            found = parse(address)
            if found is not None:
                return cls(_root(path, found.path), _inside(found.path, path), replace(found, path=""))
        asset = _ASSET.fullmatch(path)
        if asset is not None:
            origin = parse_asset(SCHEME + _PROVIDER.sub(r"\1/", asset["root"]))
            if origin is not None and _has_files(origin):
                name = _inside(asset["path"] or "", path)
                return cls(asset["root"], name, replace(origin, kind=origin.kind.lower()))
        raise SpecError([Problem("path", f"{SCHEME}{path} is no path of files. Expected {EXPECTED}.")])

    @property
    def workspace(self) -> Workspace | None:
        """The workspace that the path names; None is that of the connection."""
        return self.origin.workspace

    def path(self, name: str) -> str:
        """The path of the file system for another path below the same origin."""
        return f"{self.root}/{name}" if name else self.root


def stripped(address: str) -> str:
    """The path of the file system in an address: without scheme, without a connection's name, no slash at the end.

    ``.`` and ``..`` are resolved, so that listings and patterns name what is below the path as the path itself does;
    those of a path that leads out of its origin are left for ``Place.parse`` to refuse.
    """
    path = address[len(SCHEME) :] if address.lower().startswith(SCHEME) else address
    first, slash, rest = path.partition("/")
    path = f"{first.rpartition('@')[2]}{slash}{rest}".strip("/")
    if not _DOTS.search(path):
        return path
    with suppress(SpecError):
        place = Place.parse(path)
        return place.path(place.name)
    return path


def connection(address: str) -> str | None:
    """The connection's name in ``azureml://<connection>@…``; None where there is none."""
    path = address[len(SCHEME) :] if address.lower().startswith(SCHEME) else ""
    return path.partition("/")[0].rpartition("@")[0] or None


def _root(path: str, name: str) -> str:
    return path[: -len(name)].rstrip("/") if name else path


def _inside(name: str, path: str) -> str:
    """A name without ``.`` and ``..``, which HTTP clients would resolve, also beyond the container that it is in.

    :raises SpecError: it leads out of its origin.
    """
    parts: list[str] = []
    for part in name.split("/"):
        if part == ".." and not parts:
            raise SpecError(
                [Problem("path", f"{SCHEME}{path} leads out of the datastore, asset or output it begins in.")]
            )
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _has_files(asset: AssetId) -> bool:
    """Whether it is an asset of a workspace that we can name, of a kind and edition that can be read."""
    elsewhere = asset.registry or asset.location
    return asset.kind.lower() in KINDS and not elsewhere and asset.label in (None, "latest")
