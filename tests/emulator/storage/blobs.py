"""What the tests of blob storage share: a blob to begin with, and requests as written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import requests
from azure.storage.blob import BlobClient, ContainerClient


def put(container: ContainerClient, name: str, content: bytes = b"hello") -> BlobClient:
    blob = container.get_blob_client(name)
    blob.upload_blob(content)
    return blob


def send(
    container: ContainerClient,
    method: str,
    url: str,
    headers: Mapping[str, str | bytes],
    body: bytes | Iterator[bytes] = b"",
    *,
    stream: bool = False,
) -> requests.Response:
    token = container.credential.get_token("https://storage.azure.com/.default").token
    sent: dict[str, str | bytes] = {"Authorization": f"Bearer {token}", "x-ms-version": "2021-12-02", **headers}
    bundle = os.environ["REQUESTS_CA_BUNDLE"]
    return requests.request(method, url, headers=sent, data=body, verify=bundle, stream=stream)
