// Keeps a page up to date while there is something to wait for: regions marked data-live are fetched again, the log is
// read on from where it ended. Without this script a page shows what was true when it was loaded.
"use strict";

const PERIOD = 1000;
const sources = new Map();

function differs(region, fresh) {
  const before = sources.get(region.id) ?? region.innerHTML;
  return before !== fresh.innerHTML;
}

function isSelectedIn(region) {
  const selection = getSelection();
  return !selection.isCollapsed && region.contains(selection.anchorNode);
}

// Put the fresh region in the place of the old one; focus, opened details and scrolled boxes stay as they are.
function replace(region, fresh) {
  const focused = region.contains(document.activeElement) ? document.activeElement : null;
  const href = focused && focused.getAttribute("href");
  const opened = [...region.querySelectorAll("details")].map((each) => each.open);
  const scrolled = [...region.querySelectorAll(".scroll")].map((each) => [each.scrollLeft, each.scrollTop]);
  const position = focused ? [...region.querySelectorAll(focused.localName)].indexOf(focused) : -1;
  sources.set(region.id, fresh.innerHTML);
  region.replaceWith(fresh);
  fresh.querySelectorAll("details").forEach((each, index) => { each.open = opened[index] ?? each.open; });
  fresh.querySelectorAll(".scroll").forEach((each, index) => {
    if (scrolled[index]) [each.scrollLeft, each.scrollTop] = scrolled[index];
  });
  if (!focused) return;
  const same = [...fresh.querySelectorAll(focused.localName)];
  const again = (href && same.find((each) => each.getAttribute("href") === href)) || same[position];
  if (again) again.focus({ preventScroll: true });
}

async function lookAtPage() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (!answer.ok) return true;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const region of document.querySelectorAll("[data-live]")) {
    const fresh = page.getElementById(region.id);
    if (!fresh || isSelectedIn(region)) continue;
    const said = fresh.dataset.said;
    if (said !== undefined && said !== region.dataset.said) document.getElementById("said").textContent = said;
    if (differs(region, fresh)) replace(region, fresh);
  }
  document.title = page.title;
  if (!page.getElementById("cancel")) document.getElementById("cancel")?.remove();
  return page.body.dataset.active === "true";
}

async function readOn(log) {
  const answer = await fetch(`${log.dataset.source}&offset=${log.dataset.offset}`, { cache: "no-store" });
  if (!answer.ok) return;
  const text = await answer.text();
  log.dataset.offset = answer.headers.get("X-Log-Offset");
  if (!text) return;
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 5;
  log.append(text);
  if (atEnd) log.scrollTop = log.scrollHeight;
}

async function look() {
  const began = performance.now();
  let goesOn = true;
  if (!document.hidden) {
    try {
      goesOn = await lookAtPage();
      const log = document.getElementById("log");
      if (log) await readOn(log);
    } catch {
      // The emulator does not answer; it may be back soon.
    }
  }
  // Pages of very many jobs take the emulator a while, and it has other work.
  if (goesOn) setTimeout(look, Math.max(PERIOD, 10 * (performance.now() - began)));
}

const log = document.getElementById("log");
if (log) log.scrollTop = log.scrollHeight;
if (document.body.dataset.active === "true") setTimeout(look, PERIOD);
