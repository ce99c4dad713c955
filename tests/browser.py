"""A headless Chromium for tests of pages, driven over the WebDriver protocol with the standard library."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""What the protocol calls an element by. Source: W3C WebDriver, section 12."""
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--force-device-scale-factor=1", "--hide-scrollbars",
]  # fmt: skip
_PATIENCE = 30.0  # seconds


def missing() -> str | None:
    """What this machine lacks for it, None where it is all there."""
    lacking = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(lacking)} not installed (apt-get install chromium chromium-driver)" if lacking else None


class Browser:
    """One window.

    Args:
        address: of chromedriver. session: its path there.
    """

    def __init__(self, address: str, session: str) -> None:
        self._session = f"{address}/session/{session}"

    def open(self, page: Path) -> None:
        """Show the file, all of it loaded."""
        _call(f"{self._session}/url", {"url": page.absolute().as_uri()})

    def script(self, code: str, *arguments: object) -> Any:
        """What the code returns; it runs beside the page, whatever the page's own policy."""
        return _call(f"{self._session}/execute/sync", {"script": code, "args": list(arguments)})

    def find(self, selector: str) -> str:
        """The first element there."""
        found: str = _call(f"{self._session}/element", {"using": "css selector", "value": selector})[ELEMENT]
        return found

    def hover(self, selector: str) -> None:
        """Bring the element into view and put the pointer on it."""
        element = self.find(selector)
        self.script("arguments[0].scrollIntoView({block: 'center'})", {ELEMENT: element})
        move = {"type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": {ELEMENT: element}}
        self._act({"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move]})

    def press(self, *keys: str) -> None:
        """Press and let go of each key where the focus is. Source of their codes: W3C WebDriver, section 17.4.2."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._act({"type": "key", "id": "keys", "actions": actions})

    def click(self, selector: str) -> None:
        """Click on the element, which is brought into the middle of the window."""
        element = self.find(selector)
        self.script("arguments[0].scrollIntoView({block: 'center'})", {ELEMENT: element})
        _call(f"{self._session}/element/{element}/click", {})

    def resize(self, width: int, height: int) -> None:
        """Make the page's own part of the window that large, in CSS pixels, narrower than a window can be too."""
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def dark(self, is_dark: bool) -> None:
        """Say what color scheme the user prefers."""
        feature = {"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[feature])

    def command(self, name: str, **settings: object) -> Any:
        """A command of Chromium's own protocol."""
        return _call(f"{self._session}/goog/cdp/execute", {"cmd": name, "params": settings})

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What is new in the log called `browser` (the console) or `performance` (requests, among others)."""
        found: list[dict[str, Any]] = _call(f"{self._session}/se/log", {"type": kind})
        return found

    def screenshot(self) -> bytes:
        """What is in the window, as PNG."""
        return base64.b64decode(_call(f"{self._session}/screenshot"))

    def _act(self, source: dict[str, Any]) -> None:
        _call(f"{self._session}/actions", {"actions": [source]})


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A window with a profile of its own in the folder, gone afterwards."""
    driver = subprocess.Popen(
        ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        address = f"http://127.0.0.1:{_port(driver)}"
        options = {"args": [*FLAGS, f"--user-data-dir={folder / 'profile'}"], "binary": shutil.which("chromium")}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        session = _call(f"{address}/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        try:
            yield Browser(address, session)
        finally:
            with suppress(OSError):
                _call(f"{address}/session/{session}", method="DELETE")
    finally:
        driver.terminate()
        driver.communicate()


def _port(driver: subprocess.Popen[str]) -> int:
    assert driver.stdout is not None
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        line = driver.stdout.readline()
        if "started successfully on port" in line:
            return int(line.rstrip(".\n").rpartition(" ")[2])
    raise TimeoutError("chromedriver did not start")


def _call(url: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is on this machine
    try:
        with opener.open(request, timeout=2 * _PATIENCE) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(json.load(error)["value"]["message"]) from error
