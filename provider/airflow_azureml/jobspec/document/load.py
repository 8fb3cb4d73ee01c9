"""The one place where job files are read: a path, YAML text, a mapping or an ``azure-ai-ml`` object becomes a Document.

yaml is imported inside of functions (and in ``yamltext``): parsing a DAG does not load it, unless the DAG file has a
pipeline's file read. So is what lists folders, which no parse needs.
"""

from __future__ import annotations

import os
import pathlib
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from airflow_azureml.jobspec.document.document import Document, Path, SourceLocation
from airflow_azureml.jobspec.document.messages import show
from airflow_azureml.jobspec.document.plain_values import job_values
from airflow_azureml.jobspec.document.sdk_objects import BASE, as_mapping, is_object
from airflow_azureml.jobspec.document.yaml_survey import DEPTH, DIGITS, LIMIT
from airflow_azureml.jobspec.document.yamltext import parse
from airflow_azureml.local.file_names import is_file_name
from airflow_azureml.local.plain_files import check_plain
from airflow_azureml.rest.errors import Problem, SpecError

if TYPE_CHECKING:
    from airflow_azureml.jobspec.document.requirements import Bundle
    from airflow_azureml.local.checkouts import Checkout

JobSource = "str | os.PathLike[str] | Mapping[str, Any] | Document | Any"
"""A path, YAML text, a mapping, a Document, or an object with ``_to_dict``."""


class LocalFiles:
    """The disk of this machine, as a document and those that it names ask about it.

    :param checkout: what is known otherwise of a part of it; None for nothing.
    """

    def __init__(self, checkout: Checkout | None = None) -> None:
        self._checkout = checkout
        self._located: dict[tuple[str, str], str] = {}

    def locate(self, path: str, folder: str) -> str:
        """Make a path absolute, with links resolved, each once."""
        if os.path.isabs(path):
            return path
        found = self._located.get((path, folder))
        if found is None:
            found = os.path.join(folder, path)
            with suppress(ValueError, OSError):  # a NUL in the path, or a name too long to look for
                found = os.path.realpath(found)
            self._located[(path, folder)] = found
        return found

    def kind(self, path: str) -> Literal["file", "folder"] | None:
        """Look what is at an absolute path."""
        try:
            mode = os.stat(path).st_mode
        except (ValueError, OSError):  # a NUL in the path, or nothing there
            return None
        return "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else None

    def read(self, path: str) -> Document:
        """Read a YAML file into a document whose relative paths belong to its folder."""
        return replace(load(pathlib.PurePath(path), file=path), files=self)

    def content(self, path: str) -> bytes:
        """Read a file."""
        check_plain(path)
        with open(path, "rb") as file:
            return file.read()

    def bundle(self, path: str, component: bool = False) -> Bundle:
        """List what an upload of this path consists of."""
        from airflow_azureml.local import folders

        return folders.scan(path, component)

    def merged(self, code: str | None, includes: Sequence[str], folder: str) -> Bundle:
        """List what the code of a component and its additional includes consist of together."""
        from airflow_azureml.local import additional_includes

        return additional_includes.merge(code, includes, folder)

    def parse(self, text: str) -> tuple[Any, Mapping[Path, SourceLocation]]:
        """Read a text as YAML; ValueError when it is none."""
        try:
            value, places, problems = parse(text, SourceLocation(""))
        except SpecError as error:
            problems = error.problems
        if problems:
            raise ValueError(" ".join(problem.message for problem in problems))
        return value, places

    def dump(self, value: Any) -> str:
        """Write a value as YAML with sorted keys. Source: azure-ai-ml 1.35.2, ``Environment`` on conda files."""
        import yaml

        text: str = yaml.safe_dump(value, sort_keys=True)
        return text

    def git(self, path: str | None) -> Mapping[str, str]:
        """Name the commit that a path belongs to."""
        from airflow_azureml.local import git

        checkout = self._checkout
        here = checkout is not None and (path is None or checkout.holds(path))
        return git.properties(path, told=checkout.told if checkout is not None and here else None)

    def left_out(self, path: str) -> str:
        """Say why something of a path may be missing."""
        return "" if self._checkout is None else self._checkout.left_out(path)


def load(
    source: Any,
    *,
    folder: str | None = None,
    file: str | None = None,
    from_python: bool = False,
    checkout: Checkout | None = None,
    field: str = "",
) -> Document:
    """Read a job from whatever form it comes in.

    :param source: a ``str`` that ends in ``.yml`` or ``.yaml`` and has no line break is a path, another ``str`` is YAML
        text, ``PathLike`` is a path; a mapping is the job itself; an ``azure-ai-ml`` object is read by ``_to_dict``.
    :param folder: what relative paths belong to (of the source itself, and in text, mappings and merged keywords);
        the working directory by default.
    :param file: where ``source``, a text, was read from; with a path as source, the same as that path.
    :param from_python: a mapping made of an operator's keywords, see ``Document``.
    :param checkout: what is known otherwise of the commit that local files are of; None for nothing.
    :param field: the argument that holds the source: what is said of the source as a whole names it.
    :return: the document; duplicate keys are among its ``problems``, to be reported with what else is wrong.
    :raises SpecError: for a missing file, text that is no YAML, or a top that is no mapping.
    """
    if isinstance(source, Document):
        return source
    try:
        return _read(source, folder, file, from_python, checkout)
    except SpecError as error:
        named = [replace(one, path=field) if not one.path and not one.file else one for one in error.problems]
        raise SpecError(named) from None


def _read(source: Any, folder: str | None, file: str | None, from_python: bool, checkout: Checkout | None) -> Document:
    base = os.path.abspath(folder or os.getcwd())
    problems: tuple[Problem, ...] = ()
    if is_file_name(source):
        path = os.path.join(base, os.fspath(source))
        return load(read_text(path), folder=folder or os.path.dirname(path), file=path, checkout=checkout)
    if isinstance(source, str):
        place = SourceLocation(os.path.dirname(os.path.abspath(file)) if file else base, file)
        value, places, problems = parse(source, place)
    elif is_object(source):  # some of these are mappings too, of their attributes
        return load(as_mapping(source), folder=folder, checkout=checkout)
    elif isinstance(source, Mapping) and BASE in source:
        from_python, value = True, {key: item for key, item in source.items() if key != BASE}
        places = {(): SourceLocation(os.path.abspath(str(source[BASE] or base)))}
    elif isinstance(source, Mapping):
        value, places = dict(source), {(): SourceLocation(base, by_keyword=True)} if from_python else {}
    else:
        accepted = "a path, YAML text, a mapping, an azure-ai-ml object"
        raise SpecError([Problem("", f"{show(source)} is not accepted. Accepted: {accepted}.")])
    if not isinstance(value, Mapping):
        raise SpecError([Problem("", f"this is not a mapping but {_kind(value)}.", file, 1 if file else None)])
    if not isinstance(source, str):  # what was YAML has been measured
        _check(value, [0])
        value = job_values(value)
    return Document(value, base, LocalFiles(checkout), places, from_python, problems)


def read_text(path: str) -> str:
    """Read a file as UTF-8.

    :raises SpecError: it cannot be read.
    """
    try:
        check_plain(path)
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text: {error.reason} at byte {error.start}."
    except (OSError, ValueError) as error:
        message = f"cannot be read: {getattr(error, 'strerror', None) or error}."
    raise SpecError([Problem("", f"the file {path} {message}", path)])


def _check(value: Any, count: list[int], around: tuple[int, ...] = ()) -> None:
    """Refuse a mapping made by program that contains itself, or has no end."""
    count[0] += 1
    if count[0] > LIMIT or id(value) in around or len(around) > DEPTH:
        reason = (
            "contains itself"
            if id(value) in around
            else f"has more than {LIMIT} values or is nested more than {DEPTH} deep"
        )
        raise SpecError([Problem("", f"this mapping {reason}.")])
    if isinstance(value, int) and value.bit_length() > 4 * DIGITS:
        raise SpecError([Problem("", f"this mapping has a number of more than {DIGITS} digits.")])
    if isinstance(value, (Mapping, list, tuple)):
        for item in value.values() if isinstance(value, Mapping) else value:
            _check(item, count, (*around, id(value)))


def _kind(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, str):
        return f"text: {show(value)}"
    return f"a number: {show(value)}" if type(value) in (int, float) else show(value)
