"""Bayesian sampling: values that are likely to be better than those tried so far, as Optuna suggests them.

Optuna's tree-structured Parzen estimator stands behind it; which one stands behind the service's is not published. It
is the extra ``emulator-sweep`` of the package, and only imported here. The first ten trials are random.
"""

from __future__ import annotations

import importlib.util
import json
from typing import Any

from azureml_emulator.sweeps.distributions import Distribution
from azureml_emulator.sweeps.sampling import Sampler, Space, Values


def is_installed() -> bool:
    """Whether Optuna is there."""
    return importlib.util.find_spec("optuna") is not None


class Bayesian(Sampler):
    """Asks Optuna for the values of each trial, and tells it how good they were."""

    def __init__(self, space: Space, goal: str, seed: int | None = None) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        sampler = optuna.samplers.TPESampler(constant_liar=True, seed=seed)
        self._space = space
        self._study = optuna.create_study(sampler=sampler, direction="maximize" if goal == "Maximize" else "minimize")
        self._failed = optuna.trial.TrialState.FAIL
        self._trials: dict[int, Any] = {}

    def next(self, number: int) -> Values | None:
        """The values that Optuna suggests."""
        self._trials[number] = trial = self._study.ask()
        return {name: suggested(trial, name, distribution) for name, distribution in self._space.items()}

    def tell(self, number: int, score: float | None) -> None:
        """Tell Optuna the score of a trial."""
        trial = self._trials.pop(number)
        if score is None:
            self._study.tell(trial, state=self._failed)
        else:
            self._study.tell(trial, score)


def suggested(trial: Any, name: str, distribution: Distribution) -> Any:
    """The value that Optuna suggests for one hyperparameter: a ``choice``, ``uniform`` or ``quniform``."""
    if distribution.options is not None:
        options = {json.dumps(each): each for each in distribution.options}
        return options[trial.suggest_categorical(name, list(options))]
    low, high, *rest = distribution.arguments
    share = trial.suggest_float(name, 0.0, 1.0) if high > low else 0.0
    return Distribution(distribution.kind, (low, high, *rest)).at(share)
