"""Draws what a program has printed on a terminal as an SVG: `python -m documentation.terminal OUT TITLE < TEXT`."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from html import escape
from pathlib import Path

COLOURS = {"1": "bold", "2": "dim", "31": "red", "32": "green"}
"""Codes of a terminal, and the classes that stand for them."""
ESCAPE = re.compile(r"\x1b\[([\d;]*)m")
ROW, COLUMN, SIZE, PAD, BAR = 19, 8.2, 13.5, 18, 34
STYLE = f"""
.back {{ fill: #1b1f24 }} .bar {{ fill: #2d333b }} .title {{ fill: #9aa4af; text-anchor: middle }}
text {{ font: {SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #dbe2e9 }}
.bold {{ font-weight: 600 }} .dim {{ fill: #8b96a2 }} .red {{ fill: #ff7b72 }} .green {{ fill: #56d364 }}
"""


def pieces(line: str) -> Iterator[tuple[str, str]]:
    """Cut a line where its colour changes: text, and the class that it is in."""
    kind, place = "", 0
    for found in ESCAPE.finditer(line):
        if line[place : found.start()]:
            yield line[place : found.start()], kind
        kind, place = COLOURS.get(found[1], ""), found.end()
    if line[place:]:
        yield line[place:], kind


def drawn(text: str, title: str) -> str:
    """The picture of a text, whose colours are a terminal's escapes."""
    lines = text.rstrip().splitlines()
    width = round(2 * PAD + COLUMN * max(len(ESCAPE.sub("", line)) for line in lines))
    height = BAR + 2 * PAD + ROW * len(lines) - ROW // 2
    rows = []
    for number, line in enumerate(lines):
        spans = "".join(
            f'<tspan class="{kind}">{escape(piece)}</tspan>' if kind else escape(piece) for piece, kind in pieces(line)
        )
        rows.append(f'<text x="{PAD}" y="{BAR + PAD + ROW * number + 8}" xml:space="preserve">{spans}</text>')
    buttons = "".join(
        f'<circle cx="{20 + 18 * at}" cy="{BAR / 2}" r="5.5" fill="{fill}"/>'
        for at, fill in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(title)}"><style>{STYLE}</style>'
        f'<rect class="back" width="{width}" height="{height}" rx="10"/>'
        f'<path class="bar" d="M0 {BAR}V10A10 10 0 0 1 10 0H{width - 10}A10 10 0 0 1 {width} 10V{BAR}Z"/>{buttons}'
        f'<text class="title" x="{width / 2}" y="{BAR / 2 + 5}">{escape(title)}</text>' + "\n".join(rows) + "</svg>\n"
    )


def marked(text: str) -> str:
    """Give marks and addresses the colours that a program leaves out where it does not write to a terminal."""
    if ESCAPE.search(text):
        return text
    text = re.sub(r"^( *)(http\S+)$", "\\1\x1b[2m\\2\x1b[0m", text, flags=re.MULTILINE)
    return text.replace("✓", "\x1b[32m✓\x1b[0m").replace("✗", "\x1b[31m✗\x1b[0m")


def main() -> None:
    """Draw what comes in."""
    parser = argparse.ArgumentParser("documentation.terminal", description="Draw a program's output as an SVG.")
    parser.add_argument("output", type=Path, help="the SVG")
    parser.add_argument("title", help="what stands above the text, such as the command")
    parser.add_argument("--begin", default="", metavar="WORD", help="leave out what comes before a line that begins so")
    arguments = parser.parse_args()
    text = sys.stdin.read()
    if arguments.begin:
        found = re.search(rf"^{re.escape(arguments.begin)}", text, re.MULTILINE)
        text = text[found.start() :] if found else text
    arguments.output.write_text(drawn(marked(text), arguments.title), encoding="utf-8")


if __name__ == "__main__":
    main()
