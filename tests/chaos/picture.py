"""A picture of what sessions have shown: how often each thing was done at each moment, and whether a promise broke."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from tests.chaos.plan import ORDER

CELL, LEFT, TOP, INK, GRID = (58.0, 22.0), 170.0, 150.0, "#24292f", "#d0d7de"
LETTER, SLANT = 6.5, 4.2
"""What a letter takes, along its line and, in a slanted name, to the right."""
RIGHT, WRONG = "#1a7f37", "#cf222e"


def draw(counts: Mapping[tuple[str, str], tuple[int, int]]) -> str:
    """Draw a grid of moments and deeds: green and the number of times, or red and how many went wrong.

    :param counts: for a moment and what is done at it, how often that was, and in how many runs something was wrong.
    """
    points = [one for one in ORDER if any(point == one for point, _ in counts)]
    deeds = sorted({deed for _, deed in counts})
    start = min(0.0, LEFT - 18 - LETTER * max(map(len, deeds)))
    # The last moment's name leans out of the grid.
    width = LEFT + CELL[0] * len(points) + max(10.0, SLANT * len(points[-1]) - CELL[0] / 2) - start
    height = TOP + CELL[1] * len(deeds) + 10
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{start:g} 0 {width:g} {height:g}" font-family="sans-serif" '
        f'font-size="11" fill="{INK}">',
        f'<rect x="{start:g}" width="{width:g}" height="{height:g}" fill="#ffffff"/>',
    ]
    for column, point in enumerate(points):
        x = LEFT + CELL[0] * (column + 0.5)
        parts.append(f'<text transform="translate({x:g} {TOP - 8:g}) rotate(-50)">{escape(point)}</text>')
    for row, deed in enumerate(deeds):
        y = TOP + CELL[1] * row
        parts.append(f'<text x="{LEFT - 8:g}" y="{y + 15:g}" text-anchor="end">{escape(deed)}</text>')
        for column, point in enumerate(points):
            parts += cell(counts.get((point, deed), (0, 0)), LEFT + CELL[0] * column, y, max_of(counts))
    return "\n".join([*parts, "</svg>", ""])


def cell(found: tuple[int, int], x: float, y: float, most: int) -> list[str]:
    """One cell: the darker, the more often."""
    count, wrong = found
    frame = f'x="{x:g}" y="{y:g}" width="{CELL[0]:g}" height="{CELL[1]:g}" stroke="{GRID}"'
    if not count:
        return [f'<rect {frame} fill="none"/>']
    colour, said = (WRONG, f"{wrong} of {count}") if wrong else (RIGHT, str(count))
    shade = 0.25 + 0.6 * count / most
    return [
        f'<rect {frame} fill="{colour}" fill-opacity="{shade:.2f}"/>',
        f'<text x="{x + CELL[0] / 2:g}" y="{y + 15:g}" text-anchor="middle">{said}</text>',
    ]


def max_of(counts: Mapping[tuple[str, str], tuple[int, int]]) -> int:
    """The greatest number of times."""
    return max(count for count, _ in counts.values())
