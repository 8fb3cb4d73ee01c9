"""An emulator that is killed in the middle of a change: a blob is what it was or what it was to be, never a mixture."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from azureml_emulator.storage.blobs.models import BlobStore

KILLED = """
import os, pathlib, shutil, signal, sys
from azureml_emulator.storage.blobs import models, rows
store = models.BlobStore(pathlib.Path(sys.argv[1]))
folder, called, when, action = sys.argv[2:]
owner = {"os": os, "shutil": shutil, "records": store.records}[called.split(".")[0]]
name = called.split(".")[1]
done = getattr(owner, name)

def killed(*arguments, **named):
    if when == "in":  # half of a block
        arguments[1].write(arguments[0].read(3))
        arguments[1].flush()
    elif when == "after":
        done(*arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(owner, name, killed)
temporary = store.temporary()
temporary.write_bytes(b"second")
exec(action)
"""
"""``called``: the function in which the process is killed, ``when``: before, after, or in the middle of its work."""

ADOPT = 'store.adopt("con", "f/x", temporary, metadata={"of": "second"}, lake=True)'
APPEND = 'store.append_block("con", "f/log", temporary)'
RENAME = 'store.rename("con", "f", "con", "g", folder=True)'
DELETE = 'store.delete("con", "f/x")'


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The state of an emulator that held one folder with a blob, an append blob, and a blob whose name is no text."""
    store = BlobStore(tmp_path)
    store.create_container("con")
    store.put_bytes("con", "f/x", b"first", metadata={"of": "first"})
    store.put_bytes("con", "f/log", b"", kind="AppendBlob", metadata={"of": "log"})
    store.put_bytes("con", "f/\udcff", b"bytes", metadata={"of": "bytes"})
    store.close()
    return tmp_path


def kill(state: Path, called: str, when: str, action: str) -> BlobStore:
    """Let another process do something and die in it; returns what the next one finds."""
    command = [sys.executable, "-c", KILLED, str(state), "con", called, when, action]
    died = subprocess.run(command, env=os.environ, stderr=subprocess.PIPE, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    return BlobStore(state)


def found(store: BlobStore, name: str) -> tuple[bytes, dict[str, str]] | None:
    blob = store.get("con", name)
    return (store.read("con", name), dict(blob.metadata)) if blob else None


@pytest.mark.parametrize(
    ("called", "when", "left"),
    [("records.change", "after", "first"), ("os.replace", "before", "first"), ("os.replace", "after", "second")],
)
def test_a_blob_that_is_replaced(state: Path, called: str, when: str, left: str) -> None:
    store = kill(state, called, when, ADOPT)
    assert found(store, "f/x") == (left.encode(), {"of": left})
    assert store.records.get("con", "f/x").lake == (left == "second")
    store.close()


@pytest.mark.parametrize(("when", "left"), [("before", None), ("after", (b"second", {"of": "second"}))])
def test_a_blob_that_is_new(state: Path, when: str, left: tuple[bytes, dict[str, str]] | None) -> None:
    store = kill(state, "os.replace", when, ADOPT.replace("f/x", "new"))
    assert found(store, "new") == left
    (store.root / "con" / "new").write_bytes(b"of a job")
    assert left or found(store, "new") == (b"of a job", {})
    store.close()


@pytest.mark.parametrize(
    ("called", "when"), [("shutil.copyfileobj", "in"), ("shutil.copyfileobj", "after"), ("records.change", "after")]
)
def test_a_block_that_is_appended(state: Path, called: str, when: str) -> None:
    store = kill(state, called, when, APPEND)
    blob = store.get("con", "f/log")
    assert blob
    assert (blob.size, blob.appended, dict(blob.metadata)) == (0, 0, {"of": "log"})
    store.close()


@pytest.mark.parametrize(("when", "place"), [("before", "f"), ("after", "g")])
def test_a_folder_that_gets_another_name(state: Path, when: str, place: str) -> None:
    store = kill(state, "os.replace", when, RENAME)
    assert found(store, f"{place}/x") == (b"first", {"of": "first"})
    assert found(store, f"{place}/log") == (b"", {"of": "log"})
    other = "g" if place == "f" else "f"
    assert [store.records.get("con", f"{other}/{name}").metadata for name in ("x", "log")] == [{}, {}]
    store.close()


def test_a_blob_that_is_deleted(state: Path) -> None:
    """The next blob of its name was a job's, and had the metadata of the one before."""
    store = kill(state, "os.unlink", "after", DELETE)
    (store.root / "con" / "f" / "x").write_bytes(b"of a job")
    assert found(store, "f/x") == (b"of a job", {})
    assert found(store, "f/log") == (b"", {"of": "log"})
    assert found(store, "f/\udcff") == (b"bytes", {"of": "bytes"})
    store.close()


def test_a_blob_that_cannot_take_its_place_leaves_what_was_there(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.create_container("con")
    store.put_bytes("con", "f/x", b"first", metadata={"of": "first"})
    with pytest.raises(FileNotFoundError):
        store.adopt("con", "f/x", store.temporary(), metadata={"of": "second"})
    assert found(store, "f/x") == (b"first", {"of": "first"})
    store.close()
