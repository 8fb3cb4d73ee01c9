"""Conditions and loops of pipelines, a private preview: sent as Microsoft's client sends them where it takes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_azureml.jobspec.document.load import load
from airflow_azureml.jobspec.kinds.table import KINDS
from airflow_azureml.jobspec.nodes.control import VARIABLE
from airflow_azureml.jobspec.nodes.kind import JobTranslator
from airflow_azureml.jobspec.translate import translate
from airflow_azureml.rest.errors import SpecError
from airflow_azureml.rest.ids import Workspace

WS = Workspace("s", "g", "w")
COUNT = {
    "type": "command",
    "command": "echo ${{inputs.n}}",
    "environment": "azureml:e:1",
    "inputs": {"n": {"type": "integer"}, "extra": {"type": "uri_folder", "optional": True}},
    "outputs": {
        "next": {"type": "integer", "is_control": True},
        "more": {"type": "boolean", "is_control": True},
        "out": {"type": "uri_folder"},
    },
}


def counting(**inputs: Any) -> dict[str, Any]:
    """A node that counts."""
    return {"type": "command", "component": COUNT, **({"inputs": inputs} if inputs else {})}


def job(name: str) -> str:
    """A node as control nodes name it."""
    return f"${{{{parent.jobs.{name}}}}}"


def flow(**nodes: Any) -> dict[str, Any]:
    """A pipeline with a body, and with further nodes."""
    return {
        "type": "pipeline",
        "settings": {"default_compute": "azureml:c"},
        "inputs": {"a": 1, "names": '[{"n": 1}]'},
        "outputs": {"all": {"type": "mltable"}},
        "jobs": {"body": counting(n="${{parent.inputs.a}}"), **nodes},
    }


def translated(nodes: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The nodes of a pipeline as they are sent, and what is wrong with them."""
    ctx = JobTranslator(WS, kinds=KINDS, previews=True)
    translator = KINDS["pipeline"].job
    assert translator is not None
    body = translator(load(flow(**nodes)).root, ctx)
    return body["jobs"], [f"{one.path}: {one.message}" for one in ctx.errors()]


MORE = "${{parent.jobs.body.outputs.more}}"
WHILE = {"type": "do_while", "body": job("body"), "mapping": {"next": "n"}, "limits": {"max_iteration_count": 4}}
SENT: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"loop": {**WHILE, "condition": MORE}},
        {
            "type": "do_while",
            "body": job("body"),
            "condition": "more",
            "mapping": {"next": ["n"]},
            "limits": {"max_iteration_count": 4},
        },
    ),
    (
        {
            "loop": {"type": "if_else", "condition": MORE, "true_block": job("x"), "false_block": [job("y")]},
            "x": counting(n="${{parent.jobs.body.outputs.next}}"),
            "y": counting(n=2),
        },
        {"type": "if_else", "condition": MORE, "true_block": job("x"), "false_block": job("y")},
    ),
    (
        {"loop": {"type": "if_else", "condition": True, "true_block": [job("x"), job("y")]}, "x": counting(n=1)}
        | {"y": counting(n=2)},
        {"type": "if_else", "condition": True, "true_block": [job("x"), job("y")]},
    ),
    (
        {
            "each": counting(),
            "loop": {
                "type": "parallel_for",
                "body": job("each"),
                "items": [{"n": 1}, {"n": "${{parent.inputs.a}}"}],
                "max_concurrency": 2,
                "outputs": {"out": "${{parent.outputs.all}}"},
            },
            "after": counting(n=1, extra="${{parent.jobs.loop.outputs.out}}"),
        },
        {
            "type": "parallel_for",
            "body": job("each"),
            "items": json.dumps([{"n": 1}, {"n": "${{parent.inputs.a}}"}]),
            "max_concurrency": 2,
            "outputs": {"out": {"value": "${{parent.outputs.all}}", "type": "literal"}},
        },
    ),
    (
        {
            "each": counting(n=1),
            "loop": {
                "type": "parallel_for",
                "body": job("each"),
                "items": {"x": {"extra": {"type": "uri_folder", "path": "azureml://datastores/d/paths/x/"}}},
            },
        },
        {
            "type": "parallel_for",
            "body": job("each"),
            "items": json.dumps(
                {"x": {"extra": {"uri": "azureml://datastores/d/paths/x/", "job_input_type": "uri_folder"}}}
            ),
        },
    ),
    (
        {
            "each": counting(n=1),
            "loop": {
                "type": "parallel_for",
                "body": job("each"),
                "items": '[{"extra":{"path":"azureml://datastores/d/paths/x/"}}]',
            },
        },
        {
            "type": "parallel_for",
            "body": job("each"),
            "items": '[{"extra": {"uri": "azureml://datastores/d/paths/x/", "job_input_type": "uri_folder"}}]',
        },
    ),
    (
        {
            "each": counting(n=1),
            "loop": {
                "type": "parallel_for",
                "body": job("each"),
                "items": [{"extra": {"type": "uri_file", "path": "azureml:x:1", "mode": "ro_mount"}}],
            },
        },
        {
            "type": "parallel_for",
            "body": job("each"),
            "items": '[{"extra": {"uri": "x:1", "mode": "ReadOnlyMount", "job_input_type": "uri_file"}}]',
        },
    ),
    (
        {
            "each": counting(),
            "loop": {"type": "parallel_for", "body": job("each"), "items": "${{parent.inputs.names}}"},
        },
        {"type": "parallel_for", "body": job("each"), "items": "${{parent.inputs.names}}"},
    ),
]
"""Nodes, and what azure-ai-ml 1.35.2 sends of the one that is called ``loop``, but for its ``_source``."""


@pytest.mark.parametrize(("nodes", "sent"), SENT, ids=lambda value: str(value)[:40])
def test_it_is_sent_as_microsofts_client_sends_it(nodes: dict[str, Any], sent: dict[str, Any]) -> None:
    body, problems = translated(nodes)
    assert problems == []
    assert body["loop"] == sent


@pytest.mark.parametrize(("path", "told"), [("azureml:x:1", "x:1"), ("azureml:x", "azureml:x"), ("https://h/x", "")])
def test_a_reference_in_items_which_nobody_looks_up_is_told(path: str, told: str) -> None:
    ctx = JobTranslator(WS, kinds=KINDS, previews=True)
    loop = {"type": "parallel_for", "body": job("each"), "items": [{"extra": {"type": "uri_file", "path": path}}]}
    translator = KINDS["pipeline"].job
    assert translator is not None
    translator(load(flow(each=counting(n=1), loop=loop)).root, ctx)
    said = [text for text in ctx.warnings if text.startswith("jobs.loop")]
    start = f"jobs.loop.items.0.extra: data in items is not looked up: {told} is sent"
    assert [text.startswith(start) for text in said] == [True] * bool(told)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({**WHILE, "body": job("nobody")}, 'jobs.loop.body: ${{parent.jobs.nobody}}: there is no node "nobody".'),
    ({**WHILE, "body": "body"}, 'jobs.loop.body: "body" is not a node. Accepted: ${{parent.jobs.NAME}}.'),
    ({**WHILE, "body": job("loop")}, 'jobs.loop.body: "loop" is of type "do_while". The body of a loop is'),
    ({**WHILE, "condition": "mor"}, 'jobs.loop.condition: "body" has no output "mor".'),
    ({**WHILE, "mapping": {"next": "m"}}, 'jobs.loop.mapping: "body" has no input "m".'),
    ({**WHILE, "limits": {"max_iteration_count": 1001}}, "1001 is not a number of rounds. Accepted: 0 to 1000."),
    ({"type": "do_while", "body": job("body")}, "mapping"),
    ({"type": "if_else", "condition": True}, "jobs.loop: a condition needs true_block or false_block."),
    ({"type": "if_else", "condition": "more", "true_block": job("body")}, 'jobs.loop.condition: "more" is not a'),
    (
        {"type": "if_else", "condition": True, "true_block": job("body"), "false_block": [job("body")]},
        'jobs.loop.false_block: both blocks name "body".',
    ),
    ({"type": "parallel_for", "body": job("body"), "items": []}, "jobs.loop.items: there is no item."),
    ({"type": "parallel_for", "body": job("body"), "items": "{}"}, "jobs.loop.items: there is no item."),
    (
        {"type": "parallel_for", "body": job("body"), "items": "x"},
        'jobs.loop.items: "x" is neither JSON nor a binding.',
    ),
    ({"type": "parallel_for", "body": job("body"), "items": [{"n": 1}, {}]}, "the items have different inputs."),
    ({"type": "parallel_for", "body": job("body"), "items": '[{"n": 1}, {}]'}, "the items have different inputs."),
    (
        {"type": "parallel_for", "body": job("body"), "items": "[1, 2]"},
        "jobs.loop.items: the JSON does not hold items.",
    ),
    (
        {"type": "parallel_for", "body": job("body"), "items": {"x": {"extr": 1}}},
        'jobs.loop.items: "body" has no input "extr". Did you mean "extra"?',
    ),
    (
        {"type": "parallel_for", "body": job("body"), "items": '[{"m": "${{parent.inputs.a}}"}]'},
        'jobs.loop.items: "body" has no input "m".',
    ),
    (
        {"type": "parallel_for", "body": job("body"), "items": '[1, "${{parent.inputs.a}}"]'},
        "jobs.loop.items: the JSON does not hold items.",
    ),
    (
        {"type": "parallel_for", "body": job("body"), "items": [{"extra": {"path": "./local"}}]},
        "jobs.loop.items.0.extra: ",
    ),
]


@pytest.mark.parametrize(("loop", "said"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_does_not_fit_is_named(loop: dict[str, Any], said: str) -> None:
    _, problems = translated({"loop": loop})
    assert any(said in problem for problem in problems), problems


def test_nobody_takes_it_unless_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    document = load(flow(loop={**WHILE, "condition": "more"}))
    with pytest.raises(SpecError, match=f'"do_while": it is a private preview .* where {VARIABLE} is true'):
        translate(document, WS)
    monkeypatch.setenv(VARIABLE, "true")
    assert translate(document, WS).body["properties"]["jobs"]["loop"]["type"] == "do_while"
