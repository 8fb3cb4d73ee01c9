"""Lines of a conda file's pip part that name local files: Azure ML builds the image elsewhere, and they are not there.

Source: pip's documentation, *Requirements File Format*; public reports (microsoft/hi-ml#339,
Azure/AzureML-Containers#162). Microsoft's client sends the conda file alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.table.translator import Translator

OPTION = re.compile(
    r"(?:-r|-c|-e|-f|--requirement\b|--constraint\b|--editable\b|--find-links\b)\s*=?\s*[\"']?(?P<place>[^\"']*)"
)
"""Options of pip that are followed by a file, a folder or an address."""

ADDRESS = re.compile(r"(?!file:)[a-z][a-z0-9+.-]*://|(git|hg|svn|bzr)\+", re.IGNORECASE)
DIRECT = re.compile(r"[A-Za-z0-9._-]+(\[[^]]*\])?\s*@\s*(?P<place>\S+)")
"""``NAME @ ADDRESS``."""

ARCHIVES = (".whl", ".tar.gz", ".tar.bz2", ".zip", ".tgz")


def warn_of_local_files(conda: Located, ctx: Translator) -> None:
    """Warn of each line and each channel that names something local.

    :param conda: the top of a conda file.
    """
    for line in _pip_lines(conda):
        if isinstance(line.value, str) and _local(line.value.strip()):
            ctx.warn(
                line,
                f"{show(line.value)} names local files, which do not exist where Azure ML builds the image. List "
                "the packages themselves, or give a build context with a Dockerfile.",
            )
    channels = conda.value.get("channels")
    for channel in conda.child("channels").items() if isinstance(channels, list) else ():
        if isinstance(channel.value, str) and channel.value.startswith((".", "/", "~", "file:")):
            ctx.warn(channel, f"{show(channel.value)} is local, and does not exist where Azure ML builds the image.")


def _pip_lines(conda: Located) -> Iterator[Located]:
    dependencies = conda.value.get("dependencies")
    for dependency in conda.child("dependencies").items() if isinstance(dependencies, list) else ():
        if isinstance(dependency.value, Mapping) and isinstance(dependency.value.get("pip"), list):
            yield from dependency.child("pip").items()


def _local(line: str) -> bool:
    """Whether pip would read from the disk what a line names."""
    line = line.split(" #")[0].strip()
    option = OPTION.match(line)
    if option:
        return bool(option["place"]) and ADDRESS.match(option["place"]) is None
    if line.startswith("-"):
        return False
    direct = DIRECT.match(line)
    place = (direct["place"] if direct else line).split(";")[0].strip()
    if ADDRESS.match(place):
        return False
    if direct or place.startswith((".", "/", "~", "file:")):
        return True
    return place.lower().endswith(ARCHIVES) or "/" in place.split("[")[0] or "\\" in place
