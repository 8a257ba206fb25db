"""A report in a real browser: no sideways scrolling on a telephone, nothing loaded, ink that follows the colours.

Where no browser is installed, the same promises are checked in the text of the page.
"""

import contextlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from paddle_course.answers.page import write


@pytest.fixture
def report(tmp_path, title, questions, words, facts):
    long = {
        "settings": {"path": "/" + "a" * 200, "schedule": {"name": "cosine"}},
        "command": "./run.sh " + "--flag 1 " * 40,
    }
    return write(tmp_path / "run", title, questions, words, True, facts | long)[0]


@contextlib.contextmanager
def served(text):
    """The page at an address, and a list of what was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/report.html", asked
        finally:
            server.shutdown()
            thread.join()


def test_a_telephone_never_scrolls_the_page_sideways(browser, report):
    text = report.read_text(encoding="utf-8")
    if browser is None:
        assert 'name="viewport"' in text and text.count('<div class="scroll"') == text.count("<table>") > 0
        return
    browser.open(report.as_uri())
    assert browser.run("innerWidth") == 360
    assert browser.run("document.documentElement.scrollWidth") <= 360
    boxes = "[...document.querySelectorAll('*')].filter(e => !e.closest('.scroll, .plots, details, pre code'))"
    assert browser.run(f"{boxes}.filter(e => e.getBoundingClientRect().right > 361).map(e => e.tagName)") == []
    # The wide table and the long line of code are there, and scroll within their boxes: otherwise nothing was proved.
    for wide in (".scroll", "pre"):
        assert browser.run(f"[...document.querySelectorAll('{wide}')].some(e => e.scrollWidth > e.clientWidth)")
    browser.run("(document.body.insertAdjacentHTML('beforeend', '<div style=\"width: 500px\">wide</div>'), 0)")
    assert browser.run("document.documentElement.scrollWidth") > 360


def test_letters_on_a_telephone_are_large_enough(browser, report):
    if browser is None:
        assert re.search(r"font: 1\.\d+rem", report.read_text(encoding="utf-8"))
        return
    browser.open(report.as_uri())
    assert float(browser.run("getComputedStyle(document.body).fontSize").removesuffix("px")) >= 16
    # Letters within drawings shrink with them.
    assert (
        browser.run(
            "Math.min(...[...document.querySelectorAll('svg text')].map(e => e.getBoundingClientRect().height))"
        )
        > 8
    )


def test_the_page_asks_the_network_for_nothing(browser, report):
    text = report.read_text(encoding="utf-8")
    if browser is None:
        loaded = re.findall(r'(?:src|href|srcset|data|action)="([^"]*)"', text)
        assert loaded and all(each.startswith(("#", "data:")) for each in loaded)
        return
    text = re.sub(r"<meta http-equiv[^>]*>", "", text)  # the policy would hide an attempt
    for page, expected in ((text, []), (text.replace("<main>", '<main><img src="/x.png">'), ["/x.png"])):
        with served(page) as (address, asked):
            browser.open(address)
            loaded = browser.run("performance.getEntriesByType('resource').map(e => new URL(e.name).pathname)")
            assert loaded == expected and asked == ["/report.html", *expected]


def test_the_policy_stops_whatever_would_slip_in(browser, report):
    text = report.read_text(encoding="utf-8")
    if browser is None:
        assert "default-src 'none'" in text
        return
    with served(text.replace("<main>", '<main><img src="/x.png"><script>document.title = "run"</script>')) as (
        address,
        asked,
    ):
        browser.open(address)
        assert asked == ["/report.html"] and browser.run("document.title") != "run"


def test_ink_follows_the_colour_scheme_in_text_and_drawings(browser, report):
    if browser is None:
        text = report.read_text(encoding="utf-8")
        assert "prefers-color-scheme: dark" in text and "currentColor" in text
        return
    browser.open(report.as_uri())
    seen = {}
    for scheme in ("light", "dark"):
        browser.prefer(scheme)
        paper, ink = (browser.run(f"getComputedStyle(document.body).{key}") for key in ("backgroundColor", "color"))
        letter = browser.run(
            "getComputedStyle([...document.querySelectorAll('svg text')].find(e => e.textContent == 'epoch')).fill"
        )
        assert letter == ink
        seen[scheme] = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (paper, ink)]
    assert seen["light"][0] > 700 and seen["light"][1] < 150
    assert seen["dark"][0] < 150 and seen["dark"][1] > 600
