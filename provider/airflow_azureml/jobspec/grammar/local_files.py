"""Local paths that a job names: files to upload, the datastore they go to, and YAML files to read.

Source: azure-ai-ml 1.35.2, ``_schema/core/fields.py``.
"""

from __future__ import annotations

import io
from typing import Literal

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.document.messages import missing, show
from airflow_azureml.jobspec.document.requirements import Bundle, Upload
from airflow_azureml.jobspec.table.translator import INVALID, Invalid, Translator
from airflow_azureml.rest.errors import SpecError

PREFIXES = ("file:", "folder:")
"""What may stand before a local path in some places, but not where Microsoft's schema looks for the path itself."""


def not_local(located: Located, ctx: Translator) -> bool:
    """Refuse what looks like a path and is something else."""
    path: str = located.value
    if path.startswith(PREFIXES):
        ctx.error(located, f"{show(path)}: a local path is written without {' or '.join(PREFIXES)} here.")
    elif "://" in path:
        ctx.error(located, f"{show(path)} cannot be fetched. Accepted: a local path, https://HOST.DOMAIN/….")
    else:
        return False
    return True


def local_upload(
    purpose: Literal["code", "data", "context"],
    path_text: str,
    located: Located,
    ctx: Translator,
    datastore: str | None = None,
    component: bool = False,
) -> Upload | Invalid:
    """Turn a local path into an upload.

    :param path_text: the path, relative to the folder that the value was written in.
    :param component: it is the code of a component, from which more is left out.
    """
    files = located.document.files
    path = files.locate(path_text.removeprefix("file:").removeprefix("folder:"), located.place.folder)
    if files.kind(path) is None:
        return ctx.error(located, f"{show(path_text)}: {missing('file or folder', path, files.left_out(path))}")
    key = (path, "files of a component" if component else "files")
    if key not in ctx.cache:
        try:
            ctx.cache[key] = files.bundle(path, component)
        except ValueError as error:
            return ctx.error(located, f"{show(path_text)}: {error}.")
    bundle = ctx.cache[key]
    if bundle.is_folder and (why := files.left_out(path)):
        ctx.warn(located, f"parts of the folder {path} may be missing. {why}")
    warn_of_outside_links(bundle, path, located, ctx)
    return Upload(purpose, path, bundle, datastore, "component" if component else "")


def warn_of_outside_links(bundle: Bundle, path: str, located: Located, ctx: Translator) -> None:
    """Warn of links that bring in what lies elsewhere, each by name."""
    if bundle.outside_links:
        ctx.warn(located, f"links bring in files from outside of {path}: {', '.join(bundle.outside_links)}.")


def datastore(located: Located, ctx: Translator) -> str | None:
    """Read the name of the datastore to upload to; an empty text is the workspace's own."""
    name = located.value.get("datastore")
    if name == "" or (name is None and ("datastore" not in located.value or located.document.from_python)):
        return None
    if not isinstance(name, str) or not name.removeprefix("azureml:"):
        ctx.error(located, f"{show(name)} is not a datastore. Accepted: azureml:NAME.", "datastore")
        return None
    return name.removeprefix("azureml:").rpartition("/datastores/")[2]


def named_file(path_text: str, given: str, located: Located, ctx: Translator) -> str | Invalid:
    """Find the file that a value names; returns INVALID after a problem.

    :param given: what is shown of the value where there is no such file.
    """
    files = located.document.files
    path = files.locate(path_text, located.place.folder)
    if files.kind(path) != "file":
        return ctx.error(located, f"{show(given)}: {missing('file', path, files.left_out(path))}")
    return path


def follow(path_text: str, located: Located, ctx: Translator) -> Document | Invalid:
    """Read another YAML file that a value names; returns INVALID after a problem."""
    path = named_file(path_text.removeprefix("file:"), path_text, located, ctx)
    return path if path is INVALID else read_file(path, located, ctx)


def read_file(path: str, located: Located, ctx: Translator) -> Document | Invalid:
    """Read a YAML file that is there; what is wrong with it as YAML is noted, INVALID returned where nothing is left.

    :param located: a value of the document that names the file.
    """
    try:
        document = located.document.files.read(path)
    except SpecError as error:
        ctx.problems.extend(error.problems)
        return INVALID
    ctx.problems.extend(document.problems)
    return document


def file_text(path_text: str, located: Located, ctx: Translator) -> str | Invalid:
    """Read a text file that a value names, whose content is sent in its place: without a byte order mark, its lines
    ended by ``\n``, as Microsoft's client reads it."""
    path = named_file(path_text, path_text, located, ctx)
    if path is INVALID:
        return INVALID
    try:
        with io.TextIOWrapper(io.BytesIO(located.document.files.content(path)), "utf-8-sig") as lines:
            return lines.read()
    except OSError as error:
        return ctx.error(located, f"{path} cannot be read: {error.strerror or error}.")
    except UnicodeDecodeError:
        return ctx.error(located, f"{path} is not UTF-8 text.")
