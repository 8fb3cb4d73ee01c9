// What the tab asks the API server for. The session is the one that the person has with Airflow: no other credential.

const HERE = new URL("../", import.meta.url);

export class Refused extends Error {
  constructor(status, detail) {
    super(detail || `The API server answered ${status}.`);
    this.status = status;
  }
}

async function ask(part, place, signal) {
  const address = new URL(`dags/${encodeURIComponent(place.dagId)}/${part}`, HERE);
  const query = { run_id: place.runId, task_id: place.taskId, map_index: place.mapIndex, region_id: place.regionId };
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) address.searchParams.set(name, value);
  }
  let answer = await fetch(address, { signal });
  const token = answer.status === 401 && globalThis.localStorage.getItem("token");
  if (token) {
    // Airflow 3.1.0 has no session cookie: its own page sends this token.
    answer = await fetch(address, { signal, headers: { Authorization: `Bearer ${token}` } });
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(answer.status, typeof body.detail === "string" ? body.detail : undefined);
  return body;
}

// A part that Airflow refuses (the log may be hidden from this person), or that cannot be had now, says so in its place.
async function part(name, place, signal) {
  try {
    return await ask(name, place, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return { value: null, error: error.message, isRefused: error.status === 403 };
  }
}

export const readTask = (place, signal) => ask("task", place, signal);

export async function readParts(place, signal) {
  const [job, log, curves, attempts] = await Promise.all(
    ["job", "log", "curves", "attempts"].map((name) => part(name, place, signal)),
  );
  return { job, log, curves, attempts };
}
