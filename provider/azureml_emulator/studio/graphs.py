"""Graphs: the nodes of a pipeline in rows, each below those that it takes data from. No HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from azureml_emulator.jobs.models import Job

WIDTH, HEIGHT = 220, 58
"""A node's box."""
LANE = 12
"""What a line takes of a row that it passes through."""
ACROSS, DOWN = 26, 46
"""Between two boxes."""
MARGIN = 8
LETTERS = 22
"""How much of a node's name fits into its box."""

Pass = tuple[str, str, int]
"""Where a line from a node to another passes through a row: both nodes, and the number of the row."""
Place = tuple[float, float]

NOT_STARTED, NOT_RUN = "NotStarted", "NotRun"
"""The states of a node without a job: while the pipeline runs, and when it has ended."""


@dataclass(frozen=True)
class Node:
    """A node in the drawing.

    :param job: its job; None as long as there is none.
    :param state: the job's status, or why there is none.
    :param needs: the nodes that it takes data from, sorted.
    """

    name: str
    label: str
    x: float
    y: float
    job: Job | None
    state: str
    needs: list[str]

    @property
    def text(self) -> str:
        """What is told of it to those who do not see the drawing."""
        after = f", after {', '.join(self.needs)}" if self.needs else ""
        return f"{self.name}: {self.state}{after}"


@dataclass(frozen=True)
class Edge:
    """A line from a node to one that takes its data, as the path of an SVG.

    :param state: that of the node that it leaves.
    """

    path: str
    state: str


@dataclass(frozen=True)
class Drawing:
    """A whole graph."""

    width: float
    height: float
    nodes: list[Node]
    edges: list[Edge]


def drawing(pipeline: Job, needs: Mapping[str, frozenset[str]], steps: Iterable[Job]) -> Drawing:
    """The graph of a pipeline with the states of its steps.

    :param needs: its nodes, each with those that it takes data from.
    """
    jobs = {step.node: step for step in steps}
    settings = pipeline.definition.get("settings") or {}
    rows = levels(needs, settings.get("on_init") or "", settings.get("on_finalize") or "")
    centres = arranged(rows, needs)
    left = min(x - breadth(item) / 2 for item, (x, _) in centres.items()) - MARGIN
    right = max(x + breadth(item) / 2 for item, (x, _) in centres.items()) + MARGIN
    centres = {item: (x - left, y) for item, (x, y) in centres.items()}
    nodes = {}
    for name in needs:
        job, (x, y) = jobs.get(name), centres[name]
        state = job.status if job else NOT_RUN if pipeline.ended else NOT_STARTED
        label = name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
        nodes[name] = Node(name, label, x - WIDTH / 2, y, job, state, sorted(needs[name]))
    level = {name: number for number, row in enumerate(rows) for name in row}
    edges = []
    for target in needs:
        for source in sorted(needs[target]):
            passes = [centres[source, target, number] for number in range(level[source] + 1, level[target])]
            edges.append(Edge(line([centres[source], *passes, centres[target]]), nodes[source].state))
    height = len(rows) * (HEIGHT + DOWN) - DOWN + 2 * MARGIN
    return Drawing(right - left, height, [nodes[name] for row in rows for name in row], edges)


def levels(needs: Mapping[str, frozenset[str]], first: str = "", last: str = "") -> list[list[str]]:
    """The nodes by the length of the longest way to them.

    :param needs: without circles.
    :param first, last: the nodes that run before and after all others, unconnected; empty: there is none.
    """
    found = [[first]] if first in needs else []
    left = [name for name in needs if name not in (first, last)]
    while left:
        found.append([name for name in left if not needs[name] & set(left)])
        left = [name for name in left if name not in found[-1]]
    return [*found, [last]] if last in needs else found


def arranged(rows: list[list[str]], needs: Mapping[str, frozenset[str]]) -> dict[str | Pass, Place]:
    """The middle of each box's upper side, and the places where lines pass through rows.

    In a row everything is in the order of what it comes from, so that few lines cross.
    """
    level = {name: number for number, row in enumerate(rows) for name in row}
    ways = [(source, target) for target in needs for source in sorted(needs[target])]
    places: dict[str | Pass, Place] = {}
    for number, row in enumerate(rows):
        passing: list[Pass] = [(a, b, number) for a, b in ways if level[a] < number < level[b]]
        come_from: dict[str | Pass, list[str | Pass]] = {
            name: [a if level[a] == number - 1 else (a, name, number - 1) for a in sorted(needs[name])] for name in row
        }
        come_from.update({(a, b, n): [a if level[a] == n - 1 else (a, b, n - 1)] for a, b, n in passing})
        middle = {item: mean([places[source][0] for source in sources]) for item, sources in come_from.items()}
        items = sorted(come_from, key=lambda item: middle[item])
        x = -sum(breadth(item) + ACROSS for item in items) / 2 + ACROSS / 2
        for item in items:
            places[item] = (x + breadth(item) / 2, MARGIN + number * (HEIGHT + DOWN))
            x += breadth(item) + ACROSS
    return places


def breadth(item: str | Pass) -> float:
    """What a box, or a line that passes, takes of its row."""
    return WIDTH if isinstance(item, str) else LANE


def mean(values: list[float]) -> float:
    """The mean; 0, the middle of a row, of nothing."""
    return sum(values) / len(values) if values else 0.0


def line(places: list[Place]) -> str:
    """The line from a box to another, past those between them; it leaves and reaches them vertically."""
    (x, y), (end_x, end_y) = places[0], places[-1]
    path = f"M{x:g},{y + HEIGHT:g}"
    y += HEIGHT
    for to_x, to_y in [*places[1:-1], (end_x, end_y - 6)]:
        bend = (to_y - y) / 2
        path += f"C{x:g},{y + bend:g} {to_x:g},{to_y - bend:g} {to_x:g},{to_y:g}"
        x, y = to_x, to_y
        if (to_x, to_y) in places[1:-1]:
            y += HEIGHT
            path += f"V{y:g}"
    return path
