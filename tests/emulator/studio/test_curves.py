"""Curves and scales: from the points of a metric to a line."""

from __future__ import annotations

import math

import pytest

from azureml_emulator.mlflow.models import Metric
from azureml_emulator.studio.curves import BOTTOM, LEFT, MOST, MOST_DOTS, RIGHT, TOP, curve
from azureml_emulator.studio.scales import Scale


def points(values: list[float], steps: list[int] | None = None) -> list[Metric]:
    return [Metric("m", value, index, steps[index] if steps else index) for index, value in enumerate(values)]


def test_a_curve_fills_its_box() -> None:
    drawn = curve("m", points([1, 3, 2]))
    assert drawn.line == f"{LEFT},{BOTTOM} {(LEFT + RIGHT) / 2:g},{TOP} {RIGHT},{(TOP + BOTTOM) / 2:g}"
    assert drawn.last == 2


def test_steps_are_put_in_order_and_values_without_steps_counted() -> None:
    assert curve("m", points([1, 2], [5, 3])).last == 1
    flat = curve("m", points([1, 2, 3], [0, 0, 0]))
    assert flat.across == "point"
    assert [dot.text for dot in flat.dots] == ["point 0: 1", "point 1: 2", "point 2: 3"]


@pytest.mark.parametrize("values", [[1.0], [math.nan, 1.0], [math.inf, -math.inf]])
def test_less_than_two_numbers_make_no_line(values: list[float]) -> None:
    assert curve("m", points(values)).line == ""


@pytest.mark.parametrize("values", [[2.0, 2.0], [-1e308, 1e308], [1e-320, 2e-320], [0.1, 0.1 + 1e-17]])
def test_a_line_has_places_for_any_numbers(values: list[float]) -> None:
    drawn = curve("m", points(values))
    assert all(LEFT <= dot.x <= RIGHT and TOP <= dot.y <= BOTTOM for dot in drawn.dots)
    assert drawn.y_ticks


def test_long_curves_keep_their_extremes() -> None:
    values = [math.sin(index / 50) for index in range(20_000)]
    values[7_777], values[12_345] = 9.0, -9.0
    drawn = curve("m", points(values))
    places = drawn.line.split()
    assert MOST / 2 < len(places) <= MOST + 2
    assert {float(place.split(",")[1]) for place in places} >= {TOP, BOTTOM}
    assert len(drawn.dots) == 0 < MOST_DOTS


def test_marks_are_round() -> None:
    assert [tick.text for tick in Scale(0.13, 1.02, 0, 100).ticks()] == ["0.5", "1"]
    assert [tick.text for tick in Scale(1e-5, 0.1, 0, 100, logarithmic=True).ticks()][-1] == "0.1"
    assert Scale(1e-4, 1, 0, 100, logarithmic=True)(1e-2) == 50
