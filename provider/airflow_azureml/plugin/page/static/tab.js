// The tab "Azure ML" of a task instance's page. Airflow's page loads this module and renders the function that it finds
// under `globalThis.AirflowPlugin`, with the ids of the task instance; React is the page's own.
import { readParts, readTask } from "./data.js";
import { Link, Note } from "./parts.js";
import { Attempts, Children, Data, Head, Log, Metrics, Overview, Why } from "./sections.js";

const { createElement: h, useEffect, useState } = globalThis.React;

const PAUSES = { pending: 1500, active: 5000, failing: 15000 };
const STYLE = "azureml-tab-style";

function addStyle() {
  if (document.getElementById(STYLE)) return;
  const link = document.createElement("link");
  Object.assign(link, { id: STYLE, rel: "stylesheet", href: new URL("./tab.css", import.meta.url).href });
  document.head.append(link);
}

// How long until something may have changed; undefined where nothing will.
function pause({ task, parts }) {
  if (!task.job_name) return task.is_ours && !task.is_over ? PAUSES.active : undefined;
  if (Object.values(parts).some((part) => part.is_pending)) return PAUSES.pending;
  if (parts.job.error) return task.is_over ? undefined : PAUSES.failing;
  const isJobOver = parts.job.value && parts.job.value.phase !== "active";
  return task.is_over && isJobOver ? undefined : PAUSES.active;
}

const visible = () =>
  document.visibilityState !== "hidden"
    ? Promise.resolve()
    : new Promise((go) => document.addEventListener("visibilitychange", go, { once: true }));

// What there is to show, read again while it may change and somebody looks.
function useReading(place, round) {
  const [seen, setSeen] = useState({});
  const key = JSON.stringify(place);
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    const sleep = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));
    (async () => {
      while (!signal.aborted) {
        let wait;
        try {
          const task = await readTask(place, signal);
          setSeen((before) => ({ task, parts: before.key === key ? before.parts : undefined, key }));
          const parts = task.job_name ? await readParts(place, signal) : {};
          if (signal.aborted) return;
          setSeen({ task, parts, key });
          wait = pause({ task, parts });
        } catch (error) {
          if (signal.aborted) return;
          setSeen({ key, error });
          wait = error.status ? undefined : PAUSES.failing;
        }
        if (wait === undefined) return;
        await sleep(wait);
        await visible();
      }
    })();
    return () => ending.abort();
  }, [key, round]);
  return seen.key === key ? seen : {};
}

const REFUSALS = {
  401: "Your session has ended. Reload the page to sign in again.",
  403: "Your role may not see this: it takes permission to read this task's instances and XComs.",
  404: "There is no such task instance any more.",
};

function Empty({ task }) {
  if (!task.is_ours) return h(Note, null, "This task has no Azure ML job.");
  return h(Note, null, task.is_over ? "This task has ended without an Azure ML job." : "This task has no Azure ML job yet.");
}

function Job({ task, parts, refresh }) {
  const job = parts?.job?.value;
  const isOver = job ? job.phase !== "active" : task.is_over;
  const studio = job?.studio_url ?? task.studio_url;
  const isMissing = parts?.job && !job && !parts.job.error && !parts.job.is_pending;
  return [
    h(
      Head,
      { key: "head", task, job },
      studio ? h(Link, { href: studio }, "Open in Azure ML Studio") : null,
      h("button", { type: "button", onClick: refresh }, "Refresh"),
    ),
    parts?.job?.error
      ? h(Note, { key: "error", kind: "warn" }, `Azure ML could not be asked; this is what Airflow knows. ${parts.job.error}`)
      : null,
    isMissing
      ? h(Note, { key: "missing" }, task.is_over ? "Azure ML has no such job (any more)." : "The job is about to be submitted.")
      : null,
    h(Why, { key: "why", job }),
    Object.entries(job?.not_read ?? {}).map(([what, why]) =>
      h(Note, { key: what, kind: "warn" }, `What Azure ML knows of the job's ${what} could not be read. ${why}`),
    ),
    h(Overview, { key: "overview", task, job }),
    h(Metrics, { key: "metrics", task, job, curves: parts?.curves }),
    h(Children, { key: "children", job }),
    h(Data, { key: "data", task, job }),
    h(Attempts, { key: "attempts", task, attempts: parts?.attempts }),
    h(Log, { key: "log", log: parts?.log ?? { is_pending: true }, isOver }),
  ];
}

// Airflow 3.4 also gives the task instance, once it has read it: one in a Task Loop is found by its place there alone.
function placeOf({ dagId, runId, taskId, mapIndex, taskInstance }) {
  const place = { dagId, runId, taskId, mapIndex: mapIndex ?? -1 };
  const { region_id: regionId, region_index: index } = taskInstance ?? {};
  return regionId && index !== undefined && index !== null ? { ...place, mapIndex: index, regionId } : place;
}

export function AzureMLTab(props) {
  useEffect(addStyle, []);
  const [round, setRound] = useState(0);
  const { task, parts, error } = useReading(placeOf(props), round);
  const isPlaceComing = "taskInstance" in props && !props.taskInstance;
  let content = h("p", { className: "azml-muted", role: "status" }, "Reading…");
  if (error && !(isPlaceComing && error.status === 404)) {
    content = h(Note, { kind: "bad" }, REFUSALS[error.status] ?? `This could not be read. ${error.message}`);
  } else if (task) {
    content = task.job_name ? h(Job, { task, parts, refresh: () => setRound(round + 1) }) : h(Empty, { task });
  }
  return h("div", { className: "azml", "data-testid": "azureml-tab" }, content);
}

globalThis.AirflowPlugin = AzureMLTab;
