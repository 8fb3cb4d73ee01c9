"""What a translated body still lacks: things to upload, to resolve and to register first, as plain values.

Such a body is an ordinary JSON value in which a ``Placeholder`` stands wherever only the service can say what belongs
there. Requirements form a graph (code feeds a component, which feeds the pipeline); ``lifecycle.needs.fulfilment``
meets them, equal ones once.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from airflow_azureml.rest.errors import Problem, SpecError


class Bundle(Protocol):
    """The local files of one upload: listed when the job is translated, read when their hashes are asked for."""

    @property
    def name(self) -> str:
        """The last part of the path: the folder, or the file itself, below which the upload is laid."""
        ...

    @property
    def is_folder(self) -> bool:
        """Whether the source is a folder."""
        ...

    @property
    def files(self) -> tuple[tuple[str, str], ...]:
        """Pairs of absolute local path and name below the source, ``/`` between parts."""
        ...

    @property
    def outside_links(self) -> tuple[str, ...]:
        """Links that bring in files from elsewhere, and where they lead."""
        ...

    @property
    def content_hash(self) -> str:
        """The hash that code is known by (hash version 202208); ValueError when a file cannot be read."""
        ...

    @property
    def object_hash(self) -> str:
        """The hash that names an upload of data; ValueError when a file cannot be read."""
        ...


HIDDEN = "***"
"""What is shown in the place of a secret."""


class Secret(str):
    """The text of a file that the document only names: it is sent, and shown nowhere."""

    __slots__ = ()

    def __repr__(self) -> str:
        """What it stands for in the ``repr`` of a body."""
        return repr(HIDDEN)


@dataclass(frozen=True)
class Upload:
    """A local file or folder that must be in storage: job code, an input's data, or a docker build context.

    :param source: absolute local path.
    :param bundle: its files.
    :param datastore: the datastore to upload to; None takes the workspace's default. Code has a place of its own.
    :param variant: distinguishes uploads of the same source that consist of other files.
    """

    kind: Literal["code", "data", "context"]
    source: str
    bundle: Bundle = field(compare=False, repr=False)
    datastore: str | None = None
    variant: str = ""

    def digest(self) -> str:
        """Read the files, and return the hash that the upload is known by.

        :raises SpecError: a file cannot be read.
        """
        try:
            return self.bundle.content_hash if self.kind == "code" else self.bundle.object_hash
        except ValueError as error:
            raise SpecError([Problem("", f"{error}.")]) from None


@dataclass(frozen=True)
class Resolve:
    """A label of an asset that must become a version, such as ``environments``, ``sklearn``, ``latest``."""

    kind: Literal["environments", "data", "models", "components"]
    name: str
    label: str = "latest"


@dataclass(frozen=True)
class Address:
    """The address in storage at which uploaded code lies, without its port; only its registered version says it."""

    code: Upload


LATEST = "latest"
"""In the place of a version: the newest one there is."""


@dataclass(frozen=True)
class Register:
    """An asset that must exist: an environment, component, model or data that is written out, or code elsewhere;
    ``body`` may hold placeholders.

    :param name: empty for code and anonymous models, which are named by their content.
    :param version: the version to put, or None where it is made from the filled body; ``LATEST`` puts the newest one of
        that name, and the next one where the newest is something else.
    """

    kind: Literal["environments", "components", "codes", "models", "data"]
    name: str
    version: str | None
    body: Mapping[str, Any] = field(hash=False)

    def address(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """Name and version to put it under, given its filled body: equal content, equal address, whatever is empty.

        The forms are those of Microsoft's client: hexadecimal for an environment, a GUID for a component and for code.
        """
        digest = hashlib.sha256(json.dumps(_meant(body), sort_keys=True).encode()).hexdigest()
        guid = str(uuid.UUID(digest[:32]))
        if self.kind == "codes":
            return self.name or guid, self.version or "1"
        if self.kind == "models":
            return self.name or digest, self.version or "1"
        return self.name, self.version or (digest if self.kind == "environments" else guid)


def _meant(value: Any) -> object:
    """Leave out what says nothing: nulls and empty mappings, and mappings in which nothing else is."""
    if isinstance(value, Mapping):
        kept = {key: _meant(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None and item != {}}
    return [_meant(item) for item in value] if isinstance(value, (list, tuple)) else value


Requirement = Upload | Resolve | Register | Address


@dataclass(frozen=True)
class Placeholder:
    """A place in a body that the answer to a need fills.

    :param template: what becomes of the answer, an ARM id or a datastore URI; ``{}`` stands for it.
    """

    requirement: Requirement
    template: str = "{}"

    def filled(self, answer: str) -> str:
        """Put the answer into the template; a name in it may have braces of its own, which come first."""
        before, _, after = self.template.rpartition("{}")
        return f"{before}{answer}{after}"


@dataclass(frozen=True)
class Translation:
    """A job, translated: the request body with placeholders, and what must be known to send it.

    :param name: the name that the document itself carries, or None.
    :param user_token: the request needs ``x-azureml-token`` (pipelines, user identity).
    :param api_version: the only version that models what the body uses, or None for the connection's.
    :param warnings: sentences for the task log.
    :param rejected: what the service is known to refuse in this request, though Microsoft's client sends it.
    """

    body: Mapping[str, Any]
    name: str | None = None
    user_token: bool = False
    api_version: str | None = None
    warnings: tuple[str, ...] = ()
    rejected: tuple[Problem, ...] = ()

    def check_accepted(self) -> None:
        """Refuse what the service would.

        :raises SpecError: it is known not to take the request.
        """
        if self.rejected:
            raise SpecError(self.rejected)


def uploads(value: Any) -> Iterator[Upload]:
    """Go through all uploads that a body needs, those of what it registers included."""
    if isinstance(value, (str, int)):
        return
    if isinstance(value, Placeholder):
        if isinstance(value.requirement, Upload):
            yield value.requirement
        elif isinstance(value.requirement, Register):
            yield from uploads(value.requirement.body)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from uploads(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from uploads(item)
