"""The tour killed with SIGKILL and started again ends in the same params, byte for byte."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from paddle_course import runtime, training
from paddle_course.training import checkpoint

TOUR = [sys.executable, str(runtime.ROOT / "homework/tour.py"), "--adam-epochs", "2", "--sgd-epochs", "2"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(runtime.ROOT), "LC_ALL": "C.UTF-8"}


def tour(out: Path) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*TOUR, "--out", str(out)], env=ENVIRONMENT, **pipes)


def test_killed_tour_ends_in_the_same_bytes(tmp_path: Path) -> None:
    whole, parts = tour(tmp_path / "whole"), tmp_path / "parts"
    printed, said = whole.communicate(timeout=120)
    assert whole.returncode == 0, said
    assert "interrupted on purpose" in said
    assert "bit for bit" in printed
    assert "report.html" in printed
    killed = tour(parts)  # in the second training, once one of its epochs is over; the first interrupts itself
    deadline = time.monotonic() + 60
    while not training.Run(parts / "sgd").records("epoch") and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    last = tour(parts)
    _, said = last.communicate(timeout=120)
    assert last.returncode == 0, said
    for name in ("adam", "sgd"):
        ends = [checkpoint.steps(out / name / "checkpoints")[0] for out in (tmp_path / "whole", parts)]
        assert ends[0].name == ends[1].name
        assert (ends[0] / "params.safetensors").read_bytes() == (ends[1] / "params.safetensors").read_bytes()
