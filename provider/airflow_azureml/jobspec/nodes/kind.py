"""What a kind of job is: one row, which jobs, nodes, components and the recognition of files are derived from.

The rows themselves stand in ``kinds``, one in each folder. Whoever reads something that contains other kinds, as a
pipeline does, finds their rows in its ``JobTranslator``, so that no kind imports another one for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from airflow_azureml.jobspec.document.document import Document, Located
from airflow_azureml.jobspec.nodes.component import Component
from airflow_azureml.jobspec.table.translator import Invalid, Translator
from airflow_azureml.rest.errors import Problem

LOOP = "parallel_for"
LOOP_BODY = re.compile(r"\$\{\{\s*parent\.jobs\.([^.{}\s]+)\s*\}\}")
"""How a loop names its body."""


@dataclass(frozen=True)
class Source:
    """What a binding leads to: its type, and the mode that goes with it."""

    type: str
    mode: str | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Source:
        """Take type and mode of data as they are written; whoever reads the data says what is wrong with them."""
        mode = data.get("mode")
        return cls(str(data.get("type") or "uri_folder").lower(), str(mode).lower() if mode else None)

    def declared(self) -> dict[str, str]:
        """What a component declares that takes or gives it."""
        return {"type": self.type, **({"mode": self.mode} if self.mode else {})}


@dataclass
class Scope:
    """The pipeline around a node: what it is given, what it gives, and its nodes.

    :param kinds: the kinds of nodes, by their words.
    :param inputs: type and mode of each input.
    :param outputs: type and mode of each output.
    :param jobs: where the nodes are written.
    :param components: their components, as far as they have some.
    :param edges: which nodes each node takes something from.
    :param makers: which nodes give each output of the pipeline; ``takers`` read it, and so wait for these.
    """

    kinds: Kinds
    inputs: Mapping[str, Source]
    outputs: Mapping[str, Source]
    jobs: Located | None = None
    components: dict[str, Component] = field(default_factory=dict)
    edges: dict[str, list[tuple[str, Located]]] = field(default_factory=dict)
    makers: dict[str, list[tuple[str, Located]]] = field(default_factory=dict)
    takers: dict[str, list[tuple[str, Located]]] = field(default_factory=dict)

    @cached_property
    def names(self) -> list[str]:
        """The names of the nodes; none where they are no mapping."""
        nodes = self.jobs.value if self.jobs is not None else None
        return [str(name) for name in nodes] if isinstance(nodes, Mapping) else []

    @cached_property
    def loops(self) -> dict[str, str]:
        """The bodies of all loops whose rounds run side by side, by the loop's name."""
        nodes = self.jobs.value if self.jobs is not None and self.names else {}
        sides = ((str(name), node) for name, node in nodes.items() if isinstance(node, Mapping))
        found = ((name, LOOP_BODY.fullmatch(str(node.get("body")))) for name, node in sides if node.get("type") == LOOP)
        return {name: body[1] for name, body in found if body is not None}

    def kind_of(self, node: Mapping[str, Any]) -> Kind | None:
        """The kind that a node says it is of, spelt exactly; None where it says none."""
        word = node.get("type")
        return self.kinds.get(word) if isinstance(word, str) else None


@dataclass(frozen=True)
class ComponentFile:
    """The file of a component, read once.

    :param document: None where it could not be read.
    :param problems: what is wrong with it as YAML.
    """

    document: Document | None
    problems: tuple[Problem, ...] = ()


@dataclass(kw_only=True)
class JobTranslator(Translator):
    """The translation of a job or component, which may contain jobs of other kinds.

    :param kinds: all kinds, by their words.
    :param component_files: the files of components, by path.
    :param components: what was made of them, by path and kind; None while one is read.
    :param previews: whether private previews of Microsoft's are taken.
    """

    kinds: Kinds
    component_files: dict[str, ComponentFile] = field(default_factory=dict)
    components: dict[tuple[str, str], Component | Invalid | None] = field(default_factory=dict)
    previews: bool = False


def never(value: Mapping[str, Any]) -> bool:
    """Say no, whatever a node has."""
    return False


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of job.

    :param word: its ``type``.
    :param job: translates a job of its own; None for a kind of which there are only nodes.
    :param job_keys: keys by which such a job is recognised if it does not say its type.
    :param node: translates a node of a pipeline; None for a kind of which there are only jobs of their own.
    :param component: reads a component of this kind; None where there are none.
    :param component_files: what else a component of this kind may be written as than with its ``type``: what a message
        calls such a file, and what tells one.
    :param component_inline: a component may be written out in the place where a node names it.
    :param component_key: the key of a node that names its component.
    :param runs: the kind of that component, where it is another one.
    :param inline: a node may do without a component.
    :param is_node: recognises by its keys a node that says neither its type nor a component.
    :param says_type: a node must say its type, even where its component does.
    :param component_says_type: so must a component, even where its node does.
    :param runs_without_compute: whether a node needs no compute.
    :param keeps_empty: empty values in a node are sent.
    :param output_type: the type of all outputs of a node; None where each is declared.
    :param is_preview: whether it is a private preview of Microsoft's.
    """

    word: str
    job: Callable[[Located, JobTranslator], dict[str, Any]] | None = None
    job_keys: frozenset[str] = frozenset()
    node: Callable[[Located, JobTranslator, Scope, str], dict[str, Any]] | None = None
    component: Callable[[Located, JobTranslator], Component | Invalid] | None = None
    component_files: Mapping[str, Callable[[Located], bool]] = field(default_factory=dict)
    component_inline: bool = True
    component_key: str = "component"
    runs: str | None = None
    inline: bool = False
    is_node: Callable[[Mapping[str, Any]], bool] = never
    says_type: bool = False
    component_says_type: bool = False
    runs_without_compute: Callable[[Mapping[str, Any]], bool] = never
    keeps_empty: bool = False
    output_type: str | None = None
    is_preview: bool = False


Kinds = Mapping[str, Kind]
"""All kinds, by their words; where several fit, the first decides."""
