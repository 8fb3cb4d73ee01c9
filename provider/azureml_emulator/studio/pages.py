"""The Studio pages as HTML: the list of jobs, and a page for each. Everything that comes from jobs is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any
from urllib.parse import quote

from azureml_emulator.core.clock import now
from azureml_emulator.jobs.models import Job, moment
from azureml_emulator.mlflow.models import Metric

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem 2rem; color: #222 }
header { color: #777; border-bottom: 1px solid #ddd; margin-bottom: 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin: 1.5rem 0 .3rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid #eee }
th { font-weight: 600; white-space: nowrap } td { overflow-wrap: anywhere }
code, pre { font: 13px/1.45 ui-monospace, monospace }
pre { background: #1c1c1c; color: #ddd; padding: 1rem; overflow: auto; max-height: 32rem; white-space: pre-wrap }
.status { padding: 0 .5rem; border-radius: .7rem; background: #dde7f7 }
.Completed { background: #d8f0d8 } .Failed { background: #f7d5d5 } .Canceled { background: #eee }
.error { background: #fdf0f0; color: #722 }
"""

SCRIPT = """
const log = document.getElementById("log");
let offset = log ? Number(log.dataset.offset) : 0;
async function look() {
  try {
    const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
    document.getElementById("facts").replaceWith(page.getElementById("facts"));
    if (log) {
      const answer = await fetch(`${location.pathname}/log?offset=${offset}`);
      const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 5;
      log.append(await answer.text());
      offset = Number(answer.headers.get("X-Log-Offset"));
      if (atEnd) log.scrollTop = log.scrollHeight;
    }
    if (page.body.dataset.active !== "true") return;
  } catch (error) {}
  setTimeout(look, 1000);
}
if (log) log.scrollTop = log.scrollHeight;
if (document.body.dataset.active === "true") setTimeout(look, 1000);
"""


def page(title: str, content: str, active: bool) -> str:
    """A whole page; an active one looks for news by itself."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="stylesheet" href="/studio.css"></head><body data-active="{str(active).lower()}">'
        '<header><a href="/">Jobs</a> · Azure ML emulator, for development and CI only</header>'
        f'{content}<script src="/studio.js"></script></body></html>'
    )


def job_list(jobs: Iterable[Job]) -> str:
    """All jobs, the newest first."""
    listed = list(jobs)
    head = "<tr><th>Job<th>Status<th>Experiment<th>Type<th>Created<th>Duration</tr>"
    rows = "".join(
        f"<tr><td>{link(job)}<br>{escape(str(job.definition.get('displayName') or ''))}<td>{badge(job.status)}"
        f"<td>{escape(job.experiment)}<td>{escape(str(job.definition.get('jobType')))}"
        f"<td>{time(job.created_at)}<td>{duration(job)}</tr>"
        for job in reversed(listed)
    )
    empty = "" if listed else "<p>No job was made yet.</p>"
    content = f'<h1>Jobs</h1><div id="facts"><table>{head}{rows}</table>{empty}</div>'
    return page("Jobs", content, active=True)


def job_page(
    job: Job,
    compute: str,
    metrics: Mapping[str, list[Metric]],
    params: Mapping[str, str],
    log: tuple[str, int],
    logs: Iterable[str],
    children: Iterable[Job] = (),
) -> str:
    """One job.

    :param compute: the name of the compute that it runs on.
    :param children: the jobs that belong to it: the steps of a pipeline.
    :param log: the end of its log, and the number of bytes of the log up to there.
    :param logs: the names of all its logs.
    """
    text, offset = log
    facts = "".join(
        [
            table("", facts_of(job, compute)),
            error_block(job),
            table("Steps", {each.node or each.name: f"{badge(each.status)} {link(each)}" for each in children}),
            table("Inputs", {name: data(row) for name, row in job.definition.get("inputs", {}).items()}),
            table("Outputs", outputs_of(job)),
            table("Metrics", {name: series(points) for name, points in metrics.items()}),
            table("Parameters", {name: escape(value) for name, value in params.items()}),
            table("Tags", {name: escape(str(value)) for name, value in (job.definition.get("tags") or {}).items()}),
        ]
    )
    base = f"/runs/{quote(job.name)}"
    names = " · ".join(f'<a href="{base}/logs/{quote(name)}">{escape(name)}</a>' for name in logs)
    content = (
        f'<h1>{escape(job.name)}</h1><div id="facts">{facts}</div><h2>Log</h2><p>{names}</p>'
        f'<pre id="log" data-offset="{offset}">{escape(text)}</pre>'
    )
    return page(job.name, content, active=not job.ended)


def facts_of(job: Job, compute: str) -> dict[str, str]:
    """The facts that any job has, as HTML; empty ones are left out."""
    definition = job.definition
    rows = {
        "Status": badge(job.status),
        "Queued because": escape(str((job.queueing or {}).get("message") or "")),
        "Display name": escape(str(definition.get("displayName") or "")),
        "Experiment": escape(job.experiment),
        "Type": escape(str(definition.get("jobType") or "")),
        "Part of": f'<a href="/runs/{quote(job.parent)}">{escape(job.parent)}</a>' if job.parent else "",
        "Command": f"<code>{escape(str(definition.get('command') or ''))}</code>" if definition.get("command") else "",
        "Environment": escape(str(definition.get("environmentId") or "")),
        "Compute": escape(compute),
        "Created": time(job.created_at),
        "Started": time(job.started_at),
        "Ended": time(job.ended_at),
        "Duration": duration(job),
        "Description": escape(str(definition.get("description") or "")),
    }
    return {name: value for name, value in rows.items() if value}


def outputs_of(job: Job) -> dict[str, str]:
    """The outputs of a job, each with the place of its data as soon as that is set."""
    definitions = job.definition.get("outputs", {})
    return {
        name: data({**(definitions.get(name) or {}), **job.outputs.get(name, {})})
        for name in {**definitions, **job.outputs}
    }


def data(row: Mapping[str, Any]) -> str:
    """An input or output: a literal's value, or type and place of data."""
    data_type = row.get("jobInputType") or row.get("jobOutputType") or row.get("type") or ""
    if data_type == "literal":
        return escape(str(row.get("value")))
    asset = f"<br>{escape(str(row['assetId']))}" if row.get("assetId") else ""
    return f"{escape(str(data_type))} {escape(str(row.get('uri') or ''))}{asset}"


def series(points: list[Metric]) -> str:
    """A metric's last value, and how many there were."""
    last = max(points, key=lambda point: (point.step, point.timestamp))
    more = f" <small>({len(points)} points, last step {last.step})</small>" if len(points) > 1 else ""
    return f"{escape(repr(last.value))}{more}"


def error_block(job: Job) -> str:
    """Why a job failed."""
    if not job.error:
        return ""
    message = str(job.error.get("message") or json.dumps(job.error))
    return f'<h2>Error</h2><pre class="error">{escape(message)}</pre>'


def table(title: str, rows: Mapping[str, str]) -> str:
    """Names and HTML values under a heading; nothing when there are none."""
    if not rows:
        return ""
    head = f"<h2>{escape(title)}</h2>" if title else ""
    inner = "".join(f"<tr><th>{escape(name)}<td>{value}</tr>" for name, value in rows.items())
    return f"{head}<table>{inner}</table>"


def link(job: Job) -> str:
    """A link to a job's page."""
    return f'<a href="/runs/{quote(job.name)}">{escape(job.name)}</a>'


def badge(status: str) -> str:
    """A status in its colour."""
    return f'<span class="status {escape(status)}">{escape(status)}</span>'


def time(text: str | None) -> str:
    """A recorded time, to the second."""
    parsed = moment(text)
    return f"{parsed:%Y-%m-%d %H:%M:%S} UTC" if parsed else ""


def duration(job: Job) -> str:
    """How long the command ran, or has been running."""
    start, end = moment(job.started_at), moment(job.ended_at)
    if start is None:
        return ""
    seconds = int(((end or now()) - start).total_seconds())
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}:{seconds % 60:02}"
