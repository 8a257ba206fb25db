"""./run.sh board: VisualDL comes up on the curves of runs/, and says what is wrong where it cannot."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

from paddle_course import runtime, training
from paddle_course.training import board
from paddle_course.training.records import Recorder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        run = training.Run(tmp_path / "runs" / name)
        run.directory.mkdir(parents=True)
        with Recorder(run, 0) as record:
            for step in range(1, 30):
                record("train", step, loss=1 / step)
    return tmp_path / "runs"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return answer.read()


def test_the_board_shows_the_runs(runs: Path) -> None:
    port = free_port()
    words = [sys.executable, "-m", "paddle_course.training.board", str(runs), "--port", str(port)]
    environment = os.environ | {"PYTHONPATH": str(runtime.ROOT)}
    server = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                get(port, "/alive")
                break
            except OSError:
                assert server.poll() is None
                time.sleep(0.1)
        assert b"<html" in get(port, "/app/scalar").lower()
        found = json.loads(get(port, "/app/api/runs"))["data"]
        assert [name.rpartition("runs/")[2] for name in sorted(found)] == ["one", "two"]
        assert b"umami" not in get(port, "/app/scalar")
    finally:
        server.kill()
        server.wait()


def test_the_board_speaks_the_users_language(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "")  # set but empty: as if it were not
    monkeypatch.setenv("LC_MESSAGES", "zh_CN.UTF-8")
    monkeypatch.setenv("LANG", "C")
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setitem(sys.modules, "visualdl.server", SimpleNamespace(app=SimpleNamespace(main=lambda: None)))
    board.main([str(runs), "--port", str(free_port())])
    assert sys.argv[sys.argv.index("--language") + 1] == "zh"


def test_a_taken_port_and_an_empty_folder_are_named(runs: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(runtime.UserError, match="--port"):
            board.arguments(runs, taken.getsockname()[1], "en")
    with pytest.raises(runtime.UserError, match="port 99999 cannot be used"):
        board.arguments(runs, 99999, "en")
    with pytest.raises(runtime.UserError, match=r"no records of VisualDL yet"):
        board.arguments(tmp_path / "nothing", free_port(), "en")
