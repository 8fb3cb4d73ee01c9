"""The keyword ``checkpoint``: which of the job's outputs lasts over its attempts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def check_checkpoint(name: Any, outputs: Any) -> None:
    """Refuse a checkpoint that is no output whose place is ours to choose.

    :param outputs: those of the job, as they are written.
    :raises rest.errors.SpecError: says what is wrong with it.
    """
    from airflow_azureml.rest.errors import Problem, SpecError

    if name is None:
        return
    declared = outputs if isinstance(outputs, Mapping) else {}
    if not isinstance(name, str) or name not in declared:
        names = ", ".join(map(str, declared)) or "none, the job declares no outputs"
        raise SpecError([Problem("checkpoint", f"{name!r} is not an output of the job. Accepted: {names}.")])
    output = declared[name]
    given = output if isinstance(output, Mapping) else {}
    own = [key for key in ("path", "name", "version") if given.get(key) is not None]
    if own:
        accepted = "Accepted: an output without path, name and version."
        text = f"{name!r} has a place of its own ({', '.join(own)}). {accepted}"
        raise SpecError([Problem("checkpoint", text)])
    if given.get("type") not in (None, "uri_folder"):
        text = f"{name!r} is of the type {given['type']!r}. Accepted: an output of the type uri_folder."
        raise SpecError([Problem("checkpoint", text)])
    if str(given.get("mode")).lower() == "upload":
        text = f"{name!r} has mode upload, which shows a script nothing of what was there. Accepted: rw_mount, direct."
        raise SpecError([Problem("checkpoint", text)])
