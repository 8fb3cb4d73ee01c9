"""Which values trials get, without any trial."""

from __future__ import annotations

import itertools
import math
import statistics
from typing import Any

import pytest

from azureml_emulator.sweeps import sobol
from azureml_emulator.sweeps.bayesian import Bayesian
from azureml_emulator.sweeps.distributions import Distribution, distribution_of
from azureml_emulator.sweeps.sampling import Drawn, Grid, Sampler, random_points, size_of, sobol_points

SHARES = [(number + 0.5) / 1000 for number in range(1000)]
COLOURS = ["red", "green", "blue"]


def space(**rows: list[Any]) -> dict[str, Distribution]:
    """A search space as a request describes it."""
    return {name: distribution_of(row) for name, row in rows.items()}


def drawn(sampler: Sampler, most: int = 1000) -> list[dict[str, Any]]:
    """The values of so many trials, or of all there are."""
    found = []
    for number in range(most):
        values = sampler.next(number)
        if values is None:
            break
        found.append(values)
    return found


SPREAD: list[tuple[list[Any], float, float, float]] = [
    (["uniform", [2, 4]], 2, 3, 4),
    (["loguniform", [-6, -1]], math.exp(-6), math.exp(-3.5), math.exp(-1)),
    (["quniform", [1, 10, 2]], 2, 6, 10),
    (["qloguniform", [0, 3, 5]], 0, 5, 20),
    (["normal", [10, 3]], 0.13, 10, 19.87),
    (["lognormal", [0, 1]], 0.04, 1, 26.9),
    (["qnormal", [10, 3, 5]], 0, 10, 20),
    (["qlognormal", [0, 1, 3]], 0, 0, 27),
    (["randint", [7]], 0, 3, 6),
]


@pytest.mark.parametrize(("row", "least", "middle", "most"), SPREAD, ids=lambda value: str(value)[:20])
def test_each_distribution_spreads_its_values(row: list[Any], least: float, middle: float, most: float) -> None:
    values = [distribution_of(row).at(share) for share in SHARES]
    assert values == sorted(values)
    assert (values[0], values[-1]) == (pytest.approx(least, abs=0.05), pytest.approx(most, rel=0.05))
    assert statistics.median(values) == pytest.approx(middle, rel=0.01)


def test_quantized_values_are_whole_multiples() -> None:
    values = {distribution_of(["quniform", [1, 10, 2]]).at(share) for share in SHARES}
    assert values == {2, 4, 6, 8, 10}
    assert all(isinstance(value, int) for value in values)


def test_each_option_of_a_choice_is_as_likely() -> None:
    choice = distribution_of(["choice", [COLOURS]])
    assert [sum(choice.at(share) == colour for share in SHARES) for colour in COLOURS] == [333, 334, 333]


def test_the_base_of_logarithmic_values_can_be_another() -> None:
    assert distribution_of(["loguniform", [-3, -1]], 10.0).at(0.5) == pytest.approx(0.01)


@pytest.mark.parametrize("points", [random_points, sobol_points])
def test_a_seed_draws_the_same_values_again(points: Any) -> None:
    continuous = space(lr=["loguniform", [-6, -1]], keep=["uniform", [0, 1]])
    first, second, other = (drawn(Drawn(continuous, points(2, seed)), 5) for seed in (7, 7, 8))
    assert first == second
    assert first != other
    assert len({values["lr"] for values in first}) == 5


@pytest.mark.parametrize("points", [random_points, sobol_points])
def test_no_combination_is_tried_twice_and_a_small_space_ends(points: Any) -> None:
    small = space(colour=["choice", [COLOURS]], depth=["randint", [4]])
    found = drawn(Drawn(small, points(2, 1)))
    assert size_of(small) == 12
    assert len(found) == 12
    assert len({tuple(values.values()) for values in found}) == 12


def test_a_space_without_new_values_ends() -> None:
    assert drawn(Drawn(space(x=["quniform", [0, 1, 1]]), random_points(1, 1))) in (
        [{"x": 0}, {"x": 1}],
        [{"x": 1}, {"x": 0}],
    )


def test_a_grid_has_every_combination_once() -> None:
    grid = Grid(space(depth=["choice", [[1, 2]]], colour=["choice", [COLOURS]]))
    assert drawn(grid) == [{"depth": depth, "colour": colour} for depth in (1, 2) for colour in COLOURS]


def test_sobols_points_are_those_of_the_published_table() -> None:
    # The first points of three coordinates: Bratley and Fox, Algorithm 659 (1988), and any text on the sequence.
    expected = [(0, 0, 0), (0.5, 0.5, 0.5), (0.75, 0.25, 0.25), (0.25, 0.75, 0.75), (0.375, 0.375, 0.625)]
    assert list(itertools.islice(sobol.points(3, (0, 0, 0)), 5)) == expected


def test_sobols_points_fill_every_cell_evenly_in_each_coordinate() -> None:
    points = list(itertools.islice(sobol_points(sobol.MOST + 2, 3), 64))
    for coordinate in range(sobol.MOST):
        assert sorted(int(point[coordinate] * 64) for point in points) == list(range(64))
    assert all(len({point[coordinate] for point in points}) == 64 for coordinate in (-2, -1))


def test_bayesian_sampling_comes_nearer_to_the_best() -> None:
    pytest.importorskip("optuna", reason="the extra emulator-sweep is not installed")
    wide = space(x=["uniform", [0, 10]], q=["quniform", [0, 10, 5]], colour=["choice", [COLOURS]])
    sampler = Bayesian(wide, "Minimize", seed=1)
    losses = []
    for number in range(40):
        values = sampler.next(number)
        assert values is not None
        assert values["q"] in (0, 5, 10)
        losses.append((values["x"] - 4) ** 2 + abs(values["q"] - 5) + (values["colour"] != "green") * 10)
        sampler.tell(number, None if number == 3 else losses[-1])
    assert statistics.fmean(losses[-10:]) < statistics.fmean(losses[:10]) / 2


def test_bayesian_sampling_runs_trials_side_by_side() -> None:
    pytest.importorskip("optuna", reason="the extra emulator-sweep is not installed")
    sampler = Bayesian(space(x=["uniform", [5, 5]]), "Maximize")
    assert drawn(sampler, 3) == [{"x": 5.0}] * 3
    for number in (2, 0, 1):
        sampler.tell(number, float(number))
