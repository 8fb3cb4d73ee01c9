"""Values of a DAG file that are known without running it: literals, and names that are assigned one."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping
from typing import Any


class _Unknown:
    """A value that only a run of the file would show."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Any = _Unknown()


class Literals:
    """The names of one file that stand for a literal: those at its top that are bound once and never changed.

    ``bound`` counts how often each name is bound or changed, anywhere in the file.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.bound = bound = Counter(name for node in ast.walk(tree) if (name := _bound(node)))
        self.names: dict[str, ast.expr] = {}
        for statement in tree.body:
            for name, value in _assigned(statement):
                if bound[name] == 1:
                    self.names[name] = value

    def value(self, node: ast.expr | None, seen: frozenset[str] = frozenset()) -> Any:
        """The value of an expression; what is not known of it, a part of a mapping or list too, is ``UNKNOWN``.

        Texts with templates in them are not known: Airflow renders them.
        """
        if isinstance(node, ast.Constant):
            return UNKNOWN if isinstance(node.value, str) and is_template(node.value) else node.value
        if isinstance(node, ast.Name) and node.id in self.names and node.id not in seen:
            return self.value(self.names[node.id], seen | {node.id})
        if isinstance(node, (ast.List, ast.Tuple)):
            items = [self.value(item, seen) for item in node.elts]
            return UNKNOWN if any(isinstance(item, ast.Starred) for item in node.elts) else items
        if isinstance(node, ast.Dict):
            return self._mapping(node, seen)
        if isinstance(node, ast.BinOp):
            return self._operation(node, seen)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            number = self.value(node.operand, seen)
            return -number if isinstance(number, (int, float)) else UNKNOWN
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "dict" and not node.args:
            return self._keywords(node, seen)
        return UNKNOWN

    def _mapping(self, node: ast.Dict, seen: frozenset[str]) -> Any:
        mapping: dict[Any, Any] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.value(item, seen)
            if key is None:
                if not isinstance(value, Mapping):
                    return UNKNOWN
                mapping.update(value)
                continue
            name = self.value(key, seen)
            if name is UNKNOWN or isinstance(name, (list, dict)):
                return UNKNOWN
            mapping[name] = value
        return mapping

    def _keywords(self, node: ast.Call, seen: frozenset[str]) -> Any:
        mapping: dict[Any, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, seen)
            if keyword.arg is not None:
                mapping[keyword.arg] = value
            elif isinstance(value, Mapping):
                mapping.update(value)
            else:
                return UNKNOWN
        return mapping

    def _operation(self, node: ast.BinOp, seen: frozenset[str]) -> Any:
        left, right = self.value(node.left, seen), self.value(node.right, seen)
        if isinstance(node.op, ast.Add) and isinstance(left, str) and isinstance(right, str):
            return left + right
        if isinstance(node.op, ast.BitOr) and isinstance(left, Mapping) and isinstance(right, Mapping):
            return {**left, **right}
        return UNKNOWN


def is_template(text: str) -> bool:
    """Whether a string is one that Airflow renders; ``${{...}}`` is Azure ML's own."""
    return "{%" in text or "{{" in text.replace("${{", "")


def is_known(value: Any) -> bool:
    """Whether nothing of a value is unknown."""
    if isinstance(value, Mapping):
        return all(is_known(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return all(is_known(item) for item in value)
    return value is not UNKNOWN


CHANGING = {
    "update",
    "setdefault",
    "pop",
    "popitem",
    "clear",
    "append",
    "extend",
    "insert",
    "remove",
    "sort",
    "reverse",
}


def _bound(node: ast.AST) -> str | None:
    """The name that a part of a file binds, or whose value it changes."""
    if isinstance(node, ast.arg):
        return node.arg
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return node.id
    if isinstance(node, (ast.Subscript, ast.Attribute)) and isinstance(node.value, ast.Name):
        changes = not isinstance(node.ctx, ast.Load) or (isinstance(node, ast.Attribute) and node.attr in CHANGING)
        return node.value.id if changes else None
    return None


def _assigned(statement: ast.stmt) -> list[tuple[str, ast.expr]]:
    if isinstance(statement, ast.Assign):
        return [(target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name)]
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value is not None:
        return [(statement.target.id, statement.value)]
    return []
