"""The machine -> one that counts the tiniest numbers as zero and keeps its memory; how much, and who else is there.

Below 1.2e-38 a float32 is denormal: it has fewer digits, and on many processors arithmetic on it takes longer. Weights
that decay, and momenta of gradients that have become zero, all end there, and a training may get slower the longer it
runs. As zeros they cost nothing.
"""

from __future__ import annotations

import contextlib
import math
import os
import platform
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path

FLUSH = 1 << 15 | 1 << 6  # of the register MXCSR: flush-to-zero for results, denormals-are-zero for operands
VML_FLUSH, VML_FIELD = 0x280000, 0x3C0000  # the same in the mode of MKL's vector functions (mkl_vml_defines.h)
NOTABLE = 0.5  # cores that others must use before it is worth a word
SHORTEST = 0.2  # seconds between two readings of a clock that ticks a hundred times in a second


def flush() -> None:
    """Count denormals as zero in this thread and in all that it will start; elsewhere than on x86-64 Linux, nothing.

    A thread inherits the register from the one that starts it, so this comes before Paddle's import. (Intel's OpenMP
    also hands it on with every piece of work, unless KMP_INHERIT_FP_CONTROL=0; other pools never do.)
    """
    import numpy

    # NumPy before 2.4 measures the smallest denormal when first asked, and warns when that is zero. So it is asked now.
    for kind in "efdg":
        numpy.finfo(kind)
    _mxcsr(FLUSH)


def flush_mkl(libraries: Path) -> None:
    """The same for MKL's vector functions, which Paddle adds and multiplies with: they bring a register of their own.

    `libraries` is the folder of Paddle's. What counts is the mode of the thread that calls Paddle: this one.
    """
    import ctypes

    with contextlib.suppress(OSError, AttributeError):  # a Paddle without MKL
        mkl = ctypes.CDLL(str(libraries / "libmklml_intel.so"))
        mkl.vmlSetMode(mkl.vmlGetMode() & ~VML_FIELD | VML_FLUSH)


def keep_memory() -> None:
    """Let glibc keep what is freed for the next step; as it is, every large tensor is mapped anew, page by page.

    At the end of a step nearly everything is freed, and in the next one asked for again: a page fault for every 4 kB.
    """
    import ctypes

    m_mmap_max, m_mmap_threshold, m_trim_threshold, most = -4, -3, -1, (1 << 31) - 1
    with contextlib.suppress(OSError, AttributeError):  # not glibc
        libc = ctypes.CDLL("libc.so.6")
        if not libc.mallopt(m_mmap_threshold, most):  # there are versions with a limit of 32 MB
            libc.mallopt(m_mmap_max, 0)
        libc.mallopt(m_trim_threshold, most)


def peak_memory(status: Path = Path("/proc/self/status")) -> float | None:
    """The most memory this process ever held, in MB; None on systems without /proc.

    Not getrusage's ru_maxrss, which on Linux begins at the peak of the process that started this one.
    """
    with contextlib.suppress(OSError):
        if found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text()):
            return int(found[1]) / 1024
    return None


def flushes() -> bool:
    """Whether denormals count as zero in this thread."""
    return _mxcsr() & FLUSH == FLUSH


def _mxcsr(add: int = 0) -> int:
    """Set the bits `add` in this thread's MXCSR and return it; 0 where it is out of reach."""
    if platform.machine() != "x86_64" or sys.maxsize < 1 << 32:
        return 0
    import ctypes

    try:
        libm = ctypes.CDLL("libm.so.6")  # glibc's, whose fenv_t is 28 bytes of the old x87, then the four of MXCSR
        state = ctypes.create_string_buffer(32)
        if libm.fegetenv(state):
            return 0
        value = int.from_bytes(state[28:], sys.byteorder) | add
        state[28:] = value.to_bytes(4, sys.byteorder)
        return 0 if add and libm.fesetenv(state) else value
    except (OSError, AttributeError):
        return 0


@dataclass(frozen=True)
class Reading:
    """What the cores this process may use have done since the machine was started, in seconds of one core."""

    when: float  # seconds on a clock
    cores: int
    worked: float
    own: float  # of it, for this process and the children it has waited for


def reading(stat: Path = Path("/proc/stat")) -> Reading | None:
    """What Linux tells of its cores; None on other systems."""
    try:
        mine = {f"cpu{core}" for core in os.sched_getaffinity(0)}
        rows = [line.split() for line in stat.read_text().splitlines()]
        tick = os.sysconf("SC_CLK_TCK")
        # user nice system idle iowait irq softirq ...: all but idle and iowait; what other machines steal is not told
        worked = [sum(int(row[i]) for i in (1, 2, 3, 6, 7)) / tick for row in rows if row and row[0] in mine]
    except (OSError, AttributeError, ValueError, IndexError):
        return None
    return Reading(time.monotonic(), len(worked), sum(worked), sum(os.times()[:4]))


def quota(folder: Path = Path("/sys/fs/cgroup")) -> float:
    """How many cores' worth of time this container is given, by either generation of cgroups; infinite if unlimited."""
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
            most, period = " ".join((folder / name).read_text() for name in names).split()
            return math.inf if most in ("max", "-1") else int(most) / int(period)
    return math.inf


def memory(folder: Path = Path("/sys/fs/cgroup")) -> float:
    """The GB that this process may use: the machine's memory, in a container no more than it is given."""
    most = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for name in ("memory.max", "memory/memory.limit_in_bytes"):  # "max", or more than any machine has, is no limit
        with contextlib.suppress(OSError, ValueError):
            most.append(int((folder / name).read_text()))
    return min(most) / 1e9


def busy(before: Reading | None, after: Reading | None, threads: int, limit: float = math.inf) -> str:
    """A line for the user when others leave too few cores for `threads`, else "".

    `limit` is the container's `quota`: on a big host the neighbours' work is no problem while that much is left over.
    """
    if before is None or after is None or threads < 2 or (seconds := after.when - before.when) < SHORTEST:
        return ""
    others = (after.worked - before.worked - (after.own - before.own)) / seconds
    left = after.cores - others
    if others < NOTABLE or left > min(threads, limit) - NOTABLE:
        return ""
    return (
        f"the machine is busy: other processes use {others:.1f} of {after.cores} cores; {threads} threads then wait "
        f"for each other, OMP_NUM_THREADS={max(1, int(left))} may be faster"
    )
