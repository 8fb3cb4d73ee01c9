"""How cost grows with the number of jobs, as an SVG: a panel for each figure, a line for each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

PANELS = (
    ("mean", "requests a second"),
    ("cpu", "CPU, % of a core"),
    ("kilobytes", "KB for each waiting task"),
    ("median", "median delay of an event, s"),
    ("busiest", "requests in the busiest second"),
    ("throttled", "requests refused (429) in 120 s, limit 25/s"),
)
COLOURS = ("#0969da", "#bc4c00", "#6e7781")
WIDTH, HEIGHT, LEFT, TOP, GAP = 300, 170, 58, 60, 70


def svg(rows: Sequence[Mapping[str, Any]], kinds: Sequence[str]) -> str:
    """Draw the rows; the panel of refused requests those with a limit, the others those without one."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {3 * (WIDTH + LEFT) + 30} {2 * (HEIGHT + GAP) + TOP}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, (kind, colour) in enumerate(zip(kinds, COLOURS, strict=True)):
        x = LEFT + number * 220
        parts.append(f'<line x1="{x}" y1="20" x2="{x + 24}" y2="20" stroke="{colour}" stroke-width="2.5"/>')
        parts.append(f'<text x="{x + 30}" y="24">{kind}</text>')
    for place, (figure, title) in enumerate(PANELS):
        left = LEFT + (place % 3) * (WIDTH + LEFT)
        top = TOP + (place // 3) * (HEIGHT + GAP)
        limited = figure == "throttled"
        shown = [row for row in rows if row["limited"] == limited and row["batches"]]
        parts += _panel(left, top, figure, title, shown, kinds)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(
    left: int, top: int, figure: str, title: str, rows: Sequence[Mapping[str, Any]], kinds: Sequence[str]
) -> list[str]:
    most = max((row[figure] for row in rows), default=0) or 1
    jobs = max((row["jobs"] for row in rows), default=1)
    bottom = top + HEIGHT
    parts = [
        f'<text x="{left}" y="{top - 8}" font-weight="bold">{title}</text>',
        f'<path d="M{left} {top}V{bottom}H{left + WIDTH - 20}" fill="none" stroke="#8c959f"/>',
        f'<text x="{left - 6}" y="{top + 10}" text-anchor="end">{most:.3g}</text>',
        f'<text x="{left - 6}" y="{bottom}" text-anchor="end">0</text>',
        f'<text x="{left + WIDTH - 20}" y="{bottom + 16}" text-anchor="end">{jobs:,} jobs</text>',
    ]
    for kind, colour in zip(kinds, COLOURS, strict=True):
        points = [
            (left + (WIDTH - 20) * row["jobs"] / jobs, bottom - HEIGHT * row[figure] / most)
            for row in rows
            if row["kind"] == kind
        ]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
    return parts
