"""The list of jobs: which of them a search finds, page by page. No HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from azureml_emulator.jobs.models import STATUSES, Job

ON_A_PAGE = 100
ACTIVE = "active"
"""The filter for every status that is not final."""


@dataclass(frozen=True)
class Search:
    """What is looked for.

    :param words: each stands somewhere in the job's name, display name, experiment or tags, in any case.
    :param status: a status, ``active``, or empty for all.
    :param kind: a ``jobType``, or empty for all.
    :param parts: whether steps and trials are listed beside the jobs that they belong to.
    :param page: counts from 1.
    """

    text: str = ""
    status: str = ""
    kind: str = ""
    parts: bool = False
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Search:
        """The search in the query of an address; what it cannot mean is ignored."""
        status, number = query.get("status", ""), query.get("page", "1")
        return cls(
            query.get("q", "").strip()[:200],
            status if status in (ACTIVE, *STATUSES) else "",
            query.get("type", ""),
            query.get("parts") == "1",
            max(1, int(number)) if number.isascii() and number.isdigit() and len(number) < 9 else 1,
        )

    def finds(self, job: Job) -> bool:
        """Whether a job is among those looked for, whatever its status."""
        if (job.belongs and not self.parts) or (self.kind and job.definition.get("jobType") != self.kind):
            return False
        return not self.text or all(word in searched(job) for word in self.text.lower().split())

    def wants(self, status: str, ended: bool) -> bool:
        """Whether the status is one of those looked for."""
        return not self.status or status == self.status or (self.status == ACTIVE and not ended)


@dataclass(frozen=True)
class Listing:
    """What a search found: the jobs of one page, the newest first.

    :param counts: the jobs that fit but for their status, by status.
    :param kinds: the types of all jobs.
    """

    jobs: list[Job]
    total: int
    page: int
    pages: int
    counts: dict[str, int]
    kinds: list[str]


def listing(jobs: Iterable[Job], search: Search) -> Listing:
    """Search the jobs.

    :param jobs: the oldest first.
    """
    everything = list(jobs)
    fitting = [job for job in everything if search.finds(job)]
    found = [job for job in reversed(fitting) if search.wants(job.status, job.ended)]
    counted = Counter(job.status for job in fitting)
    pages = max(1, -(-len(found) // ON_A_PAGE))
    page = min(search.page, pages)
    return Listing(
        found[(page - 1) * ON_A_PAGE : page * ON_A_PAGE],
        len(found),
        page,
        pages,
        {status: counted[status] for status in STATUSES if counted[status]},
        sorted({str(job.definition.get("jobType")) for job in everything}),
    )


def searched(job: Job) -> str:
    """The text of a job that a search looks in."""
    definition = job.definition
    tags = [f"{name} {value}" for name, value in (definition.get("tags") or {}).items()]
    return "\n".join([job.name, str(definition.get("displayName") or ""), job.experiment, *tags]).lower()
