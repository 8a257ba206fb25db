"""The page's questions, and the page itself in a browser: draw, play a round, drop a picture."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import cv2
import flask.testing
import numpy as np
import pytest
from werkzeug.serving import make_server

from paddle_course import runtime
from paddle_course.play import player, server
from tests.browser import Browser
from tests.play.conftest import CIRCLE, CROSS, WORDS


@pytest.fixture
def client(runs: Path) -> flask.testing.FlaskClient:
    client = server.application(runs).test_client()
    client.get("/players")
    return client


def test_strokes_are_answered_with_guesses(client: flask.testing.FlaskClient) -> None:
    assert [each["name"] for each in client.get("/players").json] == ["hw10/few", "tour/digits", "photos"]
    said = client.post("/guess/hw10/few", json=CIRCLE)
    assert said.status_code == 200 and said.json[0]["word"] == "circle" and 0.5 < said.json[0]["share"] <= 1
    assert (
        said.headers["Cache-Control"] == "no-store" and "default-src 'self'" in said.headers["Content-Security-Policy"]
    )


@pytest.mark.parametrize(
    ("path", "words", "status", "error"),
    [
        ("/guess/hw10/few", {"json": [[1, 2]]}, 400, "a drawing is a list of strokes"),
        ("/guess/hw10/few", {"data": "[[", "content_type": "application/json"}, 400, "a drawing is a list of strokes"),
        ("/guess/photos", {"data": b"GIF"}, 400, "cannot be read as a picture"),
        ("/guess/../etc", {"json": CROSS}, 400, "there is no run"),
        ("/guess/photos", {"data": bytes(server.LARGEST + 1)}, 413, "larger than 20 MB"),
    ],
)
def test_mistakes_are_named(client: flask.testing.FlaskClient, path: str, words: dict, status: int, error: str) -> None:
    said = client.post(path, **words)
    assert said.status_code == status and error in said.json["error"]


def test_a_drawing_for_photos_and_a_photo_for_drawings_are_refused(client: flask.testing.FlaskClient) -> None:
    assert "looks at pictures" in client.post("/guess/photos", json=CROSS).json["error"]
    picture = cv2.imencode(".png", np.zeros((9, 9, 3), np.uint8))[1].tobytes()
    assert "looks at drawings" in client.post("/guess/hw10/few", data=picture).json["error"]


@pytest.mark.parametrize(
    "foreign",
    [
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example:8050"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Host": "127.0.0.1:8050", "Origin": "http://127.0.0.1:8051"},
    ],
)
def test_other_pages_in_the_same_browser_learn_nothing(client: flask.testing.FlaskClient, foreign: dict) -> None:
    for said in (client.get("/players", headers=foreign), client.post("/guess/hw10/few", json=CROSS, headers=foreign)):
        assert said.status_code == 403 and said.json["error"].startswith("only the page at http://127.0.0.1")
    for own in ({"Host": "127.0.0.1:8050", "Origin": "http://127.0.0.1:8050"}, {"Host": "localhost:1"}):
        assert client.post("/guess/hw10/few", json=CROSS, headers=own).status_code == 200


def test_what_goes_wrong_within_is_said_as_json_too(client: flask.testing.FlaskClient, monkeypatch, capfd) -> None:
    monkeypatch.setattr(player.Player, "of_strokes", lambda *_: 1 / 0)
    said = client.post("/guess/hw10/few", json=CROSS)
    assert said.status_code == 500 and "stands why" in said.json["error"]


def test_a_run_that_is_trained_anew_is_looked_at_anew(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "hw10", tmp_path / "hw10")
    client = server.application(tmp_path).test_client()
    client.get("/players")
    assert client.post("/guess/hw10/few", json=CROSS).json[0]["word"] == WORDS[1]
    card = tmp_path / "hw10/few/card.json"
    about = json.loads(card.read_text())
    card.write_text(json.dumps(about | {"classes": about["classes"][::-1]}))
    assert client.post("/guess/hw10/few", json=CROSS).json[0]["word"] == WORDS[1]
    client.get("/players")
    assert client.post("/guess/hw10/few", json=CROSS).json[0]["word"] == WORDS[0]
    shutil.rmtree(tmp_path / "hw10")
    assert client.get("/players").json == []
    assert "load the page anew" in client.post("/guess/hw10/few", json=CROSS).json["error"]


def test_a_guess_is_answered_at_every_moment_of_looking_for_the_runs(client: flask.testing.FlaskClient) -> None:
    other, said = client.application.test_client(), []

    def ask(_: object, event: str, __: object) -> object:
        if event == "line":
            said.append(other.post("/guess/photos", data=b"GIF").json["error"])
        return ask

    looking = client.application.view_functions["players"].__code__
    sys.settrace(lambda frame, *_: ask if frame.f_code is looking else None)
    try:
        client.get("/players")
    finally:
        sys.settrace(None)
    assert len(said) > 2 and all("cannot be read as a picture" in each for each in said)


def test_mistakes_of_the_command_line_are_named(
    runs: Path, tmp_path: Path, capfd: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(runtime.UserError, match="no finished training that can be played with"):
        server.main([str(tmp_path)])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(runtime.UserError, match="--port"):
            server.main([str(runs), "--port", str(taken.getsockname()[1])])
    with pytest.raises(runtime.UserError, match="--port"):
        server.main([str(runs), "--port", "99999"])

    def unreadable(_: Path) -> dict:
        raise runtime.UserError("no way in")

    monkeypatch.setattr(player, "players", unreadable)
    monkeypatch.setattr(server, "make_server", None)
    with pytest.raises(runtime.UserError, match="no way in"):
        server.main([str(runs)])


def test_the_command_serves_the_page_and_ends_with_one_line(runs: Path) -> None:
    words = [sys.executable, "-m", "paddle_course.play.server", str(runs), "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(runtime.ROOT)}
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        address = next((found[0] for line in process.stderr if (found := re.search(r"http:\S+", line))), "")
        page = urllib.request.urlopen(address, timeout=10).read().decode()
    finally:
        process.terminate()
        _, said = process.communicate(timeout=30)
    assert 'id="canvas"' in page
    assert (process.returncode, said) == (143, "stopped: the same command serves the page again\n")


@pytest.fixture
def address(runs: Path) -> Iterator[str]:
    served = make_server(server.HOST, 0, server.application(runs), threaded=True)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield f"http://{server.HOST}:{served.server_port}/"
    served.shutdown()
    thread.join()


def wait(browser: Browser, script: str) -> object:
    deadline = time.monotonic() + 20
    while not (found := browser.run(script)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def draw(browser: Browser, strokes: list) -> None:
    box = browser.run("(r => [r.left, r.top, r.width])(canvas.getBoundingClientRect())")
    for x, y in strokes:
        browser.drag([(box[0] + box[2] * (a / 200), box[1] + box[2] * (b / 200)) for a, b in zip(x, y, strict=True)])


FIRST = "document.querySelector('#guesses li span')?.textContent"


def test_one_draws_and_the_network_guesses(browser: Browser | None, address: str) -> None:
    if browser is None:
        page = urllib.request.urlopen(address).read().decode()
        assert 'src="/static/page.js"' in page and 'href="/static/page.css"' in page
        return
    browser.open(address)
    assert wait(browser, "player?.name") == "hw10/few"
    assert browser.run("document.documentElement.scrollWidth") <= 360
    browser.run("(canvas.scrollIntoView(), 0)")
    draw(browser, CROSS)
    assert wait(browser, f"!asking && !again && {FIRST} === 'power outlet'")
    assert browser.run("[...document.querySelectorAll('meter')].map(each => each.value > 0.5)") == [True, False]
    browser.run("($('undo').click(), $('undo').click(), 0)")
    assert browser.run("[strokes.length, document.querySelectorAll('#guesses li').length]") == [0, 0]

    browser.run("(begin(), game.word = 'circle', canvas.scrollIntoView(), 0)")
    draw(browser, CIRCLE)
    assert wait(browser, "game.over")
    assert "found in" in browser.run("$('task').textContent") and browser.run("$('score').textContent") == "1 / 1"
    browser.run("(begin(), game.ends = 0, 0)")
    assert wait(browser, "game.over")
    assert "not found" in browser.run("$('task').textContent") and browser.run("$('score').textContent") == "1 / 2"

    browser.run("($('player').value = 'photos', $('player').dispatchEvent(new Event('change')), 0)")
    blob = "new Promise(done => { const c = new OffscreenCanvas(60, 40), p = c.getContext('2d'); p.fillStyle = '#ddd';"
    blob += " p.fillRect(0, 0, 60, 40); c.convertToBlob().then(done); })"
    browser.run(f"{blob}.then(see)")
    assert wait(browser, FIRST) == "day"
    browser.run("(see(new Blob(['no picture'])), 0)")
    assert "cannot be read as a picture" in wait(browser, "$('error').textContent")


def test_the_page_says_why_it_has_no_networks(browser: Browser | None, address: str) -> None:
    if browser is None:
        return
    browser.open(address)
    assert wait(browser, "player?.name")
    browser.run('(fetch = async () => new Response(\'{"error": "no way in"}\', {status: 400}), main(), 0)')
    assert wait(browser, "$('error').textContent") == "no way in"
    browser.run("(fetch = async () => { throw new TypeError('gone') }, main(), 0)")
    assert wait(browser, "$('error').textContent.includes('still running')")
