"""Readings of a busy machine -> a line, or none. What flushing does is tested with the start, in test_runtime."""

from __future__ import annotations

import math
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from paddle_course import machine, runtime
from paddle_course.machine import Reading


def after(seconds: float, worked: float, own: float, cores: int = 2) -> tuple[Reading, Reading]:
    """Two readings, of which the second sees this much more than the first."""
    return Reading(100.0, cores, 5000.0, 70.0), Reading(100.0 + seconds, cores, 5000.0 + worked, 70.0 + own)


@pytest.mark.parametrize(
    ("readings", "threads", "limit", "said"),
    [
        (after(1.0, 1.0, 1.0), 2, math.inf, ""),  # nobody but us
        (after(1.0, 2.0, 2.0), 2, math.inf, ""),  # nobody but us, on both cores
        (after(1.0, 0.4, 0.0), 2, math.inf, ""),  # not worth a word
        (
            after(2.0, 4.0, 1.2),
            2,
            math.inf,
            "use 1.4 of 2 cores; 2 threads then wait for each other, OMP_NUM_THREADS=1",
        ),
        (after(2.0, 4.0, 1.2), 1, math.inf, ""),  # one thread waits for nobody
        (after(0.1, 0.2, 0.0), 2, math.inf, ""),  # too short to tell
        (after(1.0, 0.9, 1.0), 2, math.inf, ""),  # the clocks' rounding
        (after(1.0, 9.0, 1.0, cores=16), 16, math.inf, "use 8.0 of 16 cores; 16 threads"),
        (after(1.0, 9.0, 1.0, cores=16), 16, math.inf, "OMP_NUM_THREADS=8 "),
        (after(1.0, 9.0, 1.0, cores=16), 7, math.inf, ""),  # there is room for us beside them
        (after(1.0, 9.0, 1.0, cores=16), 16, 4.0, ""),  # no more than 4 cores are ours anyway, and 8 are idle
        (after(1.0, 15.0, 1.0, cores=16), 16, 4.0, "use 14.0 of 16 cores"),
    ],
)
def test_others_are_mentioned_when_they_take_what_our_threads_need(
    readings: tuple[Reading, Reading], threads: int, limit: float, said: str
) -> None:
    line = machine.busy(*readings, threads, limit)
    assert said in line
    assert bool(said) == bool(line)


def test_where_linux_tells_nothing_nothing_is_said(tmp_path: Path) -> None:
    assert machine.reading(tmp_path / "stat") is None
    (tmp_path / "stat").write_text("cpu0 1 2\n")
    assert machine.reading(tmp_path / "stat") is None
    first, second = after(1.0, 2.0, 0.0)
    assert machine.busy(None, second, 2) == machine.busy(first, None, 2) == ""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/stat is Linux's")
def test_only_the_cores_we_may_use_are_read(tmp_path: Path) -> None:
    mine = min(os.sched_getaffinity(0))
    tick = os.sysconf("SC_CLK_TCK")
    rows = [f"cpu{core} {tick} 0 {tick} 9999 9999 {tick} 0 8888 0 0" for core in (mine, 99_999)]
    (tmp_path / "stat").write_text("\n".join(["cpu  1 1 1 1 1 1 1 1 1 1", *rows, "intr 1 2 3", ""]))
    found = machine.reading(tmp_path / "stat")
    assert (found.cores, found.worked) == (1, 3.0)
    assert found.own > 0


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, math.inf),
        ({"cpu.max": "max 100000\n"}, math.inf),
        ({"cpu.max": "250000 100000\n"}, 2.5),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, math.inf),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4.0),
        ({"cpu.max": "nonsense"}, math.inf),
    ],
)
def test_the_limit_of_a_container(files: dict[str, str], cores: float, tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    assert machine.quota(tmp_path) == cores


@pytest.mark.skipif(sys.platform != "linux" or runtime.cores() < 2, reason="there is nobody to wait for")
@pytest.mark.parametrize(
    ("files", "most"),
    [({}, None), ({"memory.max": "max\n"}, None), ({"memory.max": "8000000\n"}, 0.008)]
    + [
        ({"memory/memory.limit_in_bytes": text}, most)
        for text, most in (("16000000\n", 0.016), (f"{2**63 - 4096}", None))
    ],
)
def test_a_containers_memory_is_what_it_is_given(tmp_path: Path, files: dict[str, str], most: float | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    assert machine.memory(tmp_path) == (most or whole)


@pytest.mark.skipif(machine.quota() < 2, reason="the container's limit slows the neighbours, too")
def test_a_start_beside_busy_neighbours_says_so() -> None:
    code = """
import os, subprocess, sys
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
spin = "import time; end = time.time() + 30\\nwhile time.time() < end: pass"
neighbours = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(2)]
try:
    from paddle_course import runtime
    runtime.start()
finally:
    for each in neighbours:
        each.kill()
"""
    environment = os.environ | {"PYTHONPATH": str(runtime.ROOT), "OMP_NUM_THREADS": "2"}
    words = {"env": environment, "capture_output": True, "text": True, "timeout": 60}
    run = subprocess.run([sys.executable, "-c", code], **words)
    assert run.returncode == 0, run.stderr
    assert "the machine is busy: other processes use" in run.stderr
    assert "of 2 cores; 2 threads then wait for each other, OMP_NUM_THREADS=1 may be faster" in run.stderr


FAULTS = """
import resource, sys
from paddle_course import machine
if sys.argv[1] == "keep":
    machine.keep_memory()
import numpy as np
for step in range(22):
    if step == 2:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(1 << 22)  # 32 MB, more than glibc's own threshold ever becomes: 16 huge pages or 8,192
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has other settings")
def test_memory_that_is_freed_is_used_again() -> None:
    def faults(how: str) -> int:
        words = [sys.executable, "-c", FAULTS, how]
        return int(subprocess.run(words, cwd=runtime.ROOT, capture_output=True, text=True, check=True).stdout)

    assert faults("keep") < 100 < faults("leave")  # of twenty times as many pages


def test_the_peak_of_memory_stays_when_memory_is_freed(tmp_path: Path) -> None:
    if (before := machine.peak_memory()) is not None:
        taken = bytearray(int((before + 50) * (1 << 20)))  # more than was ever there
        del taken
        assert machine.peak_memory() > before + 50
    assert machine.peak_memory(tmp_path / "nothing") is None
