"""A picture of our metrics, as SVG: what a dashboard shows of them, drawn from what a StatsD listener was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tests.statsd_listener import Metric

BIN = 10.0
"""Seconds of counters that are added up, as a StatsD server does."""

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP = 420.0, 170.0, 56.0, 34.0, 26.0, 16.0
INK, GRID, COLOURS = "#24292f", "#d0d7de", ("#0969da", "#cf222e", "#8250df")

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """One diagram over the time of the run.

    :param lines: what each line is, and its points; with ``dots`` they are not joined.
    """

    title: str
    lines: dict[str, Points]
    dots: bool = False


def draw(metrics: Sequence[Metric]) -> str:
    """Draw all metrics over the time in which they came."""
    begin = min(one.at for one in metrics)
    end = max(one.at for one in metrics)
    panels = panels_of(metrics, begin)
    rows = (len(panels) + 1) // 2
    width, height = 2 * WIDTH + 3 * GAP, rows * (HEIGHT + GAP) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" font-family="sans-serif" '
        f'font-size="11" fill="{INK}">',
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
    ]
    for place, panel in enumerate(panels):
        x, y = GAP + (place % 2) * (WIDTH + GAP), GAP + (place // 2) * (HEIGHT + GAP)
        parts += [f'<g transform="translate({x:g} {y:g})">', *drawn(panel, end - begin), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def panels_of(metrics: Sequence[Metric], begin: float) -> list[Panel]:
    """The diagrams, as docs/metrics.md lists the names."""
    waiting = [(one.at - begin, one.value) for one in metrics if one.name == "azureml.jobs.waiting"]
    return [
        Panel("azureml.jobs.waiting (jobs)", {"waiting": waiting}),
        Panel("azureml.event.delay (s)", {"": timer(metrics, "azureml.event.delay", begin)}, dots=True),
        Panel(f"azureml.requests (in {BIN:g} s, by plane)", counted(metrics, "azureml.requests", "plane", begin)),
        Panel(f"azureml.throttled (in {BIN:g} s, by status)", counted(metrics, "azureml.throttled", "status", begin)),
        Panel("azureml.job.queued (s)", {"": timer(metrics, "azureml.job.queued", begin)}, dots=True),
        Panel("azureml.job.run (s)", {"": timer(metrics, "azureml.job.run", begin)}, dots=True),
    ]


def timer(metrics: Sequence[Metric], name: str, begin: float) -> Points:
    """A timer's values in seconds, by the moment at which they came."""
    return [(one.at - begin, one.value / 1000) for one in metrics if one.name == name]


def counted(metrics: Sequence[Metric], name: str, tag: str, begin: float) -> dict[str, Points]:
    """A counter's sums in each bin, a line for each value of a tag; the three largest."""
    sums: dict[str, dict[int, float]] = {}
    bins = range(int((max(one.at for one in metrics) - begin) // BIN) + 1)
    for one in metrics:
        if one.name == name:
            line = sums.setdefault(one.tags[tag], dict.fromkeys(bins, 0.0))
            line[int((one.at - begin) // BIN)] += one.value
    largest = sorted(sums, key=lambda key: -sum(sums[key].values()))[: len(COLOURS)]
    return {key: [(BIN * place, value) for place, value in sums[key].items()] for key in largest}


def drawn(panel: Panel, seconds: float) -> list[str]:
    """The elements of a panel."""
    top = nice(max((value for points in panel.lines.values() for _, value in points), default=1.0))
    inner_width, inner_height = WIDTH - LEFT - 10, HEIGHT - TOP - BOTTOM

    def at(point: tuple[float, float]) -> tuple[float, float]:
        return LEFT + inner_width * point[0] / seconds, TOP + inner_height * (1 - point[1] / top)

    parts = [f'<text x="0" y="12" font-size="12" font-weight="bold">{escape(panel.title)}</text>']
    for share in (0, 0.5, 1):
        y = TOP + inner_height * (1 - share)
        parts.append(f'<line x1="{LEFT:g}" x2="{WIDTH - 10:g}" y1="{y:g}" y2="{y:g}" stroke="{GRID}"/>')
        parts.append(f'<text x="{LEFT - 6:g}" y="{y + 4:g}" text-anchor="end">{top * share:g}</text>')
    for share in (0, 0.5, 1):
        x = LEFT + inner_width * share
        parts.append(f'<text x="{x:g}" y="{HEIGHT - 8:g}" text-anchor="middle">{seconds * share:.0f} s</text>')
    for place, (name, points) in enumerate(panel.lines.items()):
        colour, spots = COLOURS[place], [at(point) for point in points]
        if panel.dots:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="1.3" fill="{colour}"/>' for x, y in spots]
        elif spots:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        if name:
            x = WIDTH - 10 - 70 * (len(panel.lines) - 1 - place)
            parts.append(f'<text x="{x:g}" y="26" text-anchor="end" fill="{colour}">{escape(name)}</text>')
    return parts


def nice(value: float) -> float:
    """A round number that is not below a value: 1, 2 or 5 times a power of ten."""
    for power in range(-3, 9):
        for step in (1, 2, 5):
            if step * 10.0**power >= value:
                return step * 10.0**power
    return value
