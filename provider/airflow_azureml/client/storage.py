"""Local files to blob storage and back: parallel, streamed, marked when complete, never outside the target folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from azure.core.exceptions import AzureError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from airflow_azureml.client.blobs import BlobAddress, explained, open_container
from airflow_azureml.client.interruption import pause
from airflow_azureml.rest.clouds import ControlPlane
from airflow_azureml.rest.errors import NotFoundError, Problem, SpecError, TransientError
from airflow_azureml.rest.flow import LocalFiles, LocalFolder, Peek, StorageLocation, Transfer, Transferred

T = TypeVar("T")

THREADS = 16
ATTEMPTS = 3
"""How often one file is tried; each try has azure-storage-blob's own retries inside."""
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
        return Store(target, transport, control, tokens).upload(source.files, order.mark)
    if isinstance(source, StorageLocation) and isinstance(target, LocalFolder):
        return Store(source, transport, control, tokens).download(target)
    raise SpecError([Problem("", f"Cannot transfer from {type(source).__name__} to {type(target).__name__}.")])


class Store:
    """One location in blob storage, opened."""

    def __init__(self, location: StorageLocation, transport: Any, control: ControlPlane, tokens: Any) -> None:
        self.url = location.url
        self.address = BlobAddress.parse(location.url)
        self.container = open_container(location, self.address, control, transport, tokens)
        self.moved: dict[str, int] = {}

    def upload(self, files: Sequence[tuple[str, str]], mark: Mapping[str, str] | None) -> Transferred:
        """Send files, unless the mark of an earlier, complete upload stands; leave the mark when all are there.

        Without the mark files are written over: what lies there is the same or the rest of an upload that broke off.
        """
        files = sorted(files, key=lambda pair: pair[1])
        names = tuple(name for _, name in files)
        if not files:
            return Transferred(())
        first = self.blob(names[0])
        if mark is not None and self.is_marked(first):
            return Transferred(names, skipped=True)
        width = max(1, THREADS // len(files))
        in_parallel(lambda pair: self.send(pair[0], pair[1], width), files, f"Uploaded to {self.url}", self.moved)
        if mark is not None:
            metadata = {**mark, "upload_status": "completed"}
            self.ask("PUT", lambda: first.set_blob_metadata(metadata))
        return Transferred(names)

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

    def is_marked(self, blob: Any) -> bool:
        """Whether a complete upload left its mark on this blob."""
        try:
            properties = self.ask("HEAD", blob.get_blob_properties)
        except NotFoundError:
            return False
        return metadata_of(properties).get("upload_status", "").lower() == "completed"

    def download(self, target: LocalFolder) -> Transferred:
        """Fetch a blob, or all that lies below a prefix, into a folder; file by file, each appears when it is whole."""
        names = self.names()
        root = Path(target.path)
        files = [(name, inside(root, relative)) for name, relative in names]
        if not target.overwrite:
            refuse_existing([path for _, path in files])
        width = max(1, THREADS // max(1, len(files)))
        in_parallel(lambda pair: self.fetch(pair[0], pair[1], width), files, f"Downloaded from {self.url}", self.moved)
        return Transferred(tuple(relative for _, relative in names))

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
                    return [(path, PurePosixPath(path).name)]
            path += "/"
        rows = self.ask("GET", lambda: list(self.container.list_blobs(name_starts_with=path, include=["metadata"])))
        names = [(row.name, row.name[len(path) :]) for row in rows if not is_folder(row)]
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
        """Fetch one blob."""
        blob = self.container.get_blob_client(name)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")

        def attempt() -> None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with open(part, "wb") as stream:
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
        folder = self.address.path
        return self.container.get_blob_client(f"{folder}/{name}" if folder and folder[-1] != "/" else folder + name)

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
            wait=wait_exponential(multiplier=1, max=20),
            sleep=pause,
            reraise=True,
        )
        return retrying(attempt)


def in_parallel(work: Callable[[Any], None], items: Sequence[Any], done: str, moved: Mapping[str, int]) -> None:
    """Do the same with each item, in threads; the first failure ends it. A long run says how far it is.

    :param done: what a line of progress begins with.
    :param moved: bytes that have gone over so far, by file.
    """
    with ThreadPoolExecutor(max(1, min(THREADS, len(items)))) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            while True:
                finished, pending = wait(futures, PROGRESS_EVERY, FIRST_EXCEPTION)
                for future in finished:
                    future.result()
                if not pending:
                    break
                size = sum(list(moved.values())) / 1e6
                log.info("%s: %d of %d files, %.0f MB", done, len(finished), len(items), size)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def inside(root: Path, relative: str) -> Path:
    """Where a blob goes below the target.

    :raises SpecError: its name leads outside of the folder.
    """
    parts = [part for part in relative.split("/") if part]
    bad = relative.startswith("/") or not parts or any(part in (".", "..") or "\0" in part for part in parts)
    if bad or (os.name == "nt" and any("\\" in part or ":" in part for part in parts)):
        raise SpecError([Problem("", f"The blob name {relative!r} leads outside of {root}; nothing was downloaded.")])
    return root.joinpath(*parts)


def refuse_existing(paths: Sequence[Path]) -> None:
    """Refuse to write over files that are there, before the first byte is fetched."""
    existing = [str(path) for path in paths if path.exists()]
    if existing:
        named = ", ".join(existing[:3]) + (f" and {len(existing) - 3} more" if len(existing) > 3 else "")
        raise SpecError([Problem("overwrite", f"False, but {named} exist(s). Accepted: True, or another folder.")])


def is_folder(properties: Any) -> bool:
    """Whether a blob only stands for a folder, as storage with a hierarchical name space lists them."""
    return metadata_of(properties).get("hdi_isfolder", "").lower() == "true"


def metadata_of(properties: Any) -> Mapping[str, str]:
    """A blob's metadata with keys in lower case: the service keeps them as they were first written."""
    return {key.lower(): value for key, value in (properties.metadata or {}).items()}


def unusable(path: str, verb: str, error: OSError) -> SpecError:
    """A local file cannot be read or written."""
    return SpecError([Problem("", f"{path} cannot be {verb}: {error.strerror or error}.")])
