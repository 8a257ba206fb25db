"""The progress of a training where there is no terminal: plain lines on stderr, nothing on stdout."""

from __future__ import annotations

import pytest

from paddle_course.training.screen import Screen


def test_plain_lines_without_a_terminal(capsys: pytest.CaptureFixture) -> None:
    with Screen("adam-0", 10, done=4) as screen:
        screen.step(64, 0.5, 1e-3)
        screen.line("epoch 1: test accuracy 0.9000")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["adam-0: going on after step 4 of 10", "adam-0: epoch 1: test accuracy 0.9000"]


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes stderr for a terminal
    monkeypatch.setenv("COLUMNS", "100")
    with Screen("adam-0", 10) as screen:
        for _ in range(5):
            screen.step(64, 0.5, 1e-3)
        screen.line("half way")
        screen._progress.refresh()
    err = capsys.readouterr().err
    for word in ("adam-0", "50 %", "images/s", "loss 0.500", "lr 0.001", "half way"):
        assert word in err


def test_short_epochs_do_not_flood_the_screen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    clock = [0.0]
    monkeypatch.setattr("paddle_course.training.screen.time.perf_counter", lambda: clock[0])
    with Screen("many", 8) as screen:
        for epoch in range(8):
            clock[0] += 0.4
            screen.step(64, 0.5, 1e-3)
            screen.epoch(f"epoch {epoch + 1}")
    assert capsys.readouterr().err.split("many: ")[1:] == ["epoch 1\n", "epoch 4\n", "epoch 7\n", "epoch 8\n"]
