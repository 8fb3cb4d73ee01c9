// How metrics have developed, step by step: one small drawing for each.
import { number } from "./words.js";

const { createElement: h } = globalThis.React;

const [WIDTH, HEIGHT, MARGIN] = [240, 64, 4];

// The place of a number between two others; the middle where all are the same. Halved first: the difference of two
// floats may be greater than any float.
function part(value, low, high) {
  return high === low ? 0.5 : (value / 2 - low / 2) / (high / 2 - low / 2);
}

function Curve({ name, points }) {
  const [first, last] = [points[0], points[points.length - 1]];
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const line = points.map(([step, value]) => {
    const across = part(step, first[0], last[0]) * WIDTH;
    return `${across.toFixed(1)},${((1 - part(value, low, high)) * HEIGHT).toFixed(1)}`;
  });
  const range = `${number(low)} to ${number(high)}, steps ${first[0]} to ${last[0]}`;
  const said = `${name}: ${range}; from ${number(first[1])} to ${number(last[1])}`;
  const box = `${-MARGIN} ${-MARGIN} ${WIDTH + 2 * MARGIN} ${HEIGHT + 2 * MARGIN}`;
  return h(
    "figure",
    { className: "azml-curve" },
    h("figcaption", null, h("strong", null, name), h("span", { className: "azml-muted" }, range)),
    h("svg", { viewBox: box, role: "img", "aria-label": said }, h("polyline", { points: line.join(" ") })),
  );
}

export function Curves({ curves, left_out: left }) {
  const drawn = Object.entries(curves);
  if (!drawn.length) return null;
  return h(
    "div",
    { className: "azml-curves" },
    drawn.map(([name, points]) => h(Curve, { key: name, name, points })),
    left ? h("p", { className: "azml-muted" }, `${left} more have curves that are not drawn.`) : null,
  );
}
