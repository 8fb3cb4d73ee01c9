"""When a request for a job's status may go out: apart from the one before it, and after a pause where one failed."""

from __future__ import annotations

LONGEST_BACK_OFF = 30.0
"""Seconds for which nothing is sent after failures, at most, unless the service asks for more."""


class Throttle:
    """A budget of requests: each lies a whole gap after the one before it, however long nothing was sent.

    ``failures``: requests that failed since one was answered.

    :param budget: requests in a second.
    """

    __slots__ = ("_free_at", "_held_until", "failures", "gap")

    def __init__(self, budget: float) -> None:
        self.gap = 1.0 / budget
        self.failures = 0
        self._free_at = float("-inf")
        self._held_until = float("-inf")

    @property
    def free_at(self) -> float:
        """When the next request may go out."""
        return max(self._free_at, self._held_until)

    def sent(self, now: float, requests: int = 1) -> None:
        """Count requests that go out now."""
        self._free_at = max(self._free_at, now) + requests * self.gap

    def failed(self, now: float, retry_after: float | None = None) -> bool:
        """Send nothing for a while after a request that failed: 1, 2, 4 ... seconds, or what the service asks for.

        :returns: whether it counts; what fails beside another request that failed is the same failure.
        """
        counts = now >= self._held_until
        pause = min(2.0 ** min(self.failures, 10), LONGEST_BACK_OFF) if counts else 0.0
        self.failures += counts
        self._held_until = max(self._held_until, now + max(pause, retry_after or 0.0))
        return counts

    def succeeded(self) -> None:
        """End the bad spell after a request that was answered."""
        self.failures = 0
