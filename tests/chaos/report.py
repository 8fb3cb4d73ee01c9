"""What a session has shown: JSON to keep, and a table of all sessions."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.chaos.judge import OURS
from tests.chaos.plan import CUT_OFF

Report = dict[str, Any]


def totals(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many runs there were, how many jobs, and with how many of them something was wrong."""
    counts = Counter(word for row in rows for word in {word for word, _ in row["wrong"]})
    ended = [row for row in rows if not cut_off(row)]
    return {
        "runs": len(ended),
        "cut off": len(rows) - len(ended),
        "left to people": sum(any(event.get("undecided") for event in row["history"]) for row in rows),
        "left to the sweep": sum(bool(row.get("sweep")) for row in rows),
        "jobs": sum(row["jobs"] for row in rows),
        **{word: counts[word] for word in OURS},
        "Airflow's own": sum(bool(row["airflow"]) for row in rows),
    }


def cut_off(row: dict[str, Any]) -> bool:
    """Whether the session has left a run no time to come to its end."""
    return any(event["what"] == CUT_OFF for event in row["history"])


def table(reports: Iterable[Report]) -> str:
    """A table of all sessions, one of the moments, and one of what fell on all."""
    reports = list(reports)
    parts = ["| bed | seed | naming | tasks hit | " + " | ".join(totals([])) + " |"]
    parts.append("|---" * (4 + len(totals([]))) + "|")
    for report in reports:
        rows = report["cases"]
        hit = sum(any("point" in event for event in row["history"]) for row in rows)
        words = [report["bed"], report["seed"], "on" if report["named"] else "off", hit, *totals(rows).values()]
        parts.append("| " + " | ".join(map(str, words)) + " |")
    parts += ["", "| moment | what is done | times | wrong |", "|---|---|---|---|"]
    for (point, what), (count, wrong) in sorted(moments(reports).items()):
        parts.append(f"| {point} | {what} | {count} | {wrong} |")
    parts += ["", "| falls on all | times |", "|---|---|"]
    storms = Counter(storm["kind"] for report in reports for storm in report["storms"])
    parts += [f"| {kind} | {count} |" for kind, count in storms.most_common()]
    return "\n".join(parts)


def moments(reports: Iterable[Report]) -> dict[tuple[str, str], tuple[int, int]]:
    """How often each thing was done at each moment that was reached, and in how many runs something was wrong."""
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for report in reports:
        for row in report["cases"]:
            for event in row["history"]:
                if event.get("reached") and event.get("outcome") not in ("task had ended", "no process", "gone"):
                    found = counts[event["point"], event["what"]]
                    found[0] += 1
                    found[1] += bool(row["wrong"])
    return {key: (count, wrong) for key, (count, wrong) in counts.items()}


def read(places: Iterable[Path]) -> list[Report]:
    """The reports of earlier sessions."""
    return [json.loads(place.read_text(encoding="utf-8")) for place in places]
