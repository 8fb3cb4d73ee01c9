"""What a terminal has shown becomes a picture, with its colours and its every character."""

from __future__ import annotations

from xml.etree import ElementTree

from documentation.terminal import drawn, marked, pieces

SVG = "{http://www.w3.org/2000/svg}"


def test_a_line_is_cut_where_its_colour_changes() -> None:
    assert list(pieces("a \x1b[32m✓\x1b[0m b")) == [("a ", ""), ("✓", "green"), (" b", "")]
    assert list(pieces("")) == []


def test_the_picture_has_all_lines_and_is_well_formed() -> None:
    picture = ElementTree.fromstring(drawn("\x1b[1mAUC\x1b[0m 0.87 & <more>\n\n  ✓ train\n", "make demo"))
    texts = ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]
    assert texts == ["make demo", "AUC 0.87 & <more>", "", "  ✓ train"]
    assert [span.get("class") for span in picture.iter(f"{SVG}tspan")] == ["bold"]


def test_marks_without_a_terminals_colours_get_them() -> None:
    assert marked("  ✓ train\n    http://127.0.0.1:1/runs/x\n") == (
        "  \x1b[32m✓\x1b[0m train\n    \x1b[2mhttp://127.0.0.1:1/runs/x\x1b[0m\n"
    )
    assert marked("\x1b[31m✓\x1b[0m") == "\x1b[31m✓\x1b[0m"
