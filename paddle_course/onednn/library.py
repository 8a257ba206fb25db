"""Paddle's wheel -> the C interface of the oneDNN library inside it: signatures, constants, errors.

Paddle's CPU wheels bring `libs/libdnnl.so.3`, which Paddle itself uses for inference only. Names and numbers here are
those of oneDNN 3's C headers, dnnl_types.h unless another one is named; the reference is
https://uxlfoundation.github.io/oneDNN/v3.6/.
"""

from __future__ import annotations

import ctypes
import functools
import platform
from ctypes import POINTER, byref, c_char_p, c_float, c_int, c_int64, c_size_t, c_uint, c_void_p
from pathlib import Path
from typing import Any

CPU, IN_ORDER = 1, 1  # dnnl_cpu, dnnl_stream_in_order
BF16, F32 = 2, 3  # dnnl_data_type_t
# dnnl_format_tag_t: the primitive chooses the layout; channels in blocks, the last one filled up with zeros, by the
# length of a block
ANY, BLOCKS_OF = 1, {8: 102, 16: 78}
# dnnl_prop_kind_t
FORWARD_TRAINING, FORWARD_INFERENCE, BACKWARD, BACKWARD_DATA = 64, 96, 128, 160
# dnnl_alg_kind_t; BY_RESULT: the gradient is computed from the result (..._use_dst_for_bwd), the input may be forgotten
CONVOLUTION_DIRECT, BINARY_ADD = 0x1, 0x1FFF0
RELU, RELU_BY_RESULT, SIGMOID_BY_RESULT, GELU_TANH, GELU_ERF = 0x20, 0x100, 0x104, 0x2B, 0x31
BY_RESULT = frozenset({RELU_BY_RESULT, SIGMOID_BY_RESULT})
ACTIVATIONS = {RELU_BY_RESULT: "ReLU", SIGMOID_BY_RESULT: "sigmoid", GELU_TANH: "GELU", GELU_ERF: "GELU"}
POOLING_MAX, POOLING_AVG_INCLUDE_PADDING, POOLING_AVG_EXCLUDE_PADDING = 0x1FF, 0x2FF, 0x3FF
# dnnl_normalization_flags_t
USE_GLOBAL_STATS, USE_SCALE, USE_SHIFT, FUSE_NORM_RELU = 1, 2, 4, 8
# DNNL_ARG_*: which argument of a primitive a memory is
SRC, SRC_1, DST, WEIGHTS, BIAS = 1, 2, 17, 33, 41
MEAN, VARIANCE, SCALE, SHIFT, WORKSPACE = 49, 50, 51, 52, 64
DIFF_SRC, DIFF_DST, DIFF_WEIGHTS, DIFF_BIAS, DIFF_SCALE, DIFF_SHIFT = 129, 145, 161, 169, 255, 256
# dnnl_query_t: the name of an implementation; which memory descriptor of a primitive to ask for
QUERY_IMPLEMENTATION = 8
QUERY_WEIGHTS, QUERY_DIFF_WEIGHTS, QUERY_WORKSPACE = 131, 132, 135
# dnnl_cpu_isa_t, a bit for each part of it: AVX2, AVX-512, and AVX-512 with bfloat16
ISA_AVX2, ISA_AVX512, ISA_AVX512_BF16 = 0x07, 0x27, 0xE7
# dnnl_status_t
STATUS = {1: "out of memory", 2: "invalid arguments", 3: "unimplemented", 4: "last implementation reached"}
STATUS |= {5: "runtime error", 6: "not required", 7: "invalid graph", 8: "invalid graph operator"}

Dims = c_int64 * 12  # dnnl_dims_t, DNNL_MAX_NDIMS


class Handle(c_void_p):
    """A pointer to an opaque oneDNN object; one that `create` made is destroyed with its last Python reference."""

    destroy: Any = None

    def __del__(self):
        if self.destroy and self.value:
            self.destroy(self.value)


class Version(ctypes.Structure):
    """dnnl_version_t."""

    _fields_ = (
        *((name, c_int) for name in ("major", "minor", "patch")),
        ("hash", c_char_p),
        *((name, c_uint) for name in ("cpu_runtime", "gpu_runtime")),
    )


class Argument(ctypes.Structure):
    """dnnl_exec_arg_t."""

    _fields_ = (("index", c_int), ("memory", Handle))


_CONVOLUTION = [Handle, Handle, Handle, Handle, Dims, Dims, Dims, Dims]  # src, weights, bias, dst; strides ... padding
_POOLING = [Handle, Handle, Dims, Dims, Dims, Dims, Dims]  # src, dst; strides, kernel, dilation, padding left and right
# dnnl.h: the functions that create something, without their first argument, the place of the new handle.
CREATE = {
    "engine": [c_int, c_size_t],
    "stream": [Handle, c_uint],
    "memory": [Handle, Handle, c_void_p],
    "memory_desc_create_with_tag": [c_int, Dims, c_int, c_int],
    "memory_desc_create_with_strides": [c_int, Dims, c_int, Dims],
    "post_ops": [],
    "primitive_attr": [],
    "primitive": [Handle],
    "reorder_primitive_desc": [Handle, Handle, Handle, Handle, Handle],
    "convolution_forward_primitive_desc": [Handle, c_int, c_int, *_CONVOLUTION, Handle],
    "convolution_backward_data_primitive_desc": [Handle, c_int, *_CONVOLUTION[1:], Handle, Handle],
    "convolution_backward_weights_primitive_desc": [Handle, c_int, *_CONVOLUTION, Handle, Handle],
    "batch_normalization_forward_primitive_desc": [Handle, c_int, Handle, Handle, c_float, c_uint, Handle],
    "batch_normalization_backward_primitive_desc": [Handle, c_int, *[Handle] * 3, c_float, c_uint, Handle, Handle],
    "pooling_forward_primitive_desc": [Handle, c_int, c_int, *_POOLING, Handle],
    "pooling_backward_primitive_desc": [Handle, c_int, *_POOLING, Handle, Handle],
    "eltwise_forward_primitive_desc": [Handle, c_int, c_int, Handle, Handle, c_float, c_float, Handle],
    "eltwise_backward_primitive_desc": [Handle, c_int, *[Handle] * 3, c_float, c_float, Handle, Handle],
    "matmul_primitive_desc": [Handle, Handle, Handle, Handle, Handle, Handle],  # engine, src, weights, bias, dst; attr
    "binary_primitive_desc": [Handle, c_int, Handle, Handle, Handle, Handle],
}
KINDS = ("primitive_attr", "primitive_desc", "primitive", "memory_desc", "memory", "post_ops", "stream", "engine")
# dnnl.h: the other functions, with what they return.
OTHERS = {
    "dnnl_get_effective_cpu_isa": (c_int, []),
    "dnnl_version": (POINTER(Version), []),
    **{f"dnnl_{kind}_destroy": (c_int, [c_void_p]) for kind in KINDS},
    "dnnl_memory_desc_get_size": (c_size_t, [Handle]),
    "dnnl_memory_desc_equal": (c_int, [Handle, Handle]),
    "dnnl_memory_set_data_handle": (c_int, [Handle, c_void_p]),
    "dnnl_primitive_desc_next_impl": (c_int, [Handle]),
    "dnnl_primitive_desc_query": (c_int, [Handle, c_int, c_int, c_void_p]),
    "dnnl_primitive_desc_query_md": (Handle, [Handle, c_int, c_int]),
    "dnnl_primitive_execute": (c_int, [Handle, Handle, c_int, POINTER(Argument)]),
    "dnnl_post_ops_append_eltwise": (c_int, [Handle, c_int, c_float, c_float]),
    "dnnl_post_ops_append_sum": (c_int, [Handle, c_float, c_int, c_int]),
    "dnnl_primitive_attr_set_post_ops": (c_int, [Handle, Handle]),
}


class OneDNNError(RuntimeError):
    """A function of oneDNN refused: which one, why, and for what primitive and shape."""


class Unavailable(Exception):
    """Why there is no oneDNN to be used here."""


@functools.cache
def library() -> ctypes.CDLL:
    """The library with every signature declared.

    Raises:
        Unavailable: the wheel has none, it is not oneDNN 3, or something is missing in it.
    """
    import paddle

    found = sorted((Path(paddle.__file__).parent / "libs").glob("libdnnl.so*"))
    if not found:
        raise Unavailable(f"Paddle {paddle.__version__} brings no libdnnl.so")
    try:
        lib = ctypes.CDLL(str(found[-1]))
        for name, (restype, argtypes) in OTHERS.items():
            getattr(lib, name).restype, getattr(lib, name).argtypes = restype, argtypes
        if (version := lib.dnnl_version().contents).major != 3:
            raise Unavailable(f"{found[-1].name} is oneDNN {version.major}.{version.minor}, not 3")
        for name, argtypes in CREATE.items():
            function = getattr(lib, c_name(name))
            function.restype, function.argtypes = c_int, [POINTER(Handle), *argtypes]
    except (OSError, AttributeError) as error:
        raise Unavailable(f"{found[-1].name} cannot be used ({error})") from None
    return lib


def c_name(name: str) -> str:
    """The C function that creates `name`."""
    return f"dnnl_{name}" if "_create_" in name else f"dnnl_{name}_create"


def version() -> str:
    """The library's version, "3.6.2"."""
    found = library().dnnl_version().contents
    return f"{found.major}.{found.minor}.{found.patch}"


def why_not() -> str:
    """Why oneDNN cannot be used for training on this machine; empty where it can."""
    import paddle

    if platform.machine() not in ("x86_64", "AMD64"):
        return f"{platform.machine()} is not x86-64"
    if not paddle.get_device().startswith("cpu"):
        return f"the device is {paddle.get_device()}"
    try:
        return "" if may_use(ISA_AVX2) else "the processor has no AVX2"
    except Unavailable as reason:
        return str(reason)


def may_use(isa: int) -> bool:
    """Whether the processor has these instructions and ONEDNN_MAX_CPU_ISA does not forbid them."""
    return library().dnnl_get_effective_cpu_isa() & isa == isa


@functools.cache
def vector() -> int:
    """How many float32 numbers the processor takes at a time."""
    return 16 if may_use(ISA_AVX512) else 8


def has_bf16() -> bool:
    """Whether bfloat16 is multiplied by the processor; without that, float32 is faster."""
    return may_use(ISA_AVX512_BF16)


def check(status: int, function: str, what: object) -> None:
    """Raise OneDNNError unless `status` is dnnl_success, 0."""
    if status:
        raise OneDNNError(f"oneDNN: {function} for {what}: {STATUS.get(status, f'status {status}')}")


def create(what: object, name: str, *arguments: Any) -> Handle:
    """A new oneDNN object; `what` tells in an error what it was for."""
    handle, function = Handle(), c_name(name)
    check(getattr(library(), function)(byref(handle), *arguments), function, what)
    kind = next(kind for kind in KINDS if kind in name.partition("_create_")[0])
    handle.destroy = getattr(library(), f"dnnl_{kind}_destroy")
    return handle


@functools.cache
def engine() -> Handle:
    """The CPU."""
    return create("the CPU", "engine", CPU, 0)


@functools.cache
def stream() -> Handle:
    """The queue that primitives run in; with the OpenMP build of the wheel each has ended when its call returns."""
    return create("the CPU", "stream", engine(), IN_ORDER)
