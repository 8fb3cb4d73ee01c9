"""The file system where fsspec's contract says nothing: large files, versions, assets, outputs, what is refused."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import pytest

from airflow_azureml.client.kept_client import forget
from airflow_azureml.exceptions import (
    AzureMLConnectionError,
    AzureMLNotFoundError,
    AzureMLPermissionError,
    AzureMLSpecError,
)
from airflow_azureml.filesystems.azureml import get_fs
from airflow_azureml.filesystems.file_system import AzureMLFileSystem
from airflow_azureml.hooks.azureml import AzureMLHook
from airflow_azureml.operators import AzureMLCreateDataAssetOperator, AzureMLRegisterModelOperator
from airflow_azureml.rest.flow import Reply
from airflow_azureml.rest.workspace import Secret
from tests.emulator_fixture import RunningEmulator

MIB = 1 << 20
SCRIPT = Path(__file__).with_name("scripts") / "large_file.py"


def blob_requests(emulator: RunningEmulator, name: str) -> list[str]:
    """The methods of the requests for a file that reached storage."""
    return [one["method"] for one in emulator.journal(name)]


def test_a_part_of_a_file_is_read_by_one_request(fs: AzureMLFileSystem, folder: str, emulator: RunningEmulator) -> None:
    path = f"{folder}/parts.bin"
    fs.pipe(path, bytes(range(256)) * 4096)
    before = len(blob_requests(emulator, "parts.bin"))

    assert fs.cat_file(path, 256, 260) == b"\0\1\2\3"
    assert len(blob_requests(emulator, "parts.bin")) == before + 1
    assert fs.cat_file(path, -2) == b"\xfe\xff"
    assert fs.cat_file(path, 0, -(MIB - 3)) == b"\0\1\2"
    assert fs.cat_file(path, 5, 5) == b""
    assert fs.cat_ranges([path, path], [0, 10], [1, 12]) == [b"\0", b"\n\x0b"]


def test_a_large_file_goes_over_in_bounded_memory(
    fs: AzureMLFileSystem, folder: str, emulator: RunningEmulator, tmp_path: Path
) -> None:
    size = 192 * MIB
    with open(tmp_path / "large.bin", "wb") as large:
        for _ in range(size // MIB):
            large.write(os.urandom(MIB))
    command = [sys.executable, str(SCRIPT), str(tmp_path / "large.bin"), f"{folder}/large"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) < size * 3 // 4


def test_half_a_file_is_none(fs: AzureMLFileSystem, folder: str) -> None:
    path = f"{folder}/half.bin"
    with contextlib.suppress(RuntimeError), fs.open(path, "wb", block_size=MIB) as stream:
        stream.write(bytes(3 * MIB))
        raise RuntimeError
    assert not fs.exists(path)


def test_a_file_that_is_written_anew_while_it_is_read_is_no_mixture(fs: AzureMLFileSystem, folder: str) -> None:
    path = f"{folder}/changing.bin"
    fs.pipe(path, bytes(MIB))
    with fs.open(path, "rb", block_size=1024) as stream:
        stream.read(10)
        fs.pipe(path, b"1" * MIB)
        stream.seek(MIB // 2)
        with pytest.raises(OSError, match="Written anew while it was read"):
            stream.read(10)


def test_what_is_there_is_not_created_again(fs: AzureMLFileSystem, folder: str) -> None:
    path = f"{folder}/once.txt"
    fs.pipe_file(path, b"1", mode="create")
    with pytest.raises(FileExistsError, match=r"once\.txt"):
        fs.pipe_file(path, b"2", mode="create")
    with pytest.raises(FileExistsError, match=r"once\.txt"):
        fs.open(path, "xb")
    stream = fs.open(f"{folder}/late.bin", "xb", block_size=MIB)
    stream.write(bytes(2 * MIB))
    fs.pipe(f"{folder}/late.bin", b"3")
    with pytest.raises(FileExistsError, match=r"late\.bin"):
        stream.close()
    assert fs.cat(path) == b"1"
    assert fs.cat(f"{folder}/late.bin") == b"3"


def test_folders_are_refused_as_files(fs: AzureMLFileSystem, folder: str) -> None:
    fs.pipe(f"{folder}/deep/a", b"1")
    with pytest.raises(IsADirectoryError, match="azureml://"):
        fs.open(f"{folder}/deep", "rb")
    with pytest.raises(IsADirectoryError, match="azureml://"):
        fs.rm(f"{folder}/deep")
    with pytest.raises(IsADirectoryError):
        fs.pipe("datastores/workspaceblobstore/paths", b"1")
    assert fs.exists(f"{folder}/deep/a")


def test_a_folder_moves_as_a_whole_or_says_that_it_does_not(fs: AzureMLFileSystem, folder: str) -> None:
    for name in ("a", "in/b"):
        fs.pipe_file(f"{folder}/old/{name}", b"text")
    with pytest.raises(IsADirectoryError):
        fs.mv(f"{folder}/old", f"{folder}/new")
    assert sorted(fs.find(folder)) == [f"{folder}/old/a", f"{folder}/old/in/b"]
    fs.mv(f"{folder}/old", f"{folder}/new", recursive=True)
    assert sorted(fs.find(folder)) == [f"{folder}/new/a", f"{folder}/new/in/b"]


def test_neighbours_with_the_same_beginning_are_not_mixed_up(fs: AzureMLFileSystem, folder: str) -> None:
    for name in ("run-1/a", "run-10/a", "run-1.txt"):
        fs.pipe(f"{folder}/{name}", b"1")
    assert [Path(name).name for name in fs.ls(folder, detail=False)] == ["run-1", "run-1.txt", "run-10"]
    assert fs.find(f"{folder}/run-1") == [f"{folder}/run-1/a"]
    fs.rm(f"{folder}/run-1", recursive=True)
    assert [Path(name).name for name in fs.ls(folder, detail=False)] == ["run-1.txt", "run-10"]
    with pytest.raises(FileNotFoundError, match="azureml://datastores/workspaceblobstore/paths/"):
        fs.ls(f"{folder}/run-1")


@pytest.mark.parametrize("name", ["a b.txt", "ü/ß.txt", "50%.txt", "q?x=1#y.txt", "a+b&c.txt", "a@b.txt"])
def test_names_are_taken_as_they_are(name: str, fs: AzureMLFileSystem, folder: str) -> None:
    fs.pipe(f"{folder}/{name}", b"1")
    assert fs.find(folder) == [f"{folder}/{name}"]
    assert fs.cat(f"{folder}/{name}") == b"1"


def test_dots_lead_nowhere_else(fs: AzureMLFileSystem, folder: str, emulator: RunningEmulator) -> None:
    fs.pipe(f"{folder}/x/../a/c.txt", b"c")
    assert fs.cat(f"{folder}/a/c.txt") == b"c"
    assert fs.glob(f"{folder}/x/../a/*") == fs.find(f"{folder}/a/../a") == [fs._strip_protocol(f"{folder}/a/c.txt")]
    name = f"{Path(folder).name}.txt"
    with pytest.raises(AzureMLSpecError, match="leads out of the datastore"):
        fs.pipe(f"azureml://datastores/workspaceblobstore/paths/a/../../elsewhere/{name}", b"c")
    assert not emulator.journal(name)


def test_assets_are_read_and_not_written(fs: AzureMLFileSystem, folder: str, tmp_path: Path) -> None:
    name = f"asset-{uuid4().hex[:8]}"
    fs.pipe({f"{folder}/a.csv": b"1", f"{folder}/deep/b.csv": b"2"})
    AzureMLCreateDataAssetOperator(task_id="t", name=name, path=f"azureml://{folder}").execute({})
    (tmp_path / "model.txt").write_text("3")
    AzureMLRegisterModelOperator(task_id="t", name=name, path=str(tmp_path / "model.txt")).execute({})

    data = f"azureml://data/{name}/versions/1"
    assert fs.find(data) == [f"data/{name}/versions/1/a.csv", f"data/{name}/versions/1/deep/b.csv"]
    assert fs.cat(f"{data}/deep/b.csv") == b"2"
    assert fs.glob(f"data/{name}/labels/latest/*.csv") == [f"data/{name}/labels/latest/a.csv"]
    assert [info["type"] for info in fs.ls(data)] == ["file", "directory"]
    assert fs.cat(f"azureml://models/{name}/labels/latest") == b"3"
    assert fs.info(f"models/{name}/versions/1")["type"] == "file"

    fs.pipe(f"{folder}/other/c.csv", b"4")
    AzureMLCreateDataAssetOperator(task_id="t", name=name, path=f"azureml://{folder}/other").execute({})
    assert fs.find(f"data/{name}/labels/latest") == [f"data/{name}/labels/latest/c.csv"]
    assert fs.exists(f"data/{name}/versions/1/a.csv")

    assert not fs.exists(f"data/{name}/versions/9")
    with pytest.raises(OSError, match="Only paths of datastores can be written"):
        fs.pipe(f"{data}/new.csv", b"5")
    with pytest.raises(OSError, match="Only paths of datastores can be written"):
        fs.open(f"{data}/new.csv", "wb")
    with pytest.raises(OSError, match="Only paths of datastores can be written"):
        fs.rm(f"{data}/a.csv")


def test_outputs_of_jobs_are_read(fs: AzureMLFileSystem) -> None:
    hook, name = AzureMLHook(), f"storage-{uuid4().hex[:12]}"
    spec = {
        "type": "command",
        "command": "mkdir -p outputs; echo 1 > outputs/m.txt; echo 2 > ${{outputs.scores}}/s.csv",
        "environment": {"image": "docker.io/python"},
        "outputs": {"scores": {"type": "uri_folder"}},
    }
    hook.create_job(spec, name)
    hook.wait_for_job(name)
    result = hook.get_result(name)

    assert fs.cat(result["outputs"]["scores"]["path"] + "s.csv") == b"2\n"
    assert fs.find(f"jobs/{name}/outputs/scores/paths") == [f"jobs/{name}/outputs/scores/paths/s.csv"]
    assert fs.cat(f"azureml://jobs/{name}/outputs/scores/paths/s.csv") == b"2\n"
    assert fs.cat(f"azureml://jobs/{name}/outputs/artifacts/paths/outputs/m.txt") == b"1\n"
    with pytest.raises(AzureMLSpecError, match=r"'other' is not an output of job .*Accepted: .*scores"):
        fs.ls(f"jobs/{name}/outputs/other")
    assert not fs.exists("jobs/no-such-job/outputs/scores/paths/s.csv")


def test_what_refuses_to_say_is_no_no(fs: AzureMLFileSystem, folder: str, emulator: RunningEmulator) -> None:
    with pytest.raises(AzureMLNotFoundError, match="no-such-store"):
        fs.exists("datastores/no-such-store/paths/a")
    with pytest.raises(AzureMLSpecError, match="azureml://elsewhere is no path of files"):
        fs.exists("azureml://elsewhere")
    with pytest.raises(AzureMLConnectionError, match="no connection 'missing'"):
        AzureMLFileSystem("missing").isfile(f"{folder}/a")
    assert not fs.exists(f"{folder}/none")
    emulator.fault("status", status=403, route=f"{folder.rpartition('/')[2]}")
    with pytest.raises(AzureMLPermissionError):
        fs.exists(f"{folder}/none")


@pytest.mark.parametrize("times", [1, 9])
def test_a_secret_that_is_refused_is_asked_for_anew(
    times: int, fs: AzureMLFileSystem, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fs.pipe(f"{folder}/a.txt", b"1")
    read, given = Secret.from_reply, []

    def spoiled(reply: Reply) -> Secret:
        secret = read(reply)
        given.append(secret.sas)
        return replace(secret, sas=f"{secret.sas}x") if len(given) <= times else secret

    monkeypatch.setattr(Secret, "from_reply", spoiled)
    forget()
    try:
        if times == 1:
            assert fs.cat(f"{folder}/a.txt") == b"1"
        else:
            with pytest.raises(AzureMLPermissionError) as refused:
                fs.cat(f"{folder}/a.txt")
            assert "AuthenticationFailed" in str(refused.value)
            assert "sig=" not in str(refused.value)
    finally:
        forget()
    assert len(given) == 2


def test_the_connection_of_an_address_is_taken(fs: AzureMLFileSystem, folder: str) -> None:
    fs.pipe(f"{folder}/a.txt", b"text")
    with fsspec.open(f"azureml://azureml_default@{folder}/a.txt", "r") as stream:
        assert stream.read() == "text"
    with pytest.raises(AzureMLConnectionError, match="no connection 'other'"):
        fsspec.open(f"azureml://other@{folder}/a.txt").open()
    assert get_fs("other").azureml_conn_id == "other"
    assert get_fs(None, {"workspace_name": "w"}).azureml_conn_id == "azureml_default"


def test_it_travels_without_a_secret(fs: AzureMLFileSystem, folder: str, emulator: RunningEmulator) -> None:
    fs.pipe(f"{folder}/a.txt", b"1")
    written = pickle.dumps(fs)
    assert emulator["client_secret"].encode() not in written
    again: Any = pickle.loads(written)
    assert again.cat(f"{folder}/a.txt") == b"1"
    assert AzureMLFileSystem.from_json(fs.to_json()).cat(f"{folder}/a.txt") == b"1"
    assert "sig=" not in fs.to_json() + repr(fs)


def read_in_a_fork(fs: AzureMLFileSystem, path: str, answers: Any) -> None:
    """Read a file by the file system of the process that this one was forked from."""
    answers.put([fs.cat(path), fs.find(path)])


def test_a_forked_process_goes_on_with_it(fs: AzureMLFileSystem, folder: str) -> None:
    fs.pipe(f"{folder}/a.txt", b"1")
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    child = context.Process(target=read_in_a_fork, args=(fs, f"{folder}/a.txt", answers))
    child.start()
    assert answers.get(timeout=60) == [b"1", [f"{folder}/a.txt"]]
    child.join(60)


async def test_coroutines_do_the_same(fs: AzureMLFileSystem, folder: str) -> None:
    later = AzureMLFileSystem(asynchronous=True, skip_instance_cache=True)
    await later._pipe({f"{folder}/{at}": str(at).encode() for at in range(20)})
    assert len(await later._find(folder)) == 20
    assert await later._cat_file(f"{folder}/7") == b"7"
    both = await asyncio.gather(later._info(f"{folder}/1"), later._exists(f"{folder}/none"))
    assert (both[0]["size"], both[1]) == (1, False)
    await later._cp_file(f"{folder}/7", f"{folder}/copy")
    await later._rm(folder, recursive=True)
    assert not await later._exists(folder)


def test_where_a_file_lies_is_known_once_it_was_used(fs: AzureMLFileSystem, folder: str) -> None:
    assert fs.storage_address(f"{folder}/a.txt") is None
    fs.pipe_file(f"{folder}/a.txt", b"a")
    address = fs.storage_address(f"{folder}/b c.txt")
    assert address is not None
    assert address.endswith(f"/{folder.partition('/paths/')[2]}/b%20c.txt")
    assert "sig=" not in address
