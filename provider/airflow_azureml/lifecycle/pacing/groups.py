"""Whose jobs may share a request: the whole workspace's, those of one experiment, or nobody's.

Microsoft documents no request for many jobs, so each is tried, and what a workspace refuses is remembered for a while:
``batchrundata`` of the whole workspace first, then ``runs:query`` of each experiment, then one look at each job.
"""

from __future__ import annotations

Group = str | None
"""The whole workspace (``WORKSPACE``), the name of an experiment, or None for a job that is looked at alone."""

WORKSPACE = ""

REMEMBERED_FOR = 3600.0
"""Seconds for which what was refused is not asked again."""

SUSPENDED_FOR = 300.0
"""Seconds for which run history is not asked after it failed otherwise: its host may be out of reach where Azure
Resource Manager is not."""

NEVER = float("-inf")


class Groups:
    """What a workspace has been found to answer."""

    def __init__(self) -> None:
        self._workspace_until = NEVER
        self._experiments_until = NEVER
        self._experiment_until: dict[str, float] = {}
        self._suspended_until = NEVER
        self._knows_experiments = False
        self._all_failed = False
        self._failures = 0

    def of(self, experiment: str | None, now: float) -> Group:
        """The group in which a job is asked for.

        :param experiment: the job's; None where it is not known.
        """
        if now < self._suspended_until:
            return None
        if now >= self._workspace_until:
            return WORKSPACE
        if not experiment or now < self._experiments_until or now < self._experiment_until.get(experiment, NEVER):
            return None
        return experiment

    def answered(self, group: Group) -> bool:
        """Remember that a request was answered; True if run history may be asked again from now on."""
        if group is not None:
            self._failures = 0
            self._knows_experiments |= group != WORKSPACE
            return False
        # What is over was a bad spell of everything, not of run history alone.
        lifted = self._all_failed and self._suspended_until != NEVER
        self._all_failed = False
        if lifted:
            self._suspended_until, self._failures = NEVER, 0
        return lifted

    def refused(self, group: str, now: float) -> None:
        """Remember that requests of a group are refused: by the workspace, or for that experiment alone."""
        until = now + REMEMBERED_FOR
        if group == WORKSPACE:
            self._workspace_until = until
        elif self._knows_experiments:
            self._experiment_until[group] = until
        else:
            self._experiments_until = until

    def failed(self, group: Group, now: float) -> bool:
        """Count a request that failed without a word of refusal; True when run history is not asked for a while."""
        if group is None:
            self._all_failed = True
            return False
        self._failures += 1
        if self._failures < 2:
            return False
        self._suspended_until = now + SUSPENDED_FOR
        return True
