"""Which templates can be rendered in the triggerer, where Airflow 3.3 answers less than on a worker.

Its supervisor does not know some requests of a task (``jobs/triggerer_job_runner.py``, ``_handle_request``): a template
that pulls an XCom hangs there for ever. Other values are wrong without an error, such as ``ti.max_tries`` and
``triggering_asset_events``. So a template is taken only if it asks for nothing but what is known to be right.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MOMENTS = ("ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz")
RUN = ("dag_id", "run_id", "logical_date", "run_after", "start_date", "conf", "run_type")
INTERVAL = ("data_interval_start", "data_interval_end")
TASK_INSTANCE = ("dag_id", "task_id", "run_id", "map_index", "try_number")

WHOLE = frozenset((*MOMENTS, *INTERVAL, "logical_date", "run_id", "params", "var", "conn", "macros"))
"""Names whose values are right in the triggerer, with all that they have."""

PARTS = {
    "dag": frozenset(("dag_id",)),
    "task": frozenset(("task_id", "dag_id")),
    "ti": frozenset(TASK_INSTANCE),
    "task_instance": frozenset(TASK_INSTANCE),
    "dag_run": frozenset((*RUN, *INTERVAL)),
}
"""Names of which only these attributes are."""

FILTERS = frozenset(MOMENTS)
"""Airflow's own, beside Jinja's."""

_BINDING = re.compile(r"\$\{\{.*?\}\}|\$\[\[.*?\]\]", re.DOTALL)


def is_template(text: str) -> bool:
    """Whether a string has something to render, Azure ML's own bindings aside."""
    return any(mark in _BINDING.sub("", text) for mark in ("{{", "{%", "{#"))


@lru_cache(maxsize=4096)
def needs_worker(text: str) -> str | None:
    """What a template asks for that only a worker can answer; None for nothing.

    Kept: Airflow asks several times for each task, and tasks have templates in common.
    """
    if not is_template(text):
        return None
    from jinja2 import Environment, TemplateSyntaxError, meta, nodes

    environment = Environment()
    environment.filters.update(dict.fromkeys(FILTERS, str))
    try:
        tree = environment.parse(_BINDING.sub("binding", text))
        if any(True for _ in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends))):
            return f"the template {_short(text)} reads another one"
        unknown = meta.find_undeclared_variables(tree) - WHOLE - set(environment.globals) - set(PARTS)
    except TemplateSyntaxError as error:  # a filter that Jinja does not know, too
        return f"the template {_short(text)}: {error.message}"
    known = [name for one in tree.find_all(nodes.Getattr) if (name := _known_part(one))]
    asked = [node.name for node in tree.find_all(nodes.Name) if node.name in PARTS]
    wrong = [*sorted(unknown), *(name for name in PARTS if asked.count(name) > known.count(name))]
    return f"the template {_short(text)} asks for {', '.join(wrong)}" if wrong else None


def _known_part(node: Any) -> str | None:
    """The name in ``name.attribute`` of ``PARTS``; None for any other node."""
    name = getattr(node.node, "name", None)
    return name if name in PARTS and node.attr in PARTS[name] else None


def _short(text: str) -> str:
    shown = repr(text)
    return shown if len(shown) <= 100 else f"{shown[:97]}..."
