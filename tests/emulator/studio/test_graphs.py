"""The graph of a pipeline: where its nodes are, what states they show, where they lead."""

from __future__ import annotations

import re
from collections.abc import Mapping

from azureml_emulator.jobs.models import Job
from azureml_emulator.studio.graphs import HEIGHT, NOT_RUN, NOT_STARTED, WIDTH, Node, drawing
from tests.emulator.conftest import Call
from tests.emulator.pipelines.service import CLUSTER, FOLDER, Pipelines, from_node, literal, node
from tests.emulator.studio.pages import get
from tests.emulator_fixture import RunningEmulator

NEEDS = {"join": {"left", "right"}, "left": {"read"}, "right": {"read"}, "read": set[str](), "end": {"join", "read"}}


def pipeline(status: str = "Running", **settings: str) -> Job:
    return Job("p", {"experimentName": "e", "jobType": "Pipeline", "settings": settings}, status)


def step(name: str, status: str) -> Job:
    return Job(f"id-of-{name}", {"experimentName": "e", "jobType": "Command"}, status, node=name)


def drawn(needs: Mapping[str, set[str]], job: Job, *steps: Job) -> dict[str, Node]:
    found = drawing(job, {name: frozenset(each) for name, each in needs.items()}, steps)
    assert all(0 < node.x < found.width - WIDTH and 0 < node.y < found.height - HEIGHT for node in found.nodes)
    return {node.name: node for node in found.nodes}


def test_each_node_is_below_those_that_it_needs() -> None:
    nodes = drawn(NEEDS, pipeline())
    assert all(nodes[name].y > nodes[source].y for name, sources in NEEDS.items() for source in sources)
    assert nodes["left"].y == nodes["right"].y
    assert abs(nodes["left"].x - nodes["right"].x) >= WIDTH


def test_lines_pass_no_box_of_others() -> None:
    found = drawing(pipeline(), {name: frozenset(each) for name, each in NEEDS.items()}, [])
    assert len(found.edges) == sum(map(len, NEEDS.values()))
    for edge in found.edges:
        for x, y in re.findall(r"([\d.]+),([\d.]+)(?=V)", edge.path):
            inside = [node for node in found.nodes if node.y == float(y) and node.x <= float(x) <= node.x + WIDTH]
            assert not inside


def test_a_line_past_several_rows_does() -> None:
    edges = drawing(pipeline(), {name: frozenset(each) for name, each in NEEDS.items()}, []).edges
    assert sorted(edge.path.count("V") for edge in edges) == [0, 0, 0, 0, 0, 2]


def test_the_first_and_the_last_node_stand_apart() -> None:
    needs = {"b": set[str](), "first": set[str](), "last": set[str](), "a": set[str]()}
    nodes = drawn(needs, pipeline(on_init="first", on_finalize="last"))
    assert nodes["first"].y < nodes["a"].y == nodes["b"].y < nodes["last"].y


def test_nodes_without_a_job_say_why() -> None:
    steps = [step("read", "Completed"), step("left", "Failed")]
    assert {name: node.state for name, node in drawn(NEEDS, pipeline(), *steps).items()} == {
        "read": "Completed",
        "left": "Failed",
        "right": NOT_STARTED,
        "join": NOT_STARTED,
        "end": NOT_STARTED,
    }
    assert drawn(NEEDS, pipeline("Failed"), *steps)["join"].state == NOT_RUN


def test_the_page_follows_a_pipeline(emulator: RunningEmulator, call: Call, name: str) -> None:
    service = Pipelines(emulator)
    wait = service.component(
        "sleep ${{inputs.n}}; touch ${{outputs.out}}/x", {"n": {"type": "string"}}, {"out": FOLDER}
    )
    use = service.component("ls ${{inputs.a}}", {"a": FOLDER})
    nodes = {"use": node(use, {"a": from_node("wait", "out")}), "wait": node(wait, {"n": literal("60")})}
    assert service.start(name, nodes, experimentName="graphs", **CLUSTER).status == 201
    (wait_job,) = [service.wait_for_step(name, "wait", "Running")["runId"]]
    text = get(emulator, f"/runs/{name}").text
    assert f'<a href="/runs/{wait_job}" aria-label="wait: Running">' in text
    assert 'role="img" aria-label="use: NotStarted, after wait"' in text
    assert text.count('<path class="edge Running"') == 1
    service.post(f"jobs/{name}/cancel")
    service.wait(name)
    text = get(emulator, f"/runs/{name}").text
    assert 'aria-label="wait: Canceled"' in text
    assert 'aria-label="use: NotRun, after wait"' in text
    assert f'<a href="/runs/{name}">' in get(emulator, f"/runs/{wait_job}").text
