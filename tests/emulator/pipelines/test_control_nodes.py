"""Control nodes of pipelines, which say whether and how often other nodes run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from azureml_emulator.pipelines.graph import Graph
from tests.emulator.pipelines.service import CLUSTER, FOLDER, Body, Pipelines, from_node, from_pipeline, literal, node

SAY = "echo ${{inputs.n}} > ${{outputs.out}}/n.txt"
NUMBER = {"type": "integer"}
VALUES = {"next": NUMBER, "more": {"type": "boolean"}}
PATCH = (
    "import json, os, ssl, urllib.request as w\n"
    "a = os.environ['MLFLOW_TRACKING_URI'].replace('azureml:', 'https:').replace('mlflow/v2.0', 'mlflow/v1.0')\n"
    "a = a.replace('mlflow/v1.0', 'history/v1.0').partition('?')[0]\n"
    "b = json.dumps({'properties': {'azureml.pipeline.control': json.dumps(%s)}}).encode()\n"
    "t = os.environ['MLFLOW_TRACKING_TOKEN']\n"
    "h = {'Authorization': 'Bearer ' + t, 'Content-Type': 'application/json'}\n"
    "r = w.Request(a + '/runs/' + os.environ['MLFLOW_RUN_ID'], b, h, method='PATCH')\n"
    "w.urlopen(r, context=ssl.create_default_context(cafile=os.environ['REQUESTS_CA_BUNDLE']))\n"
)
"""Writes values to run history as mldesigner does."""

COUNT = (
    "echo ${{inputs.n}} > ${{outputs.out}}/n.txt; "
    f"""python -c "{PATCH % "{'next': ${{inputs.n}} + 1, 'more': ${{inputs.n}} < 3}"}" """
)
HOLDS = f"""python -c "{PATCH % "{'yes': ${{inputs.n}} > 1}"}" """


@pytest.fixture
def say(service: Pipelines) -> str:
    """A component that writes its number."""
    return service.component(SAY, {"n": NUMBER}, {"out": FOLDER})


@pytest.fixture
def count(service: Pipelines) -> str:
    """A component that writes its number, says the next one, and whether that is to be counted, too."""
    return service.component(COUNT, {"n": NUMBER}, {"out": FOLDER, **VALUES})


def job(name: str) -> str:
    """A node as control nodes name it."""
    return f"${{{{parent.jobs.{name}}}}}"


def to_output(name: str) -> Body:
    """A node's output that is one of the pipeline's."""
    return {"type": "literal", "value": f"${{{{parent.outputs.{name}}}}}"}


def while_more(**more: Any) -> Body:
    """A loop over the node ``body``."""
    mapping = {"${{parent.jobs.body.outputs.next}}": ["n"]}
    given = {"condition": "more", "mapping": mapping, "limits": {"max_iteration_count": 9}, **more}
    return {"type": "do_while", "body": job("body"), **given}


def counting(count: str, say: str, **more: Any) -> Body:
    """A loop that counts from one to three, and a node that takes its last values."""
    body = node(count, {"n": literal("1")}, outputs={"out": to_output("last"), "next": to_output("next")})
    return {
        "loop": while_more(**more),
        "body": body,
        "after": node(say, {"n": from_node("body", "next")}, outputs={"out": to_output("after")}),
    }


OUT: Body = {"outputs": {"last": {"jobOutputType": "uri_folder"}, "after": {"jobOutputType": "uri_folder"}}}


@pytest.mark.parametrize(("more", "rounds"), [({}, 3), ({"limits": {"max_iteration_count": 2}, "condition": None}, 2)])
def test_a_loop_runs_until_its_condition_or_its_limit_ends_it(
    service: Pipelines, name: str, count: str, say: str, more: Body, rounds: int
) -> None:
    body = node(count, {"n": literal("1")}, outputs={"out": to_output("last")})
    nodes = {**counting(count, say, **more), "body": body}
    done = service.finish(name, {key: drop_nones(row) for key, row in nodes.items()}, **CLUSTER, **OUT)
    assert done["status"] == "Completed", done
    assert sorted(service.steps(name)) == ["after", *(f"body_{number + 1}" for number in range(rounds))]
    outputs = service.outputs(name)
    assert service.read(f"{outputs['last']['uri']}n.txt") == b"%d\n" % rounds
    assert service.read(f"{outputs['after']['uri']}n.txt") == b"%d\n" % (rounds + 1)


def drop_nones(row: Body) -> Body:
    """A node without what is None."""
    return {key: value for key, value in row.items() if value is not None}


@pytest.mark.parametrize("number", [1, 2])
def test_a_condition_chooses_between_blocks(service: Pipelines, name: str, say: str, number: int) -> None:
    holds = service.component(HOLDS, {"n": NUMBER}, {"yes": {"type": "boolean"}})
    condition = "${{parent.jobs.asked.outputs.yes}}"
    nodes = {
        "asked": node(holds, {"n": from_pipeline("n")}),
        "if": {
            "type": "if_else",
            "condition": condition,
            "true_block": [job("big"), job("large")],
            "false_block": job("small"),
        },
        **{each: node(say, {"n": literal("1")}) for each in ("big", "large", "small")},
        "then": node(service.component("cat ${{inputs.in}}/n.txt", {"in": FOLDER}), {"in": from_node("big", "out")}),
        "never": {"type": "if_else", "condition": True, "false_block": job("lost")},
        "lost": node(say, {"n": literal("1")}),
    }
    given = {"inputs": {"n": {"jobInputType": "literal", "value": str(number)}}}
    done = service.finish(name, nodes, **CLUSTER, **given)
    assert done["status"] == "Completed", done
    assert sorted(service.steps(name)) == (["asked", "big", "large", "then"] if number == 2 else ["asked", "small"])


def test_rounds_side_by_side_are_gathered(service: Pipelines, name: str, count: str) -> None:
    service.upload(f"{name}/in/x", b"x")
    items = json.dumps([{"n": 5}, {"n": "${{parent.inputs.n}}"}])
    read = "cat ${{inputs.table}}/MLTable ${{inputs.table}}/*/n.txt; echo '${{inputs.numbers}}'"
    reading = service.component(read, {"table": FOLDER, "numbers": {"type": "string"}})
    nodes = {
        "body": node(count),
        "loop": {"type": "parallel_for", "body": job("body"), "items": items, "outputs": {"out": to_output("all")}},
        "after": node(reading, {"table": from_node("loop", "out"), "numbers": from_node("loop", "next")}),
    }
    given = {
        "inputs": {"n": {"jobInputType": "literal", "value": "7"}},
        "outputs": {"all": {"jobOutputType": "mltable"}},
    }
    done = service.finish(name, nodes, **CLUSTER, **given)
    assert done["status"] == "Completed", done
    steps = service.steps(name)
    assert sorted(steps) == ["after", "body_0", "body_1"]
    printed = service.log(steps["after"]["runId"]).split("\n", 1)[1]
    assert printed == 'type: mltable\npaths:\n  - folder: "./0"\n  - folder: "./1"\n5\n7\n[6, 8]\n'
    assert service.read(f"{service.outputs(name)['all']['uri']}1/n.txt") == b"7\n"


def test_a_loop_inside_of_a_pipeline_component_gives_its_values(
    service: Pipelines, name: str, count: str, say: str
) -> None:
    spec = {
        "type": "pipeline",
        "inputs": {},
        "outputs": {"last": FOLDER, "next": NUMBER, "after": FOLDER},
        "jobs": counting(count, say),
    }
    inner = {"type": "pipeline", "componentId": service.register(spec)}
    nodes = {"inner": inner, "outside": node(say, {"n": from_node("inner", "next")}, outputs={"out": to_output("out")})}
    done = service.finish(name, nodes, **CLUSTER, outputs={"out": {"jobOutputType": "uri_folder"}})
    assert done["status"] == "Completed", done
    assert service.read(f"{service.outputs(name)['out']['uri']}n.txt") == b"4\n"


def test_a_round_that_fails_fails_the_loop_and_the_pipeline(service: Pipelines, name: str, say: str) -> None:
    fails = service.component("exit ${{inputs.n}}", {"n": NUMBER})
    items = json.dumps([{"n": number} for number in (0, 3, 0)])
    loop = {"type": "parallel_for", "body": job("body"), "items": items, "max_concurrency": 1}
    done = service.finish(name, {"body": node(fails), "loop": loop}, **CLUSTER)
    assert (done["status"], sorted(service.steps(name))) == ("Failed", ["body_0", "body_1"])
    assert "Failed nodes: /body." in service.details(name)["error"]["error"]["message"]


def test_a_value_that_no_step_wrote_is_named(service: Pipelines, name: str, say: str) -> None:
    silent = service.component("echo true > ${{outputs.yes}}", {}, {"yes": {"type": "boolean"}})
    condition = {"type": "if_else", "condition": "${{parent.jobs.asked.outputs.yes}}", "true_block": job("then")}
    nodes = {"asked": node(silent), "if": condition, "then": node(say, {"n": literal("1")})}
    done = service.finish(name, nodes, **CLUSTER)
    assert done["status"] == "Failed"
    assert "azureml.pipeline.control" in service.details(name)["error"]["error"]["message"]


REFUSED: list[tuple[Body, str]] = [
    (while_more(body=job("nobody")), "jobs.loop.body: '${{parent.jobs.nobody}}' names no node"),
    (while_more(condition="out"), "jobs.loop.condition: The output 'out' is data, not a value."),
    (while_more(mapping={"next": "m"}), "jobs.loop.mapping: The body has no input 'm'; its inputs: n."),
    (while_more(mapping={"out": "n"}), "jobs.body.inputs.n: The component declares integer here"),
    (while_more(limits={"max_iteration_count": 0}), "max_iteration_count: 0 is not accepted. Accepted: 1 to 1000."),
    ({"type": "if_else", "condition": True}, "jobs.loop: true_block and false_block are both empty."),
    (
        {"type": "if_else", "condition": "more", "true_block": job("body")},
        "jobs.loop.condition: 'more' is not accepted",
    ),
    (
        {"type": "if_else", "condition": True, "true_block": job("body"), "false_block": job("body")},
        "true_block and false_block both name 'body'",
    ),
    ({"type": "parallel_for", "body": job("body"), "items": "[1]"}, "jobs.loop.items: [1] is not accepted."),
    (
        {"type": "parallel_for", "body": job("body"), "items": '[{"m": 1}]'},
        "jobs.loop.items: The body has no input 'm'",
    ),
    ({"type": "parallel_for", "body": job("body"), "items": '[{"n": "x"}]'}, "'x' is not of the type integer"),
]


@pytest.mark.parametrize(("loop", "said"), REFUSED, ids=lambda value: str(value)[:50])
def test_what_does_not_fit_is_named(service: Pipelines, name: str, count: str, loop: Body, said: str) -> None:
    answer = service.start(name, {"loop": loop, "body": node(count, {"n": literal("1")})}, **CLUSTER)
    assert (answer.status, said in answer.body["error"]["message"]) == (400, True), answer.body


def test_the_body_of_rounds_side_by_side_has_no_outputs_of_its_own(
    service: Pipelines, name: str, count: str, say: str
) -> None:
    loop = {"type": "parallel_for", "body": job("body"), "items": '[{"n": 1}]'}
    nodes = {"loop": loop, "body": node(count), "after": node(say, {"n": from_node("body", "next")})}
    answer = service.start(name, nodes, **CLUSTER)
    assert (answer.status, "the body of the loop 'loop'" in answer.body["error"]["message"]) == (400, True), answer.body


@pytest.mark.parametrize("kind", ["do_while", "parallel_for"])
def test_a_cancel_ends_the_rounds_and_begins_no_other(service: Pipelines, name: str, kind: str) -> None:
    waits = service.component("sleep 60; echo ${{inputs.n}}", {"n": NUMBER}, {"next": NUMBER})
    items = json.dumps([{"n": number} for number in range(3)])
    loop: Body = {"type": kind, "body": job("body"), "items": items, "max_concurrency": 1}
    if kind == "do_while":
        loop = while_more(condition=None)
    jobs = {"loop": drop_nones(loop), "body": node(waits, {"n": literal("1")})}
    assert service.start(name, jobs, **CLUSTER).status == 201
    first = "body_1" if kind == "do_while" else "body_0"
    service.wait_for_step(name, first, "Running")
    service.post(f"jobs/{name}/cancel")
    assert service.wait(name)["status"] == "Canceled"
    assert {key: row["status"] for key, row in service.steps(name).items()} == {first: "Canceled"}


def test_the_steps_of_a_graph_are_drawn_without_what_controls_them() -> None:
    nodes: dict[str, Body] = {
        "asked": {"type": "command"},
        "if": {"type": "if_else", "condition": "${{parent.jobs.asked.outputs.yes}}", "true_block": job("each")},
        "each": {"type": "command"},
        "loop": {"type": "parallel_for", "body": job("each"), "items": "[]"},
        "after": {"type": "command", "inputs": from_node("loop", "out")},
    }
    needs = {"asked": set(), "each": {"asked"}, "after": {"each"}}
    assert Graph.of(nodes).steps == {name: frozenset(each) for name, each in needs.items()}
