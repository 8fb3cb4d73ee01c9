"""Early termination: which trials a policy ends, from what all trials have reported. No HTTP, no clocks.

Each report of the primary metric is one interval of its trial; a policy looks at a trial at every multiple of
``evaluation_interval`` that is at least ``delay_evaluation``. Source: Microsoft's *Hyperparameter tuning a model*,
whose examples are in the tests. Not said there, and so ours: at an interval, the trials that have come so far are
compared; the trial that is best there is never ended; an ``evaluation_interval`` of 0, which Microsoft's client sends
for a policy without one, is 1, the default of the YAML schema.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Reports = Mapping[str, Sequence[float]]
"""By trial what it has reported of the primary metric, the oldest first."""

Judge = Callable[["Policy", str, int, Reports], bool]
"""``judge(policy, trial, interval, reports)``: whether a trial is to end; greater values are better, and all trials
have reported at least ``interval`` values."""


@dataclass(frozen=True)
class Policy:
    """A policy of early termination.

    :param kind: ``Bandit``, ``MedianStopping`` or ``TruncationSelection``.
    :param maximize: whether greater values of the metric are better.
    :param slack_factor, slack_amount: those of a bandit policy; the factor counts unless it is 0.
    :param percentage: how many of a hundred trials a truncation selection ends.
    """

    kind: str
    maximize: bool
    interval: int = 1
    delay: int = 0
    slack_factor: float = 0.0
    slack_amount: float = 0.0
    percentage: int = 0

    def is_due(self, interval: int) -> bool:
        """Whether the policy looks at a trial that has reported for the ``interval``-th time."""
        return interval % self.interval == 0 and interval >= self.delay

    def ended(self, trial: str, reports: Reports, seen: int = 0) -> bool:
        """Whether a trial is to end, by what it has reported since it was asked about, and by its latest interval that
        is due: others may have come there after it.

        :param reports: those of all trials, ended ones as well.
        :param seen: how many reports of the trial it was asked about before.
        """
        sign = 1.0 if self.maximize else -1.0
        latest = len(reports[trial]) // self.interval * self.interval
        for interval in range(min(seen + 1, latest) or 1, len(reports[trial]) + 1):
            if not self.is_due(interval):
                continue
            there = {
                name: [-math.inf if math.isnan(value) else sign * value for value in values]
                for name, values in reports.items()
                if len(values) >= interval
            }
            if JUDGES[self.kind](self, trial, interval, there):
                return True
        return False


def policy_of(row: Mapping[str, Any] | None, goal: str) -> Policy | None:
    """The policy that a request describes as ``earlyTermination``, or None."""
    if row is None:
        return None
    return Policy(
        row["policyType"],
        goal == "Maximize",
        max(1, row.get("evaluationInterval") or 1),
        row.get("delayEvaluation") or 0,
        row.get("slackFactor") or 0.0,
        row.get("slackAmount") or 0.0,
        row.get("truncationPercentage") or 0,
    )


def beyond_slack(policy: Policy, trial: str, interval: int, reports: Reports) -> bool:
    """Bandit: the trial's best value so far is worse than the best of all by more than the slack.

    To maximize, ``best / (1 + slack_factor)`` is the limit. That of a metric to minimize is ``best * (1 + factor)`` by
    analogy; for a metric below 0 the two change places, so that the limit is worse than the best in any case.
    """
    best = {name: max(values[:interval]) for name, values in reports.items()}
    top = max(best.values())
    limit = top - policy.slack_amount
    if policy.slack_factor:
        limit = top / (1 + policy.slack_factor) if top > 0 else top * (1 + policy.slack_factor)
    return best[trial] < min(limit, top)


def below_median(policy: Policy, trial: str, interval: int, reports: Reports) -> bool:
    """Median stopping: the trial's best value so far is worse than the median of all trials' averages so far."""
    averages = [statistics.fmean(values[:interval]) for values in reports.values()]
    best = max(reports[trial][:interval])
    return best < statistics.median(averages) and best < max(max(values[:interval]) for values in reports.values())


def among_the_worst(policy: Policy, trial: str, interval: int, reports: Reports) -> bool:
    """Truncation selection: the trial's value is among the given percentage of the worst, rounded down."""
    values = {name: reported[interval - 1] for name, reported in reports.items()}
    worse = sum(value < values[trial] for value in values.values())
    return worse < math.floor(len(values) * policy.percentage / 100) and values[trial] < max(values.values())


JUDGES: Mapping[str, Judge] = {
    "Bandit": beyond_slack,
    "MedianStopping": below_median,
    "TruncationSelection": among_the_worst,
}
