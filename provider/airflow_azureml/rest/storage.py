"""Addresses of data in Azure Storage: one place, and its https and abfss spellings.

Sources: ``STORAGE_ACCOUNT_URLS`` of azure-ai-ml 1.35.2; Microsoft Learn, *Access data in a job*.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, unquote, urlsplit

_SAFE = "/!$&'()*+,;=:@~-._"
_URL = re.compile(
    r"https?://(?P<account>.+?)\.(?P<service>blob|dfs|file)\.(?P<suffix>[^/?#]+)"
    r"/(?P<container>[^/?#]+)(?:/(?P<path>[^?#]*))?",
    re.IGNORECASE,
)
_HADOOP_URL = re.compile(
    r"(?:wasbs?|abfss?)://(?P<container>[^@/?#]+)@(?P<account>[^./?#]+(?:\.z\d\d)?)\.(?P<service>blob|dfs)\.(?P<suffix>[^/?#]+)"
    r"(?:/(?P<path>.*))?",
    re.IGNORECASE | re.DOTALL,
)
_ACCOUNT_NAME = re.compile(r"[a-z0-9-]+(?:\.z\d\d)?", re.IGNORECASE)


@dataclass(frozen=True)
class StorageAddress:
    """A place in a storage account.

    :param service: ``blob``, ``dfs`` or ``file``.
    :param account: the account's name; a service with path-style addresses may have its host in front.
    :param suffix: ``core.windows.net`` or another cloud's.
    :param container: container, file system or file share.
    :param path: below the container, without a leading slash, not percent-encoded; a folder when it ends in ``/``.
    """

    service: str
    account: str
    suffix: str
    container: str
    path: str = ""

    @property
    def https_url(self) -> str:
        """The address for HTTP, its path percent-encoded; never with a query."""
        base = f"https://{self.account}.{self.service}.{self.suffix}/{self.container}"
        return f"{base}/{quote(self.path, safe=_SAFE)}"

    @property
    def plain_url(self) -> str:
        """The address with its path as it is: so Microsoft's client writes it into assets. (azure-ai-ml 1.35.2)"""
        return f"https://{self.account}.{self.service}.{self.suffix}/{self.container}/{self.path}"

    @property
    def abfss_url(self) -> str | None:
        """The address for Hadoop-like tools, which take paths as they are.

        None for file shares and path-style addresses.
        """
        if self.service == "file" or not _ACCOUNT_NAME.fullmatch(self.account):
            return None
        return f"abfss://{self.container}@{self.account}.dfs.{self.suffix}/{self.path}"


def parse_https(url: str) -> StorageAddress | None:
    """Read an https address of a storage account; its query is dropped. None for any other address."""
    found = _URL.match(url)
    if found is None or not urlsplit(url).hostname:
        return None
    path = unquote(found["path"] or "")
    return StorageAddress(found["service"].lower(), found["account"], found["suffix"], found["container"], path)


def parse_hadoop(url: str) -> StorageAddress | None:
    """Read a ``wasbs://`` or ``abfss://`` address, whose path is not percent-encoded. None for any other address."""
    found = _HADOOP_URL.fullmatch(url)
    if found is None:
        return None
    return StorageAddress(
        found["service"].lower(), found["account"], found["suffix"], found["container"], found["path"] or ""
    )


@dataclass(frozen=True)
class StoredFile:
    """A file in a storage account, or a folder on the way to one.

    :param name: the whole path in the container, without a slash at its end.
    :param size: bytes; 0 for a folder.
    :param changed_at: None for a folder.
    :param tag: tells this version of the file from all others (its ``ETag``); None for a folder.
    """

    name: str
    size: int = 0
    changed_at: datetime | None = None
    tag: str | None = None
    is_folder: bool = False
