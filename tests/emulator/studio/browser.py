"""A headless Chromium, driven through its own protocol (https://chromedevtools.github.io/devtools-protocol/)."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 60.0
OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
)


class Browser:
    """One tab.

    :param complaints: what the browser's console has said: errors of scripts, and what a policy has kept away.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[Any]) -> None:
        self._socket = socket
        self._number = 0
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._loaded = asyncio.Event()
        self.addresses: list[str] = []
        self.complaints: list[str] = []

    async def listen(self) -> None:
        """Take what the browser says, until it ends."""
        async for message in self._socket:
            said = message.json()
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said)
            elif said["method"] == "Network.requestWillBeSent":
                self.addresses.append(said["params"]["request"]["url"])
            elif said["method"] == "Page.loadEventFired":
                self._loaded.set()
            elif said["method"] in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(str(said["params"]))

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol; its result."""
        self._number += 1
        self._answers[self._number] = answer = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        said = await asyncio.wait_for(answer, PATIENCE)
        assert "error" not in said, (method, said)
        return dict(said["result"])

    async def open(self, url: str) -> None:
        """Load a page."""
        self._loaded.clear()
        await self.call("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), PATIENCE)

    async def run(self, expression: str) -> Any:
        """The value of an expression in the page."""
        said = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait until an expression is true."""
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not await self.run(expression):
            assert asyncio.get_running_loop().time() < deadline, (expression, await self.run("document.body.innerText"))
            await asyncio.sleep(0.05)

    async def press(self, key: str, text: str = "") -> None:
        """Press a key and let it go."""
        code = {"Tab": 9, "Enter": 13}[key]
        of_key = {"key": key, "code": key, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
        await self.call("Input.dispatchKeyEvent", type="keyDown", **of_key)
        await self.call("Input.dispatchKeyEvent", type="keyUp", **of_key)

    async def accessible(self) -> list[tuple[str, str]]:
        """Role and name of everything that assistive technology is told of."""
        rows = (await self.call("Accessibility.getFullAXTree"))["nodes"]
        told = [row for row in rows if not row.get("ignored")]
        return [(row["role"]["value"], row.get("name", {}).get("value", "")) for row in told]


async def pages(session: aiohttp.ClientSession, base: str) -> list[dict[str, Any]]:
    """The pages that a browser has open."""
    async with session.get(f"{base}/json/list") as answer:
        return [row for row in await answer.json() if row["type"] == "page"]


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Browser]:
    """A browser with a new profile; it ends with the block.

    :param folder: an empty one, for the profile.
    """
    assert CHROMIUM
    command = [CHROMIUM, *OPTIONS, f"--user-data-dir={folder}", "about:blank"]
    quiet = asyncio.subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        port = folder / "DevToolsActivePort"
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not (port.is_file() and len(port.read_text().split()) == 2):
            assert process.poll() is None, "Chromium has ended."
            assert asyncio.get_running_loop().time() < deadline, "Chromium does not answer."
            await asyncio.sleep(0.05)
        base = f"http://127.0.0.1:{port.read_text().split()[0]}"
        async with aiohttp.ClientSession() as session:
            while not (tabs := await pages(session, base)):
                assert asyncio.get_running_loop().time() < deadline, "Chromium has no page."
                await asyncio.sleep(0.05)
            async with session.ws_connect(tabs[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                browser = Browser(socket)
                listening = asyncio.create_task(browser.listen())
                for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
                    await browser.call(f"{domain}.enable")
                yield browser
                await browser.call("Browser.close")
                await listening
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(PATIENCE)
