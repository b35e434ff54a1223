"""A headless Chromium, told what to do over its DevTools protocol: pages, forms, pictures, and what went wrong."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.sync.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MISSING = "chromium is not installed (Debian: apt-get install chromium)"
SECONDS = 60.0


class Chromium:
    """One tab in a profile of its own; `complaints` are errors of its console, `asked` the addresses it has asked."""

    def __init__(self, profile: Path) -> None:
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self._numbers = itertools.count(1)
        self._events: list[dict[str, Any]] = []
        command = [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"),
            *("--remote-debugging-port=0", f"--user-data-dir={profile}", "--disable-background-networking"),
            "about:blank",
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._socket = self._attach(profile / "DevToolsActivePort")
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(20)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command; what happens meanwhile is remembered."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=SECONDS))
            if message.get("id") == number:
                assert "error" not in message, (method, message["error"])
                return dict(message["result"])
            self._note(message)

    def show(self, url: str) -> None:
        """Goes to a page, and waits until it and what it asks for is there."""
        self.call("Page.navigate", url=url)
        self.settle()

    def settle(self) -> None:
        """Waits until the page is there, and nothing that it asks for is under way for a moment."""
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")
        self.until("!document.querySelector('.htmx-request')")
        time.sleep(0.3)
        self.until("!document.querySelector('.htmx-request')")

    def run(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def until(self, script: str, seconds: float = SECONDS) -> None:
        """Waits for an expression to be true."""
        deadline = time.monotonic() + seconds
        while not self._holds(script):
            assert time.monotonic() < deadline, f"it did not become true: {script}"
            time.sleep(0.05)

    def _holds(self, script: str) -> bool:
        """False also while a page comes and goes."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return "exceptionDetails" not in result and result["result"].get("value") is True

    def click(self, selector: str) -> None:
        """Clicks as a person does, after scrolling there."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        self.settle()

    def fill(self, selector: str, text: str) -> None:
        """Puts text into a field."""
        self.run(f"document.querySelector({json.dumps(selector)}).value = {json.dumps(text)}; 1")

    def text(self, selector: str = "main") -> str:
        """What a part of the page says, as it is seen."""
        return str(self.run(f"document.querySelector({json.dumps(selector)}).innerText"))

    def dress(self, width: int, height: int, scheme: str) -> None:
        """Sets the size of the window and whether the system is light or dark."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        feature = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.call("Emulation.setEmulatedMedia", features=feature)

    def picture(self, path: Path, whole: bool = True) -> None:
        """The page as a PNG, all of it or what the window shows."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _attach(self, port_file: Path) -> ClientConnection:
        _until(lambda: port_file.is_file() and len(port_file.read_text().splitlines()) == 2)
        port = int(port_file.read_text().splitlines()[0])
        pages = [each for each in httpx.get(f"http://127.0.0.1:{port}/json").json() if each["type"] == "page"]
        return connect(pages[0]["webSocketDebuggerUrl"], max_size=None, compression=None)

    def _note(self, message: dict[str, Any]) -> None:
        method, given = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.asked.append(given["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(given["exceptionDetails"])[:500])
        elif method == "Log.entryAdded" and given["entry"]["level"] == "error":
            self.complaints.append(f"{given['entry']['text']} {given['entry'].get('url', '')}")
        elif method == "Runtime.consoleAPICalled" and given["type"] in ("error", "assert"):
            self.complaints.append(json.dumps(given["args"])[:500])


def _until(fact: Callable[[], bool], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.1)
