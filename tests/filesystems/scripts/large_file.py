"""Moves a large file in all ways and prints how far the process has grown by it, in bytes.

python large_file.py <local file> <path of the file system>
"""

from __future__ import annotations

import os
import resource
import sys

from airflow_azureml.filesystems.file_system import AzureMLFileSystem

MIB = 1 << 20


def main(local: str, path: str) -> None:
    """Write, send, copy, read and fetch it."""
    fs = AzureMLFileSystem()
    fs.pipe(f"{path}.small", bytes(MIB))
    fs.cat(f"{path}.small")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with fs.open(f"{path}.written", "wb") as target, open(local, "rb") as source:
        while part := source.read(MIB):
            target.write(part)
    fs.put(local, f"{path}.sent")
    fs.cp_file(f"{path}.written", f"{path}.copied")
    with fs.open(f"{path}.copied", "rb") as stream:
        while stream.read(MIB):
            pass
    fs.get(f"{path}.sent", f"{local}.fetched")
    with open(local, "rb") as one, open(f"{local}.fetched", "rb") as other:
        while part := one.read(MIB):
            assert part == other.read(MIB)
    sizes = {fs.size(f"{path}.{kind}") for kind in ("written", "sent", "copied")}
    assert sizes == {os.path.getsize(local)}, sizes
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
