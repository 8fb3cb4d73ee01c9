"""The requests that small blobs need, sent plainly: azure-storage-blob spends ten times the CPU on each.

They travel on the client's own transport, so by its proxies, trusted roots and connections: on a connection that
urllib3 has opened and keeps, as bytes (``plain_answers``), and behind a proxy by urllib3 itself. Each is sent once. Any
other answer than the one hoped for says nothing here: azure-storage-blob does the same again in its careful way, tries
again and tells errors apart.
"""

from __future__ import annotations

import re
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any
from urllib.parse import quote, urlsplit

from urllib3 import Timeout
from urllib3.exceptions import HTTPError

from airflow_azureml.client.adapter import Adapter
from airflow_azureml.client.blobs import BlobAddress
from airflow_azureml.client.interruption import pause
from airflow_azureml.client.pipeline import LONGEST_DELAY, USER_AGENT
from airflow_azureml.client.plain_answers import PIECE, StrangeAnswerError, read_answer
from airflow_azureml.rest.flow import Reply, StorageLocation
from airflow_azureml.rest.times import retry_after

VERSION = "2021-12-02"
"""The version of the storage service's protocol that these requests are written in."""

SCOPE = "https://storage.azure.com/.default"
"""Source: https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory"""

RENEWED_BEFORE = 300.0
"""Seconds before its end at which a token is asked for anew."""

METADATA = "x-ms-meta-"

UNSENDABLE = re.compile(r"[^\x20-\x7e]")


def head_of(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    """The head of a request. Source: RFC 9112.

    :param target: path and query.
    :raises ValueError: a line holds something else than printable ASCII.
    """
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if any(UNSENDABLE.search(line) for line in lines):
        raise ValueError("A request's head takes printable ASCII.")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def send(connection: socket.socket, head: bytes, content: bytes) -> None:
    """Send a request; one that is small in one piece.

    :raises OSError: the connection broke.
    """
    if len(content) <= PIECE:
        connection.sendall(head + content)
    else:
        connection.sendall(head)
        connection.sendall(content)


class PlainBlobs:
    """One container, entered by a signature or by the caller's own token.

    :param transport: the client's own: its session, time-outs and trusted roots.
    :param tokens: gives the caller's token, where the location comes without a signature.
    """

    def __init__(self, location: StorageLocation, address: BlobAddress, transport: Any, tokens: Any) -> None:
        base = f"{address.account_url}/{quote(address.container)}/"
        parts = urlsplit(base)
        self._path, self._host = parts.path, parts.netloc.removesuffix(":443")
        self._signature, self._tokens = location.sas, tokens
        self._token = ("", 0.0)
        ways, session = transport.connection_config, transport.session
        options = session.merge_environment_settings(base, {}, False, ways.verify, ways.cert)
        adapter = session.get_adapter(base)
        self._pool: Any = adapter.pool(base, **options) if isinstance(adapter, Adapter) else None
        self._timeout = Timeout(connect=ways.timeout, read=ways.read_timeout)

    def metadata(self, name: str) -> Mapping[str, str] | None:
        """A blob's metadata, its keys in lower case, empty where there is no such blob; None: it is not known.

        Source: https://learn.microsoft.com/rest/api/storageservices/get-blob-properties
        """
        reply = self._ask("HEAD", name)
        if reply is None or reply.status not in (200, 404):
            return None
        found = {key.lower(): value for key, value in reply.headers.items()} if reply.status == 200 else {}
        return {key.removeprefix(METADATA): value for key, value in found.items() if key.startswith(METADATA)}

    def get(self, name: str) -> bytes | None:
        """Read a whole blob, as it was stored; None: it was not read.

        Source: https://learn.microsoft.com/rest/api/storageservices/get-blob
        """
        reply = self._ask("GET", name)
        if reply is None or reply.status != 200 or reply.header("Content-Length") != str(len(reply.body)):
            return None
        return reply.body

    def put(self, name: str, content: bytes) -> bool:
        """Write a blob, over what is there; False: it is not known whether it was written.

        Source: https://learn.microsoft.com/rest/api/storageservices/put-blob
        """
        headers = {"x-ms-blob-type": "BlockBlob", "Content-Type": "application/octet-stream"}
        reply = self._ask("PUT", name, headers, content)
        return reply is not None and reply.status == 201

    def set_metadata(self, name: str, metadata: Mapping[str, str]) -> bool:
        """Give a blob its metadata, in the place of what it has; False: it is not known whether it has it.

        Source: https://learn.microsoft.com/rest/api/storageservices/set-blob-metadata

        :param metadata: plain ASCII.
        """
        headers = {f"{METADATA}{key}": value for key, value in metadata.items()}
        reply = self._ask("PUT", name, headers, query="comp=metadata")
        return reply is not None and reply.status == 200

    def _ask(
        self,
        method: str,
        name: str,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        query: str = "",
    ) -> Reply | None:
        """Send one request; None where no answer came. Where the service asks for a pause, it gets it."""
        if self._pool is None:
            return None
        query = "&".join(part for part in (query, self._signature) if part)
        target = self._path + quote(name, safe="~/") + (f"?{query}" if query else "")
        sent = {
            "User-Agent": USER_AGENT,
            "x-ms-client-request-id": str(uuid.uuid4()),
            "x-ms-version": VERSION,
            "Content-Length": str(len(content or b"")),
            **(headers or {}),
        }
        if not self._signature:
            sent["x-ms-date"] = formatdate(usegmt=True)
            sent["Authorization"] = f"Bearer {self._bearer()}"
        send = self._send_bytes if self._pool.proxy is None else self._send
        reply = send(method, target, sent, content or b"")
        if reply is not None and reply.status in (429, 503):
            pause(min(retry_after(reply) or 0.0, LONGEST_DELAY))
        return reply

    def _send_bytes(self, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Reply | None:
        """Send a request on a connection of urllib3's, past its own handling of requests and answers."""
        try:
            head = head_of(method, target, {"Host": self._host, "Accept-Encoding": "identity", **headers})
            with self._connection() as connection:
                send(connection.sock, head, content)
                reply = read_answer(connection.sock, method)
                if reply.headers.get("connection", "").lower() == "close":
                    connection.close()
                return reply
        except (HTTPError, OSError, ValueError, StrangeAnswerError):
            return None

    @contextmanager
    def _connection(self) -> Iterator[Any]:
        """Lend a connection, whose roots and names urllib3 has checked; one that fails is closed."""
        lent = self._pool._get_conn()
        try:
            if lent.sock is None:
                lent.timeout = self._timeout.connect_timeout
                lent.connect()
            if not lent.is_verified:
                raise StrangeAnswerError("The host was not checked.")
            lent.sock.settimeout(self._timeout.read_timeout)
            yield lent
        except BaseException:
            lent.close()
            raise
        finally:
            self._pool._put_conn(lent)

    def _send(self, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Reply | None:
        """Send a request by urllib3."""
        try:
            response = self._pool.urlopen(
                method,
                target,
                content,
                headers,
                retries=False,
                redirect=False,
                timeout=self._timeout,
                decode_content=False,
            )
        except HTTPError:
            return None
        return Reply(response.status, response.headers, response.data, method)

    def _bearer(self) -> str:
        token, until = self._token
        if time.time() > until - RENEWED_BEFORE:
            answer = self._tokens.get_token(SCOPE)
            token, until = self._token = answer.token, answer.expires_on
        return token
