"""Transfers to and from the emulator's blob service: by signature, by key, by the caller's own token."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.storage.blob import BlobServiceClient, ContentSettings, ExponentialRetry
from tenacity import wait_fixed

from airflow_azureml.client import AsyncMLClient, MLClient, blobs, storage
from airflow_azureml.client.blobs import BlobAddress
from airflow_azureml.client.local_paths import inside
from airflow_azureml.rest import workspace
from airflow_azureml.rest.errors import (
    ForbiddenError,
    NotFoundError,
    SpecError,
    UnreachableError,
    UntrustedHostError,
)
from airflow_azureml.rest.flow import LocalFiles, LocalFolder, StorageLocation, Transfer, Transferred
from airflow_azureml.rest.ids import Workspace
from airflow_azureml.rest.settings import Settings
from tests.client.proxy import Proxy
from tests.client.stub import Answer, Stub
from tests.emulator_fixture import RunningEmulator

TREE = {"a.txt": b"alpha", "sub/b c.txt": b"beta", "sub/deep/\u00e9\u6f22 +%.bin": bytes(range(256)), "empty": b""}


@dataclass
class Ground:
    """A container of the emulator and the ways into it."""

    settings: Settings
    place: StorageLocation
    service: BlobServiceClient
    container: str

    def below(self, path: str, **means: Any) -> StorageLocation:
        """A place in the container, entered by the datastore's signature unless told otherwise."""
        return replace(self.place, url=f"{self.place.url}/{path}", **means)

    def move(self, source: Any, target: Any, mark: Any = None) -> Transferred:
        """One transfer in the synchronous driver."""
        with MLClient(self.settings) as client:
            moved: Transferred = client.perform(Transfer(source, target, mark))
        return moved

    def metadata(self, path: str) -> dict[str, str]:
        """What is written on a blob."""
        properties = self.service.get_blob_client(self.container, path).get_blob_properties()
        return dict(properties.metadata)


@pytest.fixture(scope="module")
def ground(emulator: RunningEmulator) -> Iterator[Ground]:
    extra = json.loads(emulator["airflow_connection"])["extra"]
    settings = Settings(
        Workspace(emulator["subscription_id"], emulator["resource_group"], emulator["workspace_name"]),
        auth="client_secret",
        tenant_id=emulator["tenant_id"],
        client_id=emulator["client_id"],
        client_secret=emulator["client_secret"],
        endpoint=extra["endpoint"],
        verify=extra["verify"],
    )
    with MLClient(settings) as client:
        store = client.run(workspace.default_datastore(client.workspace))
        address = store.address("")
        assert address is not None
        place = client.run(workspace.secret(client.workspace, store.name)).location(address)
    key = json.loads((emulator.state / "identity.json").read_text())["account_key"]
    parts = BlobAddress.parse(place.url)
    service = BlobServiceClient(
        parts.account_url,
        credential={"account_name": parts.account, "account_key": key},
        connection_verify=extra["verify"],
    )
    yield Ground(settings, replace(place, url=place.url.rstrip("/")), service, str(store.container))
    service.close()


@pytest.fixture
def files(tmp_path: Path) -> LocalFiles:
    """A small tree: blanks, letters beyond ASCII, an empty file."""
    for name, content in TREE.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return LocalFiles(tuple((str(tmp_path / "source" / name), name) for name in TREE))


@pytest.fixture
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again comes after tenths of a second, not after seconds, by Microsoft's client and by ours."""
    own = {"initial_backoff": 0.1, "increment_base": 0.2, "random_jitter_range": 0.1}
    monkeypatch.setattr("azure.storage.blob.ExponentialRetry", lambda **given: ExponentialRetry(**{**given, **own}))
    monkeypatch.setattr(blobs, "BACK_OFF", wait_fixed(0.1))


def read_tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(params=["signature", "key", "token"])
def entered(request: pytest.FixtureRequest, ground: Ground) -> Callable[[str], StorageLocation]:
    """The same place by each of the ways into it."""
    means: dict[str, Any] = {"sas": ground.place.sas, "key": None}
    if request.param == "key":
        means = {"sas": None, "key": ground.service.credential.account_key}
    elif request.param == "token":
        means = {"sas": None, "key": None}
    return lambda path: ground.below(path, **means)


def test_a_tree_goes_up_and_comes_back(
    ground: Ground, entered: Callable[[str], StorageLocation], files: LocalFiles, tmp_path: Path
) -> None:
    place = entered(f"round/{tmp_path.name}")
    sent = ground.move(files, place)
    assert sent == Transferred(len(TREE))
    fetched = ground.move(replace(place, url=f"{place.url}/"), LocalFolder(str(tmp_path / "back")))
    assert sorted(fetched.names) == sorted(TREE)
    assert read_tree(tmp_path / "back") == TREE


def test_the_asynchronous_driver_does_the_same(ground: Ground, files: LocalFiles, tmp_path: Path) -> None:
    place = ground.below(f"round/{tmp_path.name}")

    async def go() -> Any:
        async with AsyncMLClient(ground.settings) as client:
            await client.perform(Transfer(files, place))
            return await client.perform(Transfer(place, LocalFolder(str(tmp_path / "back"))))

    asyncio.run(go())
    assert read_tree(tmp_path / "back") == TREE


def test_a_complete_upload_leaves_its_mark_and_is_never_sent_again(
    ground: Ground, files: LocalFiles, tmp_path: Path, emulator: RunningEmulator
) -> None:
    place, mark = ground.below(f"marked/{tmp_path.name}"), {"name": "n-1", "version": "1"}
    assert not ground.move(files, place, mark).skipped
    assert ground.metadata(f"marked/{tmp_path.name}/a.txt") == {
        "name": "n-1",
        "version": "1",
        "upload_status": "completed",
    }
    before = len(emulator.journal())
    assert ground.move(files, place, mark) == Transferred(len(TREE), skipped=True)
    requests = [
        f"{row['method']} {row['status']}" for row in emulator.journal()[before:] if tmp_path.name in row["path"]
    ]
    assert requests == ["HEAD 200"]


def test_an_upload_that_broke_off_is_done_again(ground: Ground, files: LocalFiles, tmp_path: Path) -> None:
    place = ground.below(f"broken/{tmp_path.name}")
    ground.move(LocalFiles(files.files[:2]), place)
    assert not ground.move(files, place, {"name": "n"}).skipped
    assert ground.metadata(f"broken/{tmp_path.name}/a.txt")["upload_status"] == "completed"


def test_a_file_larger_than_one_request_comes_back_whole(ground: Ground, tmp_path: Path) -> None:
    big = tmp_path / "big.bin"
    with big.open("wb") as stream:
        for number in range(70):
            stream.write(number.to_bytes(4, "big") * 262144)
    place = ground.below(f"big/{tmp_path.name}")
    ground.move(LocalFiles(((str(big), "big.bin"),)), place)
    ground.move(place, LocalFolder(str(tmp_path / "back")))
    assert (tmp_path / "back" / "big.bin").read_bytes() == big.read_bytes()


def test_a_single_blob_is_fetched_under_its_own_name(ground: Ground, files: LocalFiles, tmp_path: Path) -> None:
    place = ground.below(f"single/{tmp_path.name}")
    ground.move(files, place)
    ground.move(LocalFiles(((files.files[0][0], "a.txt.bak"),)), place)
    moved = ground.move(replace(place, url=f"{place.url}/a.txt"), LocalFolder(str(tmp_path / "back")))
    assert moved.names == ("a.txt",)
    assert read_tree(tmp_path / "back") == {"a.txt": b"alpha"}


def test_a_folder_named_like_the_beginning_of_another_is_not_mixed_up(
    ground: Ground, files: LocalFiles, tmp_path: Path
) -> None:
    ground.move(files, ground.below(f"{tmp_path.name}/out"))
    ground.move(LocalFiles(((files.files[0][0], "x"),)), ground.below(f"{tmp_path.name}/outside"))
    ground.move(ground.below(f"{tmp_path.name}/out"), LocalFolder(str(tmp_path / "back")))
    assert read_tree(tmp_path / "back") == TREE


def test_what_is_not_there_is_told(ground: Ground, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="404"):
        ground.move(ground.below("nothing/here"), LocalFolder(str(tmp_path / "back")))
    assert ground.move(ground.below("nothing/here/"), LocalFolder(str(tmp_path / "back"))) == Transferred()


def test_markers_of_folders_are_no_files(ground: Ground, files: LocalFiles, tmp_path: Path) -> None:
    place = ground.below(f"marker/{tmp_path.name}")
    ground.move(files, place)
    marker = ground.service.get_blob_client(ground.container, f"marker/{tmp_path.name}/hollow")
    marker.upload_blob(b"", metadata={"Hdi_isfolder": "true"})
    ground.move(place, LocalFolder(str(tmp_path / "back")))
    assert read_tree(tmp_path / "back") == TREE


def test_existing_files_are_left_alone_unless_told_otherwise(ground: Ground, files: LocalFiles, tmp_path: Path) -> None:
    place, target = ground.below(f"over/{tmp_path.name}"), tmp_path / "back"
    ground.move(files, place)
    target.mkdir()
    (target / "a.txt").write_text("mine")
    with pytest.raises(SpecError, match=r"overwrite: False, but .*a\.txt"):
        ground.move(place, LocalFolder(str(target)))
    assert read_tree(target) == {"a.txt": b"mine"}
    ground.move(place, LocalFolder(str(target), overwrite=True))
    assert read_tree(target) == TREE


def test_a_local_file_that_is_missing_is_named(ground: Ground, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"gone\.txt cannot be read"):
        ground.move(LocalFiles(((str(tmp_path / "gone.txt"), "gone.txt"),)), ground.below(f"x/{tmp_path.name}"))


def test_a_folder_that_cannot_be_written_is_named(ground: Ground, files: LocalFiles, tmp_path: Path) -> None:
    place = ground.below(f"ro/{tmp_path.name}")
    ground.move(files, place)
    (tmp_path / "back").write_text("a file, not a folder")
    with pytest.raises(SpecError, match="back"):
        ground.move(place, LocalFolder(str(tmp_path / "back")))


def test_a_refused_signature_is_told_without_it(ground: Ground, files: LocalFiles, tmp_path: Path) -> None:
    place = ground.below(f"x/{tmp_path.name}", sas=f"{ground.place.sas}x")
    with pytest.raises(ForbiddenError) as caught:
        ground.move(files, place)
    assert str(ground.place.sas).rpartition("sig=")[2][:10] not in str(caught.value)


def test_a_fault_in_the_middle_is_ridden_out(
    ground: Ground, files: LocalFiles, tmp_path: Path, emulator: RunningEmulator
) -> None:
    emulator.fault("status", route=f"PUT .*{tmp_path.name}", times=2, status=503)
    ground.move(files, ground.below(f"faulty/{tmp_path.name}"))
    statuses = [row["status"] for row in emulator.journal() if row["method"] == "PUT" and tmp_path.name in row["path"]]
    assert statuses.count(503) == 2
    assert statuses.count(201) == len(TREE)
    ground.move(ground.below(f"faulty/{tmp_path.name}"), LocalFolder(str(tmp_path / "back")))
    assert read_tree(tmp_path / "back") == TREE


@pytest.mark.usefixtures("soon_again")
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("drop", {}),
        ("drop", {"when": "after"}),
        ("status", {"status": 429}),
        ("status", {"status": 500}),
        ("status", {"status": 500, "when": "after"}),
    ],
)
def test_every_file_arrives_whatever_happens_to_its_first_request(
    ground: Ground, files: LocalFiles, tmp_path: Path, emulator: RunningEmulator, kind: str, options: dict[str, Any]
) -> None:
    place, mark = ground.below(f"faulty/{tmp_path.name}"), {"name": "n", "version": "1"}
    emulator.fault(kind, route=f"(HEAD|PUT) .*{tmp_path.name}", times=4, **options)
    assert not ground.move(files, place, mark).skipped
    emulator.clear_faults()
    assert ground.move(files, place, mark).skipped
    ground.move(place, LocalFolder(str(tmp_path / "back")))
    assert read_tree(tmp_path / "back") == TREE


@pytest.mark.usefixtures("soon_again")
@pytest.mark.parametrize(("kind", "options"), [("drop", {}), ("status", {"status": 429}), ("status", {"status": 500})])
def test_every_file_comes_back_whatever_happens_to_its_first_request(
    ground: Ground, files: LocalFiles, tmp_path: Path, emulator: RunningEmulator, kind: str, options: dict[str, Any]
) -> None:
    place = ground.below(f"faulty/{tmp_path.name}")
    ground.move(files, place)
    emulator.fault(kind, route=f"GET .*{tmp_path.name}", times=4, **options)
    ground.move(place, LocalFolder(str(tmp_path / "back")))
    assert read_tree(tmp_path / "back") == TREE


def test_a_blob_comes_back_as_it_was_stored(ground: Ground, tmp_path: Path) -> None:
    """Also one that says of itself that it is compressed."""
    blob = ground.service.get_blob_client(ground.container, f"packed/{tmp_path.name}/a.gz")
    packed = gzip.compress(b"alpha")
    blob.upload_blob(packed, content_settings=ContentSettings(content_encoding="gzip"))
    ground.move(ground.below(f"packed/{tmp_path.name}/"), LocalFolder(str(tmp_path / "back")))
    assert read_tree(tmp_path / "back") == {"a.gz": packed}


def test_a_pause_that_storage_asks_for_is_made(stub: Stub, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("content")
    asked = Answer(503, headers={"Retry-After": "2"})
    stub.script("PUT .*/one", asked, Answer(201))
    location = StorageLocation(f"{stub.url}/acct.blob.local/container/x", sas="sig=abc")
    with MLClient(settings) as client:
        client.perform(Transfer(LocalFiles(((str(tmp_path / "one"), "one"),)), location))
    first, second = stub.requests("PUT .*/one")
    assert second.at - first.at >= 2


@pytest.mark.parametrize("means", ["signature", "token"])
def test_small_files_do_without_the_storage_library(
    ground: Ground, files: LocalFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, means: str
) -> None:
    def unexpected(*_: Any) -> Any:
        raise AssertionError("azure-storage-blob was asked for")

    monkeypatch.setattr(storage, "open_container", unexpected)
    place = ground.below(f"plain/{tmp_path.name}", **({"sas": None} if means == "token" else {}))
    mark = {"name": "n-1", "version": "1"}
    assert ground.move(files, place, mark) == Transferred(len(TREE))
    assert ground.move(files, place, mark).skipped
    monkeypatch.undo()
    assert ground.metadata(f"plain/{tmp_path.name}/a.txt") == {**mark, "upload_status": "completed"}
    ground.move(place, LocalFolder(str(tmp_path / "back")))
    assert read_tree(tmp_path / "back") == TREE
    blob = ground.service.get_blob_client(ground.container, f"plain/{tmp_path.name}/a.txt").get_blob_properties()
    assert blob.content_settings.content_type == "application/octet-stream"
    assert blob.blob_type == "BlockBlob"


def test_small_files_take_the_proxy(
    ground: Ground, files: LocalFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Proxy() as proxy:
        for name in ("NO_PROXY", "no_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        ground.move(files, ground.below(f"proxied/{tmp_path.name}"))
        assert urlsplit(ground.place.url).netloc in proxy.asked


def test_an_order_that_is_given_again_goes_on(
    ground: Ground, files: LocalFiles, tmp_path: Path, emulator: RunningEmulator
) -> None:
    emulator.fault("status", route=f"PUT .*{tmp_path.name}.*a.txt", status=403)
    order = Transfer(files, ground.below(f"again/{tmp_path.name}"), {"name": "n", "version": "1"})
    with MLClient(ground.settings) as client:
        with pytest.raises(ForbiddenError):
            client.perform(order)
        emulator.clear_faults()
        sent = set(order.done)
        assert "a.txt" not in sent
        before = len(emulator.journal())
        assert client.perform(order) == Transferred(len(TREE))
    rows = [row for row in emulator.journal()[before:] if row["method"] == "PUT"]
    assert len(rows) == len(TREE) - len(sent) + 1
    assert ground.metadata(f"again/{tmp_path.name}/a.txt")["upload_status"] == "completed"


def test_a_long_transfer_says_how_far_it_is(
    ground: Ground, files: LocalFiles, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setattr(storage, "PROGRESS_EVERY", 0.01)
    place = ground.below(f"progress/{tmp_path.name}")
    big = tmp_path / "big"
    with big.open("wb") as stream:
        stream.truncate(100_000_000)
    with caplog.at_level("INFO"):
        ground.move(LocalFiles((*files.files, (str(big), "big"))), place)
    told = [record.getMessage() for record in caplog.records if record.name == storage.__name__]
    found = [re.fullmatch(rf"Uploaded to {place.url}: (\d) of 5 files, (\d+) MB", line) for line in told]
    steps = [(int(step[1]), int(step[2])) for step in found if step]
    assert len(steps) == len(told)
    assert steps == sorted(steps)
    assert any(0 < size < 100 for _, size in steps)


def test_a_token_goes_to_no_strange_store(ground: Ground, files: LocalFiles) -> None:
    for url in ("https://evil.example/container/x", "http://127.0.0.1:1/acct.blob.local/container/x"):
        with pytest.raises(UntrustedHostError):
            ground.move(files, StorageLocation(url))


def test_a_store_that_cannot_be_reached_is_named(
    ground: Ground, files: LocalFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "ATTEMPTS", 1)
    # Its retries are made, without the pauses between them.
    monkeypatch.setattr(ExponentialRetry, "get_backoff_time", lambda *_: 0)
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9 cannot be reached"):
        ground.move(files, StorageLocation("https://127.0.0.1:9/acct.blob.local/container/x", sas="sig=abc"))


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a/./b", "", "a/\0b"])
def test_names_that_lead_out_of_the_folder_are_refused(name: str) -> None:
    with pytest.raises(SpecError, match="leads outside of"):
        inside(Path("/target"), name)


def test_such_a_name_from_the_service_stops_the_download_before_the_first_file(
    stub: Stub, settings: Settings, tmp_path: Path
) -> None:
    names = ["out/fine.txt", "out/../../climbed.txt"]
    blobs = "".join(
        f"<Blob><Name>{name}</Name><Properties><BlobType>BlockBlob</BlobType></Properties></Blob>" for name in names
    )
    listing = f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker/></EnumerationResults>"
    stub.script("comp=list", Answer(value=listing.encode(), headers={"Content-Type": "application/xml"}))
    target = tmp_path / "deep" / "target"
    with MLClient(settings) as client, pytest.raises(SpecError, match="leads outside of"):
        client.perform(Transfer(StorageLocation(f"{stub.url}/acct/c1/out/", sas="sig=x"), LocalFolder(str(target))))
    assert not (tmp_path / "deep").exists()
    assert stub.requests("GET .*fine") == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://acct.blob.core.windows.net/c/a/b%20c", ("https://acct.blob.core.windows.net", "acct", "c", "a/b c")),
        ("https://acct.dfs.core.windows.net/fs/a/", ("https://acct.blob.core.windows.net", "acct", "fs", "a/")),
        ("https://127.0.0.1:1/acct.blob.local/c", ("https://127.0.0.1:1/acct.blob.local", "acct.blob.local", "c", "")),
        ("https://emu:1/acct.blob.local/c/x", ("https://emu:1/acct.blob.local", "acct.blob.local", "c", "x")),
        ("https://localhost:1/acct/c/x", ("https://localhost:1/acct", "acct", "c", "x")),
        ("https://[::1]:1/acct/c/x", ("https://[::1]:1/acct", "acct", "c", "x")),
    ],
)
def test_addresses_in_host_style_and_path_style(url: str, expected: tuple[str, str, str, str]) -> None:
    assert BlobAddress.parse(url) == BlobAddress(*expected)


def test_an_address_without_a_container_is_told() -> None:
    with pytest.raises(SpecError, match=r"https://acct\.blob\.local/' names no container"):
        BlobAddress.parse("https://acct.blob.local/?sig=secret")
