// Times, lengths of time and numbers in words. Times are shown in the zone that the person has chosen in Airflow.

function zone() {
  try {
    const chosen = JSON.parse(globalThis.localStorage.getItem("timezone")) ?? "UTC";
    return chosen === "local" ? undefined : chosen;
  } catch {
    return "UTC";
  }
}

export function moment(iso) {
  const options = { dateStyle: "medium", timeStyle: "medium", timeZone: zone() };
  try {
    return new Intl.DateTimeFormat(undefined, options).format(new Date(iso));
  } catch {
    return iso;
  }
}

export function length(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return undefined;
  if (seconds < 60) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const [days, hours, minutes] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24, Math.floor(whole / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

export function between(begin, end) {
  return begin ? length(((end ? new Date(end) : new Date()) - new Date(begin)) / 1000) : undefined;
}

export function number(value) {
  if (typeof value !== "number") return "not a finite number";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

// Only a web address becomes a link: others, such as `javascript:`, would run as the page's own.
export function webAddress(text) {
  return typeof text === "string" && /^https?:\/\//i.test(text) ? text : undefined;
}
