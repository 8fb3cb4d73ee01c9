// The small parts that the tab is made of.
import { moment, webAddress } from "./words.js";

const { createElement: h, useId } = globalThis.React;

const PHASES = {
  Completed: "good",
  Finished: "good",
  success: "good",
  Failed: "bad",
  failed: "bad",
  upstream_failed: "bad",
  Canceled: "over",
  CancelRequested: "over",
  skipped: "over",
  removed: "over",
  Running: "active",
  Finalizing: "active",
  running: "active",
};

export const Status = ({ word }) =>
  h("span", { className: "azml-status", "data-phase": PHASES[word] ?? "waiting" }, word ?? "no status");

export const Link = ({ href, children }) => {
  const address = webAddress(href);
  return address ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, children) : children;
};

export const Time = ({ at }) => (at ? h("time", { dateTime: at, title: at }, moment(at)) : null);

export const Note = ({ kind = "info", children }) =>
  h("p", { className: "azml-note", "data-kind": kind, role: kind === "bad" ? "alert" : "status" }, children);

// A list of names and what they say; what says nothing is left out.
export const Facts = ({ rows }) =>
  h(
    "dl",
    { className: "azml-facts" },
    rows
      .filter(([, value]) => value !== undefined && value !== null && value !== "")
      .map(([name, value]) => h("div", { key: name }, h("dt", null, name), h("dd", null, value))),
  );

export function Section({ title, children }) {
  const id = useId();
  return h("section", { "aria-labelledby": id }, h("h3", { id }, title), children);
}

// A table with a heading; nothing where it has no rows. The first cell of a row names it.
export function Table({ title, columns, rows, after }) {
  const id = useId();
  if (!rows.length) return null;
  return h(
    "section",
    { "aria-labelledby": id },
    h("h3", { id }, title),
    h(
      "div",
      { className: "azml-scroll", tabIndex: 0, role: "region", "aria-labelledby": id },
      h(
        "table",
        { "aria-labelledby": id },
        h("thead", null, h("tr", null, columns.map((name) => h("th", { key: name, scope: "col" }, name)))),
        h(
          "tbody",
          null,
          rows.map(({ key, cells: [first, ...others] }) =>
            h(
              "tr",
              { key },
              h("th", { scope: "row" }, first),
              others.map((cell, index) => h("td", { key: columns[index + 1] }, cell)),
            ),
          ),
        ),
      ),
    ),
    after,
  );
}
