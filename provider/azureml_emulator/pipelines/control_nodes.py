"""Control nodes: what ``do_while``, ``if_else`` and ``parallel_for`` say, and whether it fits the nodes that they name.
No HTTP, no files.

Source: azure-ai-ml 1.35.2 ``entities/_builders`` (``do_while.py``, ``condition_node.py``, ``parallel_for.py``) and what
it sends of ``dsl._do_while``, ``dsl._condition`` and ``dsl._parallel_for``. They are a private preview of Microsoft's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from azureml_emulator.pipelines.components import NodeError, Port, ports
from azureml_emulator.pipelines.graph import Row, Scope, bound, listing
from azureml_emulator.pipelines.plans import UNKNOWN, Plan, refusals

PORT = re.compile(r"\$\{\{\s*parent\.jobs\.[^.{}]+\.(?:inputs|outputs)\.([^{}]+?)\s*\}\}")
MOST_ROUNDS = 1000
"""Source: azure-ai-ml 1.35.2 ``DO_WHILE_MAX_ITERATION``."""


def planned(plan: Plan) -> Iterator[tuple[str, Mapping[str, Row]]]:
    """The nodes that become jobs, each with what is given to it; the body of a loop once for each round that is known.

    :raises ServiceError: 400 for a control node that does not fit the nodes that it names.
    """
    for name, node in plan.graph.nodes.items():
        with refusals(f"jobs.{name}"):
            if node["type"] == "if_else":
                condition_holds(plan, name, plan.scope(plan.declared))
            elif node["type"] == "do_while":
                body = plan.body(name)
                check_do_while(plan, name)
                yield body, {}
                yield body, next_inputs(plan, name, plan.scope(plan.declared))
            elif node["type"] == "parallel_for":
                rounds = all_rounds(plan, name, plan.scope(plan.declared)) or {}
                yield from ((plan.body(name), given) for given in rounds.values())
            elif name not in plan.graph.bodies:
                yield name, {}


# if_else -----------------------------------------------------------------------------------------


def condition_holds(plan: Plan, name: str, scope: Scope) -> bool:
    """Whether the condition of an ``if_else`` is met: true, or bound to a value that is.

    :raises NodeError: the condition is neither true nor false nor bound to a value.
    :raises BindingError: it is bound to what is not there.
    """
    value = plan.graph.nodes[name]["condition"]
    if isinstance(value, bool):
        return value
    if not bound(value):
        message = f"{value!r} is not accepted. Accepted: true, false, ${{{{parent.jobs.<node>.outputs.<output>}}}}."
        raise NodeError(f"jobs.{name}.condition", message)
    row = scope.input(value)
    if row is None or "value" not in row:
        message = f"{value} is data; an output or an input that is a value is needed here."
        raise NodeError(f"jobs.{name}.condition", message, "InputTypeMismatch")
    return is_true(str(row["value"]))


def is_true(text: str) -> bool:
    """Whether a value is true: ``True`` in any case. That the service takes nothing else for true is an assumption."""
    return text.strip().lower() == "true"


# do_while ----------------------------------------------------------------------------------------


def port_name(text: Any) -> str:
    """The name of an input or output of a body, which may be written as a binding."""
    found = PORT.fullmatch(str(text).strip())
    return found[1] if found else str(text)


def mapping(plan: Plan, name: str) -> dict[str, str]:
    """The inputs of a ``do_while``'s body that the round before gives, each with the output that it takes."""
    rows = plan.graph.nodes[name]["mapping"].items()
    targets = ((port_name(output), value if isinstance(value, list) else [value]) for output, value in rows)
    return {port_name(target): output for output, inputs in targets for target in inputs}


def condition_output(plan: Plan, name: str) -> str | None:
    """The output of a ``do_while``'s body that says whether there is another round; None: there always is."""
    value = plan.graph.nodes[name].get("condition")
    return None if value is None or value is True or str(value).lower() == "true" else port_name(value)


def most_rounds(plan: Plan, name: str) -> int:
    """How many rounds a ``do_while`` has at most."""
    return int(plan.graph.nodes[name]["limits"]["max_iteration_count"])


def check_do_while(plan: Plan, name: str) -> None:
    """The loop fits its body.

    :raises NodeError: it names an input or output that the body lacks, or that is of another kind.
    """
    spec, field = plan.specs[plan.body(name)], f"jobs.{name}"
    inputs, outputs = ports(spec, "inputs"), ports(spec, "outputs")
    if not 0 < most_rounds(plan, name) <= MOST_ROUNDS:
        message = f"{most_rounds(plan, name)} is not accepted. Accepted: 1 to {MOST_ROUNDS}."
        raise NodeError(f"{field}.limits.max_iteration_count", message)
    condition = condition_output(plan, name)
    if condition is not None and not known(outputs, condition, f"{field}.condition", "output").is_literal:
        raise NodeError(f"{field}.condition", f"The output {condition!r} is data, not a value.", "InputTypeMismatch")
    for target, output in mapping(plan, name).items():
        known(inputs, target, f"{field}.mapping", "input")
        known(outputs, output, f"{field}.mapping", "output")


def known(side: Mapping[str, Port], name: str, field: str, what: str) -> Port:
    """An input or output that a body declares.

    :raises NodeError: it declares none of this name.
    """
    if name not in side:
        message = f"The body has no {what} {name!r}; its {what}s: {listing(side)}."
        raise NodeError(field, message, f"{what.capitalize()}NotFound")
    return side[name]


def next_inputs(plan: Plan, name: str, scope: Scope) -> dict[str, Row]:
    """What the next round of a ``do_while`` is given, as inputs of a node."""
    body = plan.body(name)
    return {target: node_row(scope.upstream(body, output)) for target, output in mapping(plan, name).items()}


# parallel_for ------------------------------------------------------------------------------------


def all_rounds(plan: Plan, name: str, scope: Scope) -> dict[str, dict[str, Row]] | None:
    """What each round of a ``parallel_for`` is given, as inputs of a node, by its number or key; None: it depends on
    what a node is still to write.

    :raises NodeError: the items are no objects of inputs of the body.
    """
    field, text = f"jobs.{name}.items", str(plan.graph.nodes[name]["items"])
    if bound(text):
        row = scope.input(text) or {}
        if "value" not in row:
            raise NodeError(field, f"{text} is data; a value is needed here.", "InputTypeMismatch")
        text = str(row["value"])
        if text == UNKNOWN:
            return None
    try:
        items = json.loads(text)
    except ValueError:
        raise NodeError(field, f"{text!r} is not JSON.") from None
    if isinstance(items, list):
        items = {str(number): item for number, item in enumerate(items)}
    if not isinstance(items, dict) or not items or not all(isinstance(item, dict) for item in items.values()):
        raise NodeError(field, f"{text} is not accepted. Accepted: a list, or an object, of objects with inputs.")
    inputs = ports(plan.specs[plan.body(name)], "inputs")
    for item in items.values():
        for key in item:
            known(inputs, key, field, "input")
    return {key: {target: item_row(value, scope) for target, value in item.items()} for key, item in items.items()}


def item_row(value: Any, scope: Scope) -> Row:
    """An input of a round as one of a node: data at an address, a value, or what it is bound to."""
    if isinstance(value, dict):
        return dict(value)
    if bound(value):
        return node_row(scope.input(value) or {})
    return {"job_input_type": "literal", "value": str(value)}


def node_row(row: Row) -> Row:
    """An input of a job as one of a node."""
    words = {"jobInputType": "job_input_type"}
    return {words.get(key, key): value for key, value in row.items()}
