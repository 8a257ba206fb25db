"""This machine and a precision -> the GFLOP/s that oneDNN reaches at best, the ceiling of any training here."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from math import prod

import paddle

from paddle_course import runtime
from paddle_course.onednn import library, primitives
from paddle_course.onednn.primitives import Types, Window
from paddle_course.onednn.tensors import empty, laid

# Maps and weights. A 1x1 convolution is a matrix product, here of two matrices (1024, 1024). Those of 3x3 read each map
# nine times, mostly out of the cache, and were seen to be a sixth faster: the best is the ceiling.
SHAPES = (
    ((16, 1024, 8, 8), (1024, 1024, 1, 1)),
    ((128, 256, 8, 8), (256, 256, 3, 3)),
    ((128, 512, 4, 4), (512, 512, 3, 3)),
)
TIMES = 9


def peaks(precisions: Sequence[str]) -> dict[str, float | None]:
    """Of several precisions, in a process that has not started yet."""
    runtime.start()
    return {each: peak(each) for each in precisions}


def peak(precision: str) -> float | None:
    """The best median of `SHAPES` in GFLOP/s; None where the fast path cannot be used in this precision."""
    if library.why_not() or (precision == "bf16" and not library.has_bf16()):
        return None
    return max(rate(*shapes, library.BF16 if precision == "bf16" else library.F32) for shapes in SHAPES)


def rate(maps: tuple[int, ...], kernels: tuple[int, ...], dtype: int) -> float:
    """GFLOP/s of one convolution, by the median of some calls."""
    around = (kernels[2] // 2, kernels[3] // 2)
    window, types = Window(kernels[2:], (1, 1), around, around), Types(dtype, dtype, dtype)
    convolution = primitives.convolution(maps, kernels, window, 1, False, types, False, False)
    x, w, y = laid(paddle.randn(maps), dtype), paddle.randn(kernels), empty(convolution.result, dtype)
    forward, weights = convolution.own_forward(relu=False)  # not Winograd's, which multiplies less
    places = x.data_ptr(), weights.given(w.data_ptr()), y.data_ptr()
    seconds = []
    for _ in range(TIMES):
        start = time.perf_counter()
        forward(*places)
        seconds.append(time.perf_counter() - start)
    return 2e-9 * prod(convolution.result) * prod(kernels[1:]) / statistics.median(seconds)
