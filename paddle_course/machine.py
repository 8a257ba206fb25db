"""The processor -> one that counts the tiniest numbers as zero.

Below 1.2e-38 a float32 is denormal: it has fewer digits, and on most processors arithmetic on it takes many times as
long. Weights that decay, and momenta of gradients that have become zero, all end there, and a training gets slower
the longer it runs. As zeros they cost nothing.
"""

from __future__ import annotations

import contextlib
import platform
import sys
from pathlib import Path

FLUSH = 1 << 15 | 1 << 6  # of the register MXCSR: flush-to-zero for results, denormals-are-zero for operands
VML_FLUSH, VML_FIELD = 0x280000, 0x3C0000  # the same in the mode of MKL's vector functions (mkl_vml_defines.h)


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
