"""What fsspec wants to hear of files, and tells in return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_azureml.filesystems.places import Place
from airflow_azureml.rest.storage import StoredFile

Info = dict[str, Any]
Progress = Callable[[int, "int | None"], None]


def info_of(place: Place, file: StoredFile) -> Info:
    """A file in fsspec's words; ``LastModified`` is what Airflow's ``stat`` looks for."""
    info: Info = {"name": place.path(file.name), "size": file.size, "type": "directory" if file.is_folder else "file"}
    if not file.is_folder:
        info |= {"LastModified": file.changed_at, "ETag": file.tag}
    return info


def folders_of(name: str, top: str) -> list[str]:
    """The folders that a file is in, from the one that was listed."""
    parts = name.split("/")
    parents = ["/".join(parts[:count]) for count in range(len(parts))]
    return [parent for parent in parents if len(parent) >= len(top)]


def told(callback: Any) -> Progress:
    """Tells an fsspec callback how far a file is."""

    def tell(done: int, size: int | None) -> None:
        callback.set_size(size)
        callback.absolute_update(done)

    return tell
