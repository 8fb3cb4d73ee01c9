"""Components: what a registered component declares, and whether inputs fit it. No HTTP, no files.

Specs are the text of component YAML files: snake case, references that begin with ``azureml:``, scalars that the
service may have turned into text. Source: azure-ai-ml 1.35.2 and recorded answers to Component Versions - Create.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azureml_emulator.assets.references import Resolver, UnresolvedError
from azureml_emulator.core.errors import ServiceError, invalid_field, not_emulated
from azureml_emulator.core.settings import REGISTRY
from azureml_emulator.pipelines.graph import Row, listing

Spec = Mapping[str, Any]

LITERALS = {
    "string": re.compile(r".*", re.DOTALL),
    "integer": re.compile(r"\s*[+-]?\d+\s*"),
    "number": re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*|[+-]?(inf|nan)", re.I),
    "boolean": re.compile(r"true|false", re.I),
}
"""The types of inputs that are values, each with what its text looks like."""

SPELLINGS = {"path": "uri_folder"}
"""Old names of types that component files still use. Source: azure-ai-ml 1.35.2 takes ``path`` for a folder."""

MODES = {
    "ro_mount": "ReadOnlyMount",
    "rw_mount": "ReadWriteMount",
    "download": "Download",
    "upload": "Upload",
    "direct": "Direct",
    "mount": "ReadOnlyMount",
    "eval_mount": "EvalMount",
    "eval_download": "EvalDownload",
}


OF_A_REGISTRY = re.compile(r"azureml://registries/(?P<registry>[^/]+)/components/[^/]+", re.I)
"""An address without a version, which azure-ai-ml 1.35.2 sends as it stands in the file."""


class NodeError(Exception):
    """A node does not fit its component; the text names the field and what is wrong."""

    def __init__(self, field: str, message: str, code: str = "InvalidValue") -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.code = code

    def refusal(self) -> ServiceError:
        """The service's 400; its text is ours."""
        return invalid_field(self.field, self.message, self.code)


@dataclass(frozen=True)
class Port:
    """One input or output that a component declares."""

    type: str
    optional: bool = False
    default: str | None = None
    mode: str | None = None

    @property
    def is_literal(self) -> bool:
        """Whether it is a value rather than data."""
        return self.type in LITERALS


def ports(spec: Spec, side: str) -> dict[str, Port]:
    """The declared ``inputs`` or ``outputs`` of a component."""
    return {name: port(row) for name, row in (spec.get(side) or {}).items()}


def port(row: Any) -> Port:
    """One declaration; a bare word is its type.

    ``enum``, ``min`` and ``max`` are not enforced: an example of Microsoft's (image_classification_with_densenet) gives
    a value that is not among those of its component.
    """
    declaration = row if isinstance(row, Mapping) else {"type": row}
    type_name = str(declaration.get("type") or "uri_folder")
    default, mode = declaration.get("default"), declaration.get("mode")
    return Port(
        SPELLINGS.get(type_name, type_name),
        str(declaration.get("optional", False)).lower() == "true",
        None if default is None else str(default),
        MODES.get(str(mode).lower(), str(mode)) if mode else None,
    )


def find_spec(resolver: Resolver, field: str, text: str) -> Spec:
    """The spec of a registered component.

    :raises NodeError: there is none of this id.
    :raises ServiceError: 501 for one of a registry, which the service may well have.
    """
    try:
        reference = resolver.reference(text, "components")
        unversioned = OF_A_REGISTRY.fullmatch(text)
        registry = unversioned["registry"] if unversioned else reference and reference.registry
        if registry and registry.lower() != REGISTRY:
            raise not_emulated(
                f"{field}: {text!r} lies in the registry {registry!r}; only components of the workspace and "
                f"of the registry {REGISTRY!r} are emulated"
            )
        if reference is None or reference.kind != "components":
            raise NodeError(field, f"{text!r} is not the id of a component.", "ComponentNotFound")
        return dict(resolver.version(reference).properties["componentSpec"])
    except UnresolvedError as error:
        raise NodeError(field, str(error), "ComponentNotFound") from None


def check_inputs(declared: Mapping[str, Port], job_rows: Mapping[str, Row | None], field: str) -> dict[str, Row]:
    """The inputs of a component's job: defaults filled in, values checked against what the component declares.

    :param job_rows: rows of the jobs API; None for an input that has no value after all.
    :param field: what the inputs are called in messages.
    :raises NodeError: an input that the component does not declare, needs, or cannot take.
    """
    unknown = sorted(set(job_rows) - set(declared))
    if unknown:
        message = f"The component has no input {unknown[0]!r}; its inputs: {listing(declared)}."
        raise NodeError(f"{field}.{unknown[0]}", message, "InputNotFound")
    rows = {}
    for name, port in declared.items():
        row = job_rows.get(name)
        if row is None and port.default is not None:
            row = {"jobInputType": "literal", "value": port.default}
        if row is not None:
            rows[name] = fitting(row, port, f"{field}.{name}")
        elif not port.optional:
            raise NodeError(f"{field}.{name}", "The component needs this input.", "RequiredInputMissing")
    return rows


def fitting(row: Row, port: Port, where: str) -> Row:
    """An input's row of the declared type; a file stays one where a folder is declared.

    Source: public examples that Microsoft runs (4b_datastore_datapath_uri, 4c_web_url_input) declare a folder, are
    given a ``uri_file``, and open it as a file.

    :raises NodeError: data where a value is declared, a value where data is, or a value of another type.
    """
    literal = row["jobInputType"] == "literal"
    if literal is not port.is_literal:
        found = f"the literal {row['value']!r}" if literal else f"data ({row['jobInputType']})"
        raise NodeError(where, f"The component declares {port.type} here, not {found}.", "InputTypeMismatch")
    if not literal:
        kept = (row["jobInputType"], port.type) == ("uri_file", "uri_folder")
        return {**row, "jobInputType": "uri_file" if kept else port.type}
    if not LITERALS[port.type].fullmatch(str(row["value"])):
        raise NodeError(where, f"{row['value']!r} is not of the type {port.type}.", "InputTypeMismatch")
    return row
