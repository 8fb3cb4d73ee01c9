"""Finds the calls of our operators in a DAG file's syntax tree; the file is never run."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from airflow_azureml.cli.literals import UNKNOWN, Literals
from airflow_azureml.jobspec.document.messages import nearest
from airflow_azureml.rest.errors import Problem

PACKAGE = "airflow_azureml"
PLACES = ("airflow_azureml.operators", "airflow_azureml.sensors")
"""Where our operators are; their modules below count, too."""
DECORATOR = "azureml_command"
"""The decorator that makes a command job of a function, also as ``@task.azureml_command``."""


@dataclass
class OperatorCall:
    """One place in which an operator of ours is made.

    :param operator: the class.
    :param keywords: each keyword's expression; None for one that comes from a mapping.
    :param values: each keyword's value as far as it is known without a run.
    :param whole: whether these are all keywords: no mapping that is not known was unpacked.
    :param decorates: whether it decorates a function, which gives the task's id and the command.
    """

    operator: type
    node: ast.Call
    keywords: dict[str, ast.expr | None] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    whole: bool = True
    decorates: bool = False

    @property
    def name(self) -> str:
        """The operator's name, or the decorator's."""
        return DECORATOR if self.decorates else self.operator.__name__

    def line(self, *path: str) -> int:
        """The line of a keyword, or of a key in the mapping that is given for it."""
        if not path or path[0] not in self.keywords:
            return self.node.lineno
        node = self.keywords[path[0]]
        line = self.node.lineno if node is None else node.lineno
        for name in path[1:]:
            if not isinstance(node, ast.Dict):
                break
            pairs = zip(node.keys, node.values, strict=True)
            place = next(
                ((key, value) for key, value in pairs if isinstance(key, ast.Constant) and key.value == name), None
            )
            if place is None:
                break
            line, node = place[0].lineno, place[1]
        return line


@dataclass
class DagFile:
    """What is known of one DAG file.

    :param calls: where operators of ours are made.
    :param problems: names of ours that do not exist.
    :param defaults: keys of the ``default_args`` in the file; None where some are not known.
    :param makes_dag: whether a DAG is made here, so that relative paths belong to this file's folder.
    :param reads: where an output of such an operator is read: the operator, the output's name, the line.
    :param searches: whether a DAG looks for files elsewhere, too (``template_searchpath``).
    """

    calls: list[OperatorCall] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    defaults: set[str] | None = field(default_factory=set)
    reads: list[tuple[OperatorCall, str, int]] = field(default_factory=list)
    makes_dag: bool = False
    searches: bool = False


def read(text: str, path: str) -> DagFile:
    """Read a DAG file.

    :raises SyntaxError: it is no Python, as ``ast.parse`` says; also ValueError, RecursionError, MemoryError.
    """
    tree = ast.parse(text)
    dag_file, literals = DagFile(), Literals(tree)
    names = _Names(tree, path, dag_file.problems)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            _note(node, dag_file, literals)
            dag_file.calls.extend(_calls(node, names, literals))
        elif isinstance(node, ast.Name) and node.id == "dag" and isinstance(node.ctx, ast.Load):
            dag_file.makes_dag = dag_file.makes_dag or _imports(tree, "dag")
    dag_file.reads = list(_reads(tree, dag_file.calls, literals))
    return dag_file


def _reads(tree: ast.Module, calls: list[OperatorCall], literals: Literals) -> Iterator[tuple[OperatorCall, str, int]]:
    """Go through ``task.output["name"]`` of tasks that a name stands for which is bound once."""
    made = {id(call.node): call for call in calls}
    tasks = {
        target.id: made[id(node.value)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and id(node.value) in made
        for target in node.targets
        if isinstance(target, ast.Name) and literals.bound[target.id] == 1
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            owner, name = node.value, node.slice.value
            if isinstance(owner, ast.Attribute) and owner.attr == "output" and isinstance(name, str):
                task = owner.value.id if isinstance(owner.value, ast.Name) else ""
                if task in tasks:
                    yield tasks[task], name, node.lineno


def _imports(tree: ast.Module, name: str) -> bool:
    return any(
        (alias.asname or alias.name) == name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("airflow")
        for alias in node.names
    )


def _note(node: ast.Call, dag_file: DagFile, literals: Literals) -> None:
    """Note what a call says of the DAG around our operators."""
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    dag_file.makes_dag = dag_file.makes_dag or name in ("DAG", "dag")
    for keyword in node.keywords:
        if keyword.arg == "template_searchpath":
            dag_file.searches = True
        elif keyword.arg == "default_args" and dag_file.defaults is not None:
            value = literals.value(keyword.value)
            dag_file.defaults = dag_file.defaults | set(value) if isinstance(value, dict) else None


class _Names:
    """The names by which a file knows our modules and operators."""

    def __init__(self, tree: ast.Module, path: str, problems: list[Problem]) -> None:
        self.known: dict[str, Any] = {}
        self.path, self.problems = path, problems
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._module(alias)
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and _is_ours(node.module or ""):
                for alias in node.names:
                    self._member(node.module or "", alias, node.lineno)
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and (member := self.find(node.value)) is not None:
                self.known.update((target.id, member) for target in node.targets if isinstance(target, ast.Name))

    def find(self, node: ast.AST) -> Any:
        """The module or operator that an expression names; None for anything else."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.find(node.value)
            return _member_of(owner, node.attr) if inspect.ismodule(owner) else None
        return None

    def _module(self, alias: ast.alias) -> None:
        if _is_ours(alias.name) and (module := _import(alias.name)) is not None:
            self.known[alias.asname or PACKAGE] = module if alias.asname else _import(PACKAGE)

    def _member(self, module: str, alias: ast.alias, line: int) -> None:
        owner = _import(module)
        if owner is None:
            return
        if alias.name == "*":
            self.known.update({name: getattr(owner, name) for name in getattr(owner, "__all__", ())})
            return
        member = _member_of(owner, alias.name)
        if member is None and module in PLACES:
            hint = nearest(alias.name, owner.__all__)
            self.problems.append(Problem(alias.name, f"{module} has no such name.{hint}", self.path, line))
        self.known[alias.asname or alias.name] = member


def _is_ours(module: str) -> bool:
    return module == PACKAGE or module.startswith(f"{PACKAGE}.")


def _import(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        return None


def _member_of(owner: Any, name: str) -> Any:
    found = getattr(owner, name, None)
    return _import(f"{owner.__name__}.{name}") if found is None else found


def _is_operator(member: Any) -> bool:
    return inspect.isclass(member) and member.__module__.startswith(PLACES)


def _is_decorator(function: ast.expr, member: Any) -> bool:
    """Whether an expression is our decorator: imported from us, or an attribute of Airflow's ``task``."""
    named = isinstance(function, ast.Attribute) and function.attr == DECORATOR
    return named or (getattr(member, "__module__", "").startswith(f"{PACKAGE}.decorators") and callable(member))


def _calls(node: ast.Call, names: _Names, literals: Literals) -> Iterator[OperatorCall]:
    """The operator that a call makes: by its class, or by the end of ``partial(...).expand(...)``."""
    operator = names.find(node.func)
    if _is_operator(operator):
        yield _gathered(operator, node, literals)
    elif _is_decorator(node.func, operator):
        call = _gathered(_import(PLACES[0]).AzureMLCommandJobOperator, node, literals)
        call.decorates = True
        yield call
    elif isinstance(node.func, ast.Attribute) and node.func.attr in ("expand", "expand_kwargs"):
        inner = node.func.value
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and inner.func.attr == "partial":
            operator = names.find(inner.func.value)
            if _is_operator(operator):
                call = _gathered(operator, inner, literals)
                mapped = _gathered(operator, node, literals)
                call.keywords |= mapped.keywords
                call.values |= dict.fromkeys(mapped.keywords, UNKNOWN)
                call.whole = call.whole and mapped.whole and node.func.attr == "expand"
                yield call


def _gathered(operator: type, node: ast.Call, literals: Literals) -> OperatorCall:
    call = OperatorCall(operator, node)
    for keyword in node.keywords:
        value = literals.value(keyword.value)
        if keyword.arg is not None:
            call.keywords[keyword.arg], call.values[keyword.arg] = keyword.value, value
        elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
            call.keywords |= dict.fromkeys(value)
            call.values |= value
        else:
            call.whole = False
    return call
