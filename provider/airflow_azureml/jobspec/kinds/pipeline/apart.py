"""The nodes of a pipeline that run before and after all others: ``settings.on_init`` and ``settings.on_finalize``.

Source: azure-ai-ml 1.35.2 ``PipelineJob._validate_init_finalize_job``, which refuses the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_azureml.jobspec.document.document import Located
from airflow_azureml.jobspec.document.graph import CONTROL, whole_binding
from airflow_azureml.jobspec.document.messages import nearest, show
from airflow_azureml.jobspec.table.translator import Translator

APART = ("on_init", "on_finalize")


def check_apart(located: Located, ctx: Translator, jobs: Any) -> None:
    """Refuse a first or last node that is none of the pipeline's, or that exchanges data with others.

    :param located: the pipeline job.
    :param jobs: its nodes, or those of its component, as they are written.
    """
    settings = located.value.get("settings")
    given = settings if isinstance(settings, Mapping) else {}
    named = {key: given[key] for key in APART if given.get(key) is not None}
    nodes = jobs if isinstance(jobs, Mapping) else {}
    for key, name in named.items():
        others = {other: node for other, node in nodes.items() if other != name}
        if not isinstance(name, str) or name not in nodes:
            ctx.error(located, f"{show(name)} is no node of this pipeline.{nearest(name, nodes)}", "settings", key)
        elif isinstance(nodes[name], Mapping) and nodes[name].get("type") in CONTROL:
            ctx.error(located, f"{show(name)} is a control node, which cannot run apart.", "settings", key)
        elif any(_sources(nodes[name])) or any(name in _sources(node) for node in others.values()):
            ctx.error(located, f"{show(name)} exchanges data with other nodes.", "settings", key)
    if len(named) > len({repr(name) for name in named.values()}):
        ctx.error(located, f"{show(named['on_init'])} is on_finalize, too.", "settings", "on_init")
    elif named and nodes and not [name for name in nodes if name not in named.values()]:
        ctx.error(located, "no other node is left for the pipeline to run.", "settings", next(iter(named)))


def _sources(node: Any) -> Iterator[str]:
    """The nodes that the inputs of a node are bound to."""
    inputs = node.get("inputs") if isinstance(node, Mapping) else None
    for given in inputs.values() if isinstance(inputs, Mapping) else ():
        bound = whole_binding(given)
        if bound is not None and bound[0] == "jobs":
            yield bound[1].partition(".")[0]
