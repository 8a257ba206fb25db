"""A real browser for the tests: Chromium driven through ChromeDriver by plain HTTP (the W3C WebDriver protocol)."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request

import pytest

TELEPHONE = {"width": 360, "height": 740, "pixelRatio": 2.0, "mobile": True, "touch": True}


class Browser:
    """One WebDriver session."""

    def __init__(self, port, options):
        self.root = f"http://127.0.0.1:{port}/session"
        wanted = {"browserName": "chrome", "goog:chromeOptions": options}
        self.root += "/" + self.ask("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["value"]

    def open(self, address):
        self.ask("POST", "/url", {"url": address})

    def run(self, script):
        return self.ask("POST", "/execute/sync", {"script": f"return {script}", "args": []})

    def drag(self, points):
        """Press the pen down at the first of these places of the window, in CSS pixels, go to the others, lift it."""
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 20} for x, y in points]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        pen = {"type": "pointer", "id": "pen", "parameters": {"pointerType": "pen"}, "actions": actions}
        self.ask("POST", "/actions", {"actions": [pen]})

    def prefer(self, scheme):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        command = {"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}}
        self.ask("POST", "/goog/cdp/execute", command)


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A browser of a telephone's size, or None where none is installed."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program, driver = next(filter(None, map(shutil.which, names)), None), shutil.which("chromedriver")
    if not (program and driver):
        yield None
        return
    profile = tmp_path_factory.mktemp("profile")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
    ]
    options = {
        "binary": program,
        "args": [*flags, f"--user-data-dir={profile}"],
        "mobileEmulation": {"deviceMetrics": TELEPHONE},
    }
    with subprocess.Popen(
        [driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            port = next(
                m[1] for line in process.stdout if (m := re.search(r"started successfully on port (\d+)", line))
            )
            session = Browser(port, options)
            yield session
            session.ask("DELETE", "")
        finally:
            process.terminate()
