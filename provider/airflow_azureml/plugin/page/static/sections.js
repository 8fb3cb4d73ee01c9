// The sections of the tab, each from what Airflow has of the task and what Azure ML says of the job.
import { Curves } from "./curves.js";
import { Facts, Link, Note, Section, Status, Table, Time } from "./parts.js";
import { between, length, number } from "./words.js";

const { createElement: h, useEffect, useRef } = globalThis.React;

const REASONS = {
  preempted: "The node was preempted",
  capacity: "No capacity",
  node: "The node was lost",
  image: "The image could not be built or pulled",
  data: "Data could not be read",
  timeout: "Out of time",
  user: "The script failed",
  service: "The service failed",
};

export function Head({ task, job, children }) {
  const name = job?.display_name ?? task.job_name;
  return h(
    "header",
    { className: "azml-head" },
    h("h2", null, name),
    h("span", { role: "status" }, h(Status, { word: job?.status ?? task.result?.status })),
    children,
  );
}

export function Why({ job }) {
  if (!job?.why) return null;
  const { kind, code, reason } = job.why;
  const what = REASONS[kind] ?? (job.phase === "canceled" ? "The job was canceled" : "The job failed");
  return h(
    Note,
    { kind: job.phase === "failed" ? "bad" : "info" },
    h("strong", null, code ? `${what} (${code}).` : `${what}.`),
    reason ? ` ${reason}` : null,
  );
}

export function Overview({ task, job }) {
  const result = task.result ?? {};
  const usage = task.usage ?? {};
  const [created, started] = [job?.created_at, job?.started_at ?? result.started_at];
  const ended = job?.ended_at ?? result.ended_at;
  const isOver = job ? job.phase !== "active" : Boolean(ended);
  const queued = length(usage.queued_seconds) ?? (created && (started || !isOver) ? between(created, started) : undefined);
  const ran = length(usage.run_seconds) ?? (started && (ended || !isOver) ? between(started, ended) : undefined);
  const rows = [
    ["Job", h("code", null, task.job_name)],
    ["Kind", job?.kind],
    ["Experiment", job?.experiment_name ?? result.experiment_name],
    ["Compute", job?.compute],
    ["Submitted", created && h(Time, { at: created })],
    ["Started", started && h(Time, { at: started })],
    ["Ended", isOver && ended ? h(Time, { at: ended }) : undefined],
    [started ? "Was queued for" : "Queued for", queued],
    [isOver ? "Ran for" : "Running for", ran],
    ["Waits because", job?.queue_message],
    ["Nodes", [usage.nodes, usage.vm_size].filter(Boolean).join(" × ")],
    ["Node hours", typeof usage.node_hours === "number" ? number(usage.node_hours) : undefined],
    ["Cost", typeof usage.cost === "number" ? number(usage.cost) : undefined],
    ["Best trial", result.best_job_name && h("code", null, result.best_job_name)],
  ];
  return h(Section, { title: "Overview" }, h(Facts, { rows }));
}

export function Metrics({ task, job, curves }) {
  const metrics = Object.entries({ ...job?.metrics, ...task.result?.metrics }).sort(([a], [b]) => a.localeCompare(b));
  const rows = metrics.map(([name, value]) => ({ key: name, cells: [name, number(value)] }));
  const after = curves?.value ? h(Curves, curves.value) : null;
  return h(Table, { title: "Metrics", columns: ["Metric", "Last value"], rows, after });
}

export function Data({ task, job }) {
  const inputs = Object.entries(job?.inputs ?? {}).map(([name, { type, value }]) => ({
    key: name,
    cells: [name, type ?? "", h("code", null, value)],
  }));
  const outputs = Object.entries({ ...job?.outputs, ...task.result?.outputs })
    .filter(([, output]) => output?.path)
    .map(([name, { type, path, https_url: address }]) => ({
      key: name,
      cells: [name, type ?? "", h(Link, { href: address }, h("code", null, path))],
    }));
  return [
    h(Table, { key: "in", title: "Inputs", columns: ["Input", "Type", "Value"], rows: inputs }),
    h(Table, { key: "out", title: "Outputs", columns: ["Output", "Type", "Place"], rows: outputs }),
  ];
}

export function Children({ job }) {
  const rows = (job?.children ?? []).map((child) => ({
    key: child.name,
    cells: [child.display_name, h(Status, { word: child.status }), between(child.started_at, child.ended_at) ?? ""],
  }));
  const left = job?.children_left_out;
  const after = left ? h("p", { className: "azml-muted" }, `${left} more are not shown.`) : null;
  const title = { Sweep: "Trials", Pipeline: "Steps" }[job?.kind] ?? "Children";
  return h(Table, { title, columns: ["Name", "Status", "Ran for"], rows, after });
}

// The tries of the task, each with the jobs that it submitted. One that found a job of an earlier try has none of its
// own; the present one has that of the page.
export function Attempts({ task, attempts }) {
  const known = attempts?.value ?? [];
  if (task.tries.length < 2 && known.length < 2) return null;
  const rows = task.tries.map((one) => {
    const submitted = known.filter((job) => job.try_number === one.try_number);
    const isPresent = one.try_number === task.try_number;
    const found = submitted.length || !isPresent ? submitted : known.slice(0, 1);
    return {
      key: one.try_number,
      cells: [
        `Try ${one.try_number}`,
        h(Status, { word: one.state }),
        between(one.started_at, one.ended_at ?? (isPresent && !task.is_over ? undefined : one.started_at)) ?? "",
        found.length
          ? found.map((job) =>
              h("div", { key: job.name }, h(Link, { href: job.studio_url }, h("code", null, job.name)), " ",
                h(Status, { word: job.status })),
            )
          : "",
      ],
    };
  });
  return h(Table, { title: "Tries of the task", columns: ["Try", "State", "Took", "Jobs, the newest first"], rows });
}

export function Log({ log, isOver }) {
  const end = useRef(null);
  const text = log?.value ?? "";
  useEffect(() => {
    if (end.current) end.current.scrollTop = end.current.scrollHeight;
  }, [text]);
  if (log?.isRefused) return h(Section, { title: "Log" }, h(Note, null, "Your role may not read the logs of this task."));
  if (!text) {
    const said = log?.error ?? (isOver ? "The job has left no log." : "There is no log yet.");
    return h(Section, { title: "Log" }, h("p", { className: "azml-muted" }, log?.is_pending ? "Reading the log…" : said));
  }
  return h(
    Section,
    { title: "The log's last lines" },
    h("pre", { className: "azml-log", ref: end, tabIndex: 0, "aria-label": "The last lines of the job's log" }, text),
  );
}
