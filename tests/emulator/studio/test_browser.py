"""Studio in a real browser: pages that keep up to date, the keyboard, what a screen reader is told, light and dark."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.conftest import Call, wait_for_job
from tests.emulator.pipelines.service import CLUSTER, FOLDER, Pipelines, from_node, node
from tests.emulator.studio.browser import CHROMIUM, Browser, chromium
from tests.emulator.studio.pages import ENVIRONMENT, log, put
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="There is no Chromium here (Debian: apt-get install chromium)."
)

CONTRAST = """(() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = channels(color).map((each) => each / 255)
      .map((each) => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const beside = each.localName === "g" && each.querySelector("rect");
      if (beside) return getComputedStyle(beside).fill;
      const color = getComputedStyle(each).backgroundColor;
      if ((channels(color)[3] ?? 1) === 1) return color;
    }
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length || element.localName === "title") continue;
    const style = getComputedStyle(element);
    const color = element instanceof SVGElement ? style.fill : style.color;
    const [high, low] = [light(color), light(behind(element))].sort((a, b) => b - a);
    found.push([(high + 0.05) / (low + 0.05), walker.currentNode.data.trim()]);
  }
  return found;
})()"""
"""The contrast of every text of the page with what is behind it, as WCAG 2 reckons it."""

NAMED = {"link", "button", "textbox", "searchbox", "combobox", "checkbox", "image", "DisclosureTriangle", "navigation"}
"""Roles of what must have a name."""


@pytest.fixture
def in_browser(tmp_path: Path) -> Callable[..., None]:
    """Run a test in a browser, which must have asked nobody but the emulator and have had nothing to complain of."""

    def run(emulator: RunningEmulator, test: Callable[[Browser], Any]) -> None:
        async def whole() -> None:
            async with chromium(tmp_path) as browser:
                await test(browser)
                asked = {re.sub(r"(?<=\d)/.*", "", address) for address in browser.addresses}
                assert asked <= {emulator["studio_url"]}
                assert browser.complaints == []

        asyncio.run(whole())

    return run


def test_a_page_keeps_up_to_date(
    emulator: RunningEmulator, call: Call, in_browser: Callable[..., None], tmp_path_factory: pytest.TempPathFactory
) -> None:
    gate = tmp_path_factory.mktemp("gate") / "open"
    name = put(
        call,
        f"echo first; until [ -e {gate} ]; do sleep 0.05; done; echo second '<b>'",
    )
    status = "document.querySelector('#state .status').textContent"

    async def test(browser: Browser) -> None:
        await browser.open(f"{emulator['studio_url']}/runs/{name}")
        await browser.run("window.untouched = true")
        await browser.until(f"{status} === 'Running' && document.getElementById('log').textContent.includes('first')")
        assert await browser.run("!!document.getElementById('cancel')")
        log(call, name, {"loss": [2, 1]})
        await browser.until("document.getElementById('live').textContent.includes('2 points')")
        gate.touch()
        await browser.until(f"{status} === 'Completed'")
        await browser.until("document.getElementById('log').textContent.includes('second')")
        assert await browser.run("document.getElementById('said').textContent") == "Completed"
        assert await browser.run("window.untouched && !document.getElementById('cancel')")

    try:
        in_browser(emulator, test)
    finally:
        gate.touch()
        wait_for_job(call, name)


def test_a_job_is_canceled_with_the_keyboard_alone(
    emulator: RunningEmulator, call: Call, in_browser: Callable[..., None]
) -> None:
    name = put(call, "sleep 60")
    focused = "document.activeElement.textContent.trim()"

    async def to(browser: Browser, text: str) -> None:
        for _ in range(40):
            await browser.press("Tab")
            if await browser.run(focused) == text:
                assert await browser.run("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
        raise AssertionError(f"{text} cannot be reached with Tab.")

    async def test(browser: Browser) -> None:
        await browser.open(f"{emulator['studio_url']}/?q={name}")
        await to(browser, "Skip to content")
        await to(browser, name)
        # The page looks for news meanwhile; what has the focus keeps it.
        await browser.until(f"{focused} === {name!r} && performance.getEntriesByType('resource').length > 4")
        assert await browser.run(focused) == name
        await browser.press("Enter", "\r")
        await browser.until("location.pathname.startsWith('/runs/') && document.readyState === 'complete'")
        await to(browser, "Cancel")
        await browser.press("Enter", "\r")
        await to(browser, "Cancel this job")
        await browser.press("Enter", "\r")
        await browser.until("document.querySelector('#state .status')?.textContent === 'Canceled'")

    try:
        in_browser(emulator, test)
        assert wait_for_job(call, name)["properties"]["status"] == "Canceled"
    finally:
        call("POST", f"{{ws}}/jobs/{name}/cancel?api-version=2025-12-01")


def test_pages_can_be_read(emulator: RunningEmulator, call: Call, in_browser: Callable[..., None]) -> None:
    done, bad = put(call, "mkdir outputs; echo hello > outputs/a.txt", tags={"a": "b"}), put(call, "exit 3")
    log(call, done, {"loss": [3.0, 2.0, 1.0]})
    service = Pipelines(emulator)
    fails, after = (
        service.component("exit 1", {}, {"out": FOLDER}),
        service.component("ls ${{inputs.a}}", {"a": FOLDER}),
    )
    nodes = {"fails": node(fails), "after": node(after, {"a": from_node("fails", "out")}), "apart": node(fails)}
    graph = f"{done}-graph"
    assert service.start(graph, nodes, **CLUSTER).status == 201
    sweep = {
        "jobType": "Sweep",
        "objective": {"goal": "maximize", "primaryMetric": "auc"},
        "samplingAlgorithm": {"samplingAlgorithmType": "Grid"},
        "searchSpace": {"kind": ["choice", [["one", "two"]]]},
        "trial": {"command": "true", "environmentId": ENVIRONMENT},
    }
    assert service.put(f"jobs/{done}-sweep", {"properties": sweep}).status == 201
    for name in (done, bad, graph, f"{done}-sweep"):
        wait_for_job(call, name)
    for number in range(2):
        log(call, f"{done}-sweep_{number}", {"auc": [number]})
    paths = [
        f"/runs/{graph}",
        f"/runs/{done}-sweep/trials",
        "/",
        f"/runs/{bad}",
        *(f"/runs/{done}{tab}" for tab in ("", "/metrics", "/files/default/outputs", "/logs")),
    ]

    async def test(browser: Browser) -> None:
        for path in paths:
            await browser.call(
                "Emulation.setDeviceMetricsOverride", width=400, height=800, deviceScaleFactor=1, mobile=False
            )
            await browser.open(f"{emulator['studio_url']}{path}")
            assert await browser.run("document.scrollingElement.scrollWidth") <= 400
            backgrounds = set()
            for scheme in ("light", "dark"):
                feature = {"name": "prefers-color-scheme", "value": scheme}
                await browser.call("Emulation.setEmulatedMedia", features=[feature])
                texts = await browser.run(CONTRAST)
                assert len(texts) > 10
                assert [(round(contrast, 2), text) for contrast, text in texts if contrast < 4.5] == []
                backgrounds.add(await browser.run("getComputedStyle(document.body).backgroundColor"))
            assert len(backgrounds) == 2
            told = await browser.accessible()
            assert {"banner", "main", "heading", "status"} <= {role for role, _ in told}
            assert [(role, name) for role, name in told if role in NAMED and not name.strip()] == []
            assert await browser.run("document.documentElement.lang") == "en"

    in_browser(emulator, test)
