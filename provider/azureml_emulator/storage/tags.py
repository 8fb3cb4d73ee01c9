"""Index tags of blobs: given with a write or by themselves, read, and looked for.

Source: Azure Storage REST reference, Set Blob Tags, Get Blob Tags, Find Blobs by Tags
(https://learn.microsoft.com/rest/api/storageservices/set-blob-tags and the pages beside it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from urllib.parse import unquote_plus
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from azureml_emulator.storage.backend import Storage
from azureml_emulator.storage.blobs.folders import is_blob
from azureml_emulator.storage.blobs.tag_expressions import CONTAINER, Expression, ExpressionError, search
from azureml_emulator.storage.bodies import read_xml
from azureml_emulator.storage.conditions import check_write, is_current
from azureml_emulator.storage.elements import document, name_element, tags_element
from azureml_emulator.storage.errors import BlobError, not_modified
from azureml_emulator.storage.listings import encode_marker, paging
from azureml_emulator.storage.read import find_blob

HEADER = "x-ms-tags"
MOST, LONGEST_KEY, LONGEST_VALUE = 10, 128, 256
TEXT = re.compile(r"[A-Za-z0-9 +\-./:=_]*")
"""What keys and values may hold."""


def tags_header(request: web.Request) -> dict[str, str]:
    """The tags that a write gives its blob, as a query writes them; none where it does not say any.

    :raises BlobError: 400.
    """
    pairs = []
    for pair in filter(None, request.headers.get(HEADER, "").split("&")):
        key, equals, value = pair.partition("=")
        if not equals:
            raise BlobError("InvalidHeaderValue", HEADER)
        pairs.append((unquote_plus(key), unquote_plus(value)))
    return checked(pairs, "InvalidHeaderValue")


def checked(pairs: Iterable[tuple[str, str]], code: str) -> dict[str, str]:
    """Tags that a blob may have. Source of the codes: Microsoft's Azurite 3.35.

    :param code: the refusal of characters that none may have, for which no code of its own is known.
    :raises BlobError: 400.
    """
    tags: dict[str, str] = {}
    for key, value in pairs:
        if not key:
            raise BlobError("EmptyTagName")
        if key in tags:
            raise BlobError("DuplicateTagNames", key)
        if not TEXT.fullmatch(key) or not TEXT.fullmatch(value):
            raise BlobError(code, "The tags specified are invalid. It contains characters that are not permitted.")
        tags[key] = value
    too_long = any(len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE for key, value in tags.items())
    if len(tags) > MOST or too_long:
        raise BlobError("TagsTooLarge")
    return tags


def read_document(root: ElementTree.Element) -> dict[str, str]:
    """The tags of a document.

    :raises BlobError: 400.
    """
    pairs = []
    if root.tag != "Tags" or [each.tag for each in root] != ["TagSet"]:
        raise BlobError("InvalidXmlDocument")
    for tag in root[0]:
        if tag.tag != "Tag" or sorted(each.tag for each in tag) != ["Key", "Value"]:
            raise BlobError("InvalidXmlDocument")
        pairs.append((tag.findtext("Key", ""), tag.findtext("Value", "")))
    return checked(pairs, "InvalidXmlNodeValue")


async def set_tags(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Set Blob Tags: replace all of them. It changes neither ETag nor time of modification."""
    tags = read_document(await read_xml(request))
    blob = find_blob(storage, container, name)
    check_write(request, blob)
    record = storage.blobs.records.get(container, name)
    storage.blobs.records.change(container, name, replace(record, tags=tags), silently=True)
    return web.Response(status=204)


async def get_tags(storage: Storage, request: web.Request, container: str, name: str) -> web.StreamResponse:
    """Get Blob Tags."""
    blob = find_blob(storage, container, name)
    if is_current(request, blob):
        return not_modified(blob.etag)
    return document(tags_element(blob.tags))


async def find(storage: Storage, request: web.Request, container: str, _: str) -> web.StreamResponse:
    """Find Blobs by Tags, of the account or of one container: names, and those of the tags that were asked for.

    What was set is found at once.
    """
    if container and not storage.blobs.has_container(container):
        raise BlobError("ContainerNotFound")
    where = request.query.get("where")
    if where is None:
        raise BlobError("MissingRequiredQueryParameter", "where")
    try:
        wanted = search(where, anywhere=not container)
    except ExpressionError as error:
        raise BlobError("InvalidQueryParameterValue", f"where: {error}") from None
    _, marker, most = paging(request)
    # By parts: names of containers may hold hyphens, which come before a slash.
    first = marker.partition("/")[::2]
    found = (each for each in tagged(storage, container, wanted) if each[:2] >= first)
    page = list(islice(found, most + 1))
    rows = "".join(
        f"<Blob>{name_element(name)}<ContainerName>{place}</ContainerName>{tags_element(tags)}</Blob>"
        for place, name, tags in page[:most]
    )
    following = encode_marker("/".join(page[most][:2])) if len(page) > most else ""
    inner = f"<Where>{escape(where)}</Where><Blobs>{rows}</Blobs><NextMarker>{following}</NextMarker>"
    endpoint = f"ServiceEndpoint={quoteattr(storage.settings.storage_url + '/')}"
    return document(f"<EnumerationResults {endpoint}>{inner}</EnumerationResults>")


def tagged(storage: Storage, container: str, wanted: Expression) -> Iterable[tuple[str, str, Mapping[str, str]]]:
    """Container, name and tags of the blobs that are there and of which an expression holds, in order.

    :param container: empty: any.
    """
    for place, name, tags in storage.blobs.records.tagged(container):
        if wanted.holds({**tags, CONTAINER: place}) and is_blob(storage.blobs, place, name):
            yield place, name, {key: tags[key] for key in tags if key in wanted.names}
