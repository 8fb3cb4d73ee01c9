"""Which trials policies end, from reports that are written down here."""

from __future__ import annotations

from typing import Any

import pytest

from azureml_emulator.sweeps.early_termination import Policy, policy_of

THREE = {"good": [0.5, 0.7, 0.8], "fair": [0.5, 0.6, 0.67], "poor": [0.6, 0.61, 0.65]}


def ended(policy: Policy, reports: dict[str, list[float]]) -> set[str]:
    """The trials that a policy ends."""
    return {trial for trial in reports if policy.ended(trial, reports)}


def test_a_bandit_ends_what_is_beyond_its_slack_factor() -> None:
    # Microsoft's example: the best reported 0.8, the factor is 0.2, whatever is below 0.8 / 1.2 = 0.66 is ended.
    policy = Policy("Bandit", True, interval=3, slack_factor=0.2)
    assert ended(policy, THREE) == {"poor"}
    assert ended(policy, {name: values[:2] for name, values in THREE.items()}) == set()


def test_a_bandit_compares_the_best_values_so_far() -> None:
    fallen = {"best": [0.1, 0.9, 0.2], "other": [0.85, 0.1, 0.1]}
    assert ended(Policy("Bandit", True, interval=3, slack_amount=0.1), fallen) == set()


@pytest.mark.parametrize(("amount", "expected"), [(0.0, {"b", "c"}), (0.15, {"c"}), (1.0, set())])
def test_a_bandit_takes_an_amount(amount: float, expected: set[str]) -> None:
    assert ended(Policy("Bandit", True, slack_amount=amount), {"a": [0.8], "b": [0.7], "c": [0.5]}) == expected


def test_a_bandit_minimizes() -> None:
    losses = {"a": [0.5], "b": [0.55], "c": [0.7]}
    assert ended(Policy("Bandit", False, slack_factor=0.2), losses) == {"c"}
    assert ended(Policy("Bandit", False, slack_amount=0.01), losses) == {"b", "c"}


def test_the_best_is_never_ended() -> None:
    below_zero = {"a": [-1.0], "b": [-1.1], "c": [-2.0]}
    assert ended(Policy("Bandit", True, slack_factor=0.2), below_zero) == {"c"}
    equals = {name: [0.5] for name in "abc"}
    assert ended(Policy("TruncationSelection", True, percentage=50), equals) == set()
    for kind in ("Bandit", "MedianStopping", "TruncationSelection"):
        assert ended(Policy(kind, True, percentage=99), {"alone": [0.1, 0.2]}) == set()


def test_median_stopping_compares_the_best_with_the_median_of_averages() -> None:
    # Averages over five reports: 0.3, 0.5, 0.7; their median is 0.5.
    reports = {"a": [0.3] * 5, "b": [0.1, 0.3, 0.5, 0.7, 0.9], "c": [0.7] * 5}
    assert ended(Policy("MedianStopping", True, interval=5), reports) == {"a"}
    assert ended(Policy("MedianStopping", False, interval=5), reports) == {"c"}


def test_truncation_ends_a_share_of_the_lowest() -> None:
    reports = {str(number): [number / 10] for number in range(10)}
    assert ended(Policy("TruncationSelection", True, percentage=20), reports) == {"0", "1"}
    assert ended(Policy("TruncationSelection", False, percentage=20), reports) == {"8", "9"}
    assert ended(Policy("TruncationSelection", True, percentage=9), reports) == set()


@pytest.mark.parametrize(
    ("interval", "delay", "due"), [(1, 0, [1, 2, 3, 4, 5, 6]), (2, 0, [2, 4, 6]), (2, 5, [6]), (1, 5, [5, 6])]
)
def test_policies_look_at_every_so_many_reports(interval: int, delay: int, due: list[int]) -> None:
    policy = Policy("Bandit", True, interval, delay)
    assert [number for number in range(1, 7) if policy.is_due(number)] == due


def test_reports_between_two_looks_are_all_looked_at() -> None:
    policy = Policy("Bandit", True, interval=2, slack_amount=0.1)
    reports = {"a": [0.9] * 4, "b": [0.1, 0.1, 0.9, 0.9]}
    assert policy.ended("b", reports, seen=1)
    assert not policy.ended("b", reports, seen=2)


def test_a_trial_that_came_first_is_compared_with_those_that_come_after_it() -> None:
    policy = Policy("Bandit", True, interval=2, slack_amount=0.1)
    poor = [0.1, 0.1, 0.1]
    assert not policy.ended("b", {"a": [0.9], "b": poor})
    assert policy.ended("b", {"a": [0.9, 0.9], "b": poor}, seen=3)
    assert not policy.ended("c", {"a": [0.9, 0.9], "c": []})


def test_a_metric_that_is_no_number_is_worse_than_any() -> None:
    assert ended(Policy("Bandit", False, slack_amount=0.1), {"a": [0.5], "b": [float("nan")]}) == {"b"}


POLICIES: list[tuple[Any, Any]] = [
    (None, None),
    ({"policyType": "MedianStopping"}, Policy("MedianStopping", True)),
    (
        {"policyType": "Bandit", "delayEvaluation": 0, "evaluationInterval": 0, "slackFactor": 0, "slackAmount": 0.3},
        Policy("Bandit", True, slack_amount=0.3),
    ),
    (
        {"policyType": "TruncationSelection", "truncationPercentage": 20, "delayEvaluation": 5},
        Policy("TruncationSelection", True, delay=5, percentage=20),
    ),
]


@pytest.mark.parametrize(("row", "expected"), POLICIES)
def test_policies_are_read_from_requests(row: Any, expected: Any) -> None:
    assert policy_of(row, "Maximize") == expected
