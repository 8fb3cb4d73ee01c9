"""Local files to blob storage and back: parallel, streamed, marked when complete, never outside the target folder."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from azure.core.exceptions import AzureError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from airflow_azureml.client.blobs import (
    BlobAddress,
    as_long_as_asked,
    check_location,
    explained,
    is_folder,
    metadata_of,
    open_container,
)
from airflow_azureml.client.interruption import pause
from airflow_azureml.client.local_paths import inside, refuse_existing, unusable
from airflow_azureml.client.plain_blobs import PlainBlobs
from airflow_azureml.rest.clouds import ControlPlane
from airflow_azureml.rest.errors import NotFoundError, Problem, SpecError, TransientError
from airflow_azureml.rest.flow import LocalFiles, LocalFolder, Peek, StorageLocation, Transfer, Transferred

T = TypeVar("T")

THREADS = 16
ATTEMPTS = 5
"""How often one file is tried; each try has azure-storage-blob's own retries inside."""
SMALL = 4 * 1024 * 1024
"""Bytes up to which a file is sent by one plain request, and is held in memory meanwhile."""
PEEKED = 20
"""Names that a look for a file asks for: some may be those of folders."""
PROGRESS_EVERY = 10.0
"""Seconds between two lines about the progress of a long transfer."""

log = logging.getLogger(__name__)


def transfer(order: Transfer | Peek, transport: Any, control: ControlPlane, tokens: Any) -> Transferred | str | None:
    """Move bytes as a ``Transfer`` says, or look for a file as a ``Peek`` says.

    :param tokens: the caller's own credential, for locations that come without signature and key.
    :raises SpecError: a local file cannot be read or written, or exists and must not be overwritten.
    :raises ServiceError: the blob service refuses.
    """
    if isinstance(order, Peek):
        return Store(order.location, transport, control, tokens).first()
    source, target = order.source, order.target
    if isinstance(source, LocalFiles) and isinstance(target, StorageLocation):
        return Store(target, transport, control, tokens).upload(source.files, order.mark, order.done)
    if isinstance(source, StorageLocation) and isinstance(target, LocalFolder):
        return Store(source, transport, control, tokens).download(target, order.done)
    raise SpecError([Problem("", f"Cannot transfer from {type(source).__name__} to {type(target).__name__}.")])


class Store:
    """One location in blob storage, opened."""

    def __init__(self, location: StorageLocation, transport: Any, control: ControlPlane, tokens: Any) -> None:
        self.url = location.url
        self.address = BlobAddress.parse(location.url)
        check_location(location, control)
        self.open = partial(open_container, location, self.address, transport, tokens)
        self.plain = None if location.key else PlainBlobs(location, self.address, transport, tokens)
        self.moved: dict[str, int] = {}
        self.sizes: dict[str, int] = {}

    @cached_property
    def container(self) -> Any:
        """azure-storage-blob's client for the container; small things are done without it."""
        return self.open()

    def upload(self, files: Sequence[tuple[str, str]], mark: Mapping[str, str] | None, done: set[str]) -> Transferred:
        """Send files, unless the mark of an earlier, complete upload stands; leave the mark when all are there.

        Without the mark files are written over: what lies there is the same or the rest of an upload that broke off.

        :param done: names that are there already; those that are sent are added.
        """
        files = sorted(files, key=lambda pair: pair[1])
        if not files:
            return Transferred()
        if mark is not None and self.is_marked(files[0][1]):
            return Transferred(len(files), skipped=True)
        missing = [pair for pair in files if pair[1] not in done]
        width = max(1, THREADS // max(1, len(missing)))

        def send(pair: tuple[str, str]) -> None:
            if not self.send_plainly(*pair):
                self.send(*pair, width)
            done.add(pair[1])

        in_parallel(send, missing, f"Uploaded to {self.url}", self.moved)
        if mark is not None:
            self.mark(files[0][1], {**mark, "upload_status": "completed"})
        return Transferred(len(files))

    def send_plainly(self, path: str, name: str) -> bool:
        """Send one small file by a single request; False: it must be sent again with more care."""
        if self.plain is None:
            return False
        try:
            with open(path, "rb") as stream:
                if os.fstat(stream.fileno()).st_size > SMALL:
                    return False
                content = stream.read()
        except OSError as error:
            raise unusable(path, "read", error) from None
        self.moved[name] = len(content)
        return self.plain.put(self.below(name), content)

    def send(self, path: str, name: str, width: int) -> None:
        """Send one file."""

        def attempt() -> None:
            try:
                with open(path, "rb") as stream:
                    size = os.fstat(stream.fileno()).st_size
                    self.blob(name).upload_blob(
                        stream, length=size, overwrite=True, max_concurrency=width, progress_hook=self.count(name)
                    )
            except OSError as error:
                raise unusable(path, "read", error) from None

        self.ask("PUT", attempt)

    def count(self, name: str) -> Callable[[int, int | None], None]:
        """Note how far a file is."""

        def note(current: int, _: int | None) -> None:
            self.moved[name] = current

        return note

    def is_marked(self, name: str) -> bool:
        """Whether a complete upload left its mark on this blob."""
        metadata = self.plain.metadata(self.below(name)) if self.plain is not None else None
        if metadata is None:
            try:
                metadata = metadata_of(self.ask("HEAD", self.blob(name).get_blob_properties))
            except NotFoundError:
                return False
        return metadata.get("upload_status", "").lower() == "completed"

    def mark(self, name: str, metadata: Mapping[str, str]) -> None:
        """Leave the mark of a complete upload."""
        if self.plain is None or not self.plain.set_metadata(self.below(name), metadata):
            self.ask("PUT", lambda: self.blob(name).set_blob_metadata(dict(metadata)))

    def download(self, target: LocalFolder, done: set[str]) -> Transferred:
        """Fetch a blob, or all that lies below a prefix, into a folder; file by file, each appears when it is whole.

        :param done: names that are there already; those that are fetched are added.
        """
        names = self.names()
        root = Path(target.path)
        files = [(name, inside(root, relative)) for name, relative in names if name not in done]
        if not target.overwrite:
            refuse_existing([path for _, path in files])
        width = max(1, THREADS // max(1, len(files)))

        def fetch(pair: tuple[str, Path]) -> None:
            self.fetch(*pair, width)
            done.add(pair[0])

        in_parallel(fetch, files, f"Downloaded from {self.url}", self.moved)
        return Transferred(len(names), tuple(relative for _, relative in names))

    def names(self) -> list[tuple[str, str]]:
        """Blob names and how they are called below the target: the blob itself, or everything below it as a folder.

        :raises NotFoundError: the address has no slash at its end, and there is neither such a blob nor such a folder.
        """
        path, missing = self.address.path, None
        if path and not path.endswith("/"):
            try:
                properties = self.ask("HEAD", self.container.get_blob_client(path).get_blob_properties)
            except NotFoundError as error:
                missing = error
            else:
                if not is_folder(properties):
                    self.sizes[path] = properties.size
                    return [(path, PurePosixPath(path).name)]
            path += "/"
        rows = self.ask("GET", lambda: list(self.container.list_blobs(name_starts_with=path, include=["metadata"])))
        files = [row for row in rows if not is_folder(row)]
        self.sizes.update({row.name: row.size for row in files})
        names = [(row.name, row.name[len(path) :]) for row in files]
        if missing is not None and not names:
            raise missing
        return names

    def first(self) -> str | None:
        """Find the first file below this location, by one request."""

        def look() -> str | None:
            rows = self.container.list_blobs(
                name_starts_with=self.address.path, include=["metadata"], results_per_page=PEEKED
            )
            page: Any = next(rows.by_page(), ())
            return next((row.name for row in page if not is_folder(row)), None)

        name: str | None = self.ask("GET", look)
        return name

    def fetch(self, name: str, path: Path, width: int) -> None:
        """Fetch one blob; a small one by a single plain request, unless that fails."""
        content = self.plain.get(name) if self.plain is not None and self.sizes[name] <= SMALL else None
        part = path.with_name(f".{path.name}.{os.getpid()}.part")

        def attempt() -> None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with open(part, "wb") as stream:
                    if content is not None:
                        stream.write(content)
                        self.moved[name] = len(content)
                    else:
                        blob = self.container.get_blob_client(name)
                        blob.download_blob(max_concurrency=width, progress_hook=self.count(name)).readinto(stream)
                part.replace(path)
            except OSError as error:
                raise unusable(str(path), "written", error) from None
            finally:
                with suppress(OSError):
                    part.unlink()

        self.ask("GET", attempt)

    def blob(self, name: str) -> Any:
        """A client for a blob below this location."""
        return self.container.get_blob_client(self.below(name))

    def below(self, name: str) -> str:
        """The name in the container of a blob below this location."""
        folder = self.address.path
        return f"{folder}/{name}" if folder and folder[-1] != "/" else folder + name

    def ask(self, method: str, work: Callable[[], T]) -> T:
        """Do something with the blob service; transient failures are tried again, all are raised as our own errors."""

        def attempt() -> T:
            try:
                return work()
            except AzureError as error:
                raise explained(error, self.url, method) from None

        retrying = Retrying(
            retry=retry_if_exception_type(TransientError),
            stop=stop_after_attempt(ATTEMPTS),
            wait=as_long_as_asked,
            sleep=pause,
            reraise=True,
        )
        return retrying(attempt)


def in_parallel(work: Callable[[Any], None], items: Sequence[Any], done: str, moved: Mapping[str, int]) -> None:
    """Do the same with each item, in threads; the first failure ends it. A long run says how far it is.

    :param done: what a line of progress begins with.
    :param moved: bytes that have gone over so far, by file.
    """
    left, finished = deque(items), deque[None]()

    def drain() -> None:
        while True:
            try:
                item = left.popleft()
            except IndexError:
                return
            work(item)
            finished.append(None)

    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(drain) for _ in items[:THREADS]]
        try:
            while True:
                ended, pending = wait(futures, PROGRESS_EVERY, FIRST_EXCEPTION)
                for future in ended:
                    future.result()
                if not pending:
                    break
                size = sum(list(moved.values())) / 1e6
                log.info("%s: %d of %d files, %.0f MB", done, len(finished), len(items), size)
        except BaseException:
            left.clear()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
