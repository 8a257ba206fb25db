"""Where numbers lie and how a primitive finds them: layouts, reorders, scratch room, a primitive with its arguments."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from ctypes import byref, c_char_p
from typing import Any, NamedTuple, TypeVar

import paddle

from paddle_course.onednn import library as dnn
from paddle_course.onednn.library import F32, Argument, Dims, Handle, create

KEPT = 1024  # primitives of one kind; the least recently used goes
# Primitives and scratch room belong to the process, and a primitive is told where its numbers lie before it runs. Who
# does the one and then the other holds this lock, or another thread comes between.
ALONE = threading.RLock()
Shape = tuple[int, ...]
Part = TypeVar("Part")


class Layout(NamedTuple):
    """How a tensor lies in memory: shape, distances in elements (none: in blocks, see below), dnnl_data_type_t."""

    shape: Shape
    strides: Shape
    dtype: int = F32


def plain(shape: Shape, dtype: int = F32) -> Layout:
    """Row after row, the last dimension innermost: Paddle's usual order, for maps N, C, H, W."""
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * max(size, 1))
    return Layout(shape, tuple(strides), dtype)


def channels_last(shape: Shape, dtype: int = F32) -> Layout:
    """Maps of shape (N, C, H, W) lying N, H, W, C."""
    _, c, h, w = shape
    return Layout(shape, (h * w * c, 1, w * c, c), dtype)


def in_blocks(shape: Shape, dtype: int = F32) -> Layout:
    """Maps of shape (N, C, H, W) lying N, C / 16, H, W, 16 (8 with AVX2): for what is slow where C is no multiple."""
    return Layout(shape, (), dtype)


@functools.lru_cache(KEPT)
def descriptor(layout: Layout) -> Handle:
    shape, strides, dtype = layout
    if not strides:
        return create(f"{shape}", "memory_desc_create_with_tag", 4, Dims(*shape), dtype, dnn.BLOCKS_OF[dnn.vector()])
    return create(f"{shape}", "memory_desc_create_with_strides", len(shape), Dims(*shape), dtype, Dims(*strides))


@functools.lru_cache(KEPT)
def any_layout(shape: Shape, dtype: int) -> Handle:
    return create(f"{shape}", "memory_desc_create_with_tag", len(shape), Dims(*shape), dtype, dnn.ANY)


class What(NamedTuple):
    """What a primitive computes: an error tells it in words, a profile sorts by it.

    `shape` is that of the maps or weights that come in. `how` is all else that makes a difference: of a convolution the
    shape of its weights, its window, groups and precision; of a reorder the two layouts.
    """

    kind: str
    shape: Shape
    how: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return ", ".join([f"{self.kind} of {self.shape}", *map(str, self.how)])


class Primitive:
    """One computation with a place for each argument; `primitive(*addresses)` puts them there and runs it."""

    def __init__(self, what: What, description: Handle, arguments: Mapping[int, Handle]):
        lib = dnn.library()
        self.what, self.stream = what, dnn.stream()
        self.handle = create(what, "primitive", description)
        self.memories = [create(what, "memory", each, dnn.engine(), None) for each in arguments.values()]
        pairs = (Argument(index, memory.value) for index, memory in zip(arguments, self.memories, strict=True))
        self.table = (Argument * len(self.memories))(*pairs)
        self.point, self.execute = lib.dnnl_memory_set_data_handle, lib.dnnl_primitive_execute

    def __call__(self, *addresses: int) -> None:
        with ALONE:
            for memory, address in zip(self.memories, addresses, strict=True):
                self.point(memory, address)
            status = self.execute(self.handle, self.stream, len(addresses), self.table)
        if status:
            dnn.check(status, "dnnl_primitive_execute", self.what)


def query(description: Handle, which: int) -> Handle:
    """A memory descriptor that belongs to `description`."""
    return dnn.library().dnnl_primitive_desc_query_md(description, which, 0)


def implementation(description: Handle) -> str:
    """The name of the code that a primitive would run, "jit:avx2"."""
    name = c_char_p()
    status = dnn.library().dnnl_primitive_desc_query(description, dnn.QUERY_IMPLEMENTATION, 0, byref(name))
    dnn.check(status, "dnnl_primitive_desc_query", "the name of an implementation")
    return (name.value or b"").decode()


def size_of(description: Handle) -> int:
    """Bytes."""
    return dnn.library().dnnl_memory_desc_get_size(description)


def reorder_between(what: What, source: Handle, target: Handle) -> Primitive:
    made = create(what, "reorder_primitive_desc", source, dnn.engine(), target, dnn.engine(), None)
    return Primitive(what, made, {dnn.SRC: source, dnn.DST: target})


@functools.lru_cache(KEPT)
def reorder(source: Layout, target: Layout) -> Primitive:
    """(source, target) -> the same numbers in another order, or another precision."""
    what = What("reorder maps", source.shape, (source, target))
    return reorder_between(what, descriptor(source), descriptor(target))


def then_relu(what: What) -> Handle:
    """The attribute of a primitive whose result is passed through ReLU before it is written."""
    return then(what, "dnnl_post_ops_append_eltwise", dnn.RELU, 0.0, 0.0)


def then_add(what: What) -> Handle:
    """The attribute of a primitive that adds its result to what is there."""
    return then(what, "dnnl_post_ops_append_sum", 1.0, 0, 0)


def then(what: What, append: str, *settings: float) -> Handle:
    """The attribute of a primitive behind which comes what the C function `append` adds."""
    after, attribute = create(what, "post_ops"), create(what, "primitive_attr")
    lib = dnn.library()
    dnn.check(getattr(lib, append)(after, *settings), append, what)
    dnn.check(lib.dnnl_primitive_attr_set_post_ops(attribute, after), "dnnl_primitive_attr_set_post_ops", what)
    return attribute


def portions(n: int, most: int, make: Callable[[int], Part]) -> list[Part]:
    """What `make` makes for every `most` of `n` pictures and for the rest, of each number one."""
    counts = [most] * (n // most) + [n % most] * (n % most > 0)
    made = {count: make(count) for count in set(counts)}
    return [made[count] for count in counts]


_scratch: dict[str, paddle.Tensor] = {}


def scratch(slot: str, size: int) -> int:
    """The address of `size` bytes that last until the next primitive with the same slot; the room only grows."""
    if slot not in _scratch or _scratch[slot].shape[0] < size:
        _scratch[slot] = paddle.empty([size], "uint8")
    return _scratch[slot].data_ptr()


class Weights:
    """A convolution's weights on their way between Paddle's layout and the one its primitive chose.

    `given(address)` is where the primitive finds the weights that Paddle has at `address`. The primitive writes their
    gradient to `taken(address)`, and `take(address)` then brings it to where Paddle wants it. All of it is done under
    `ALONE`.
    """

    def __init__(self, paddles: Layout, chosen: Handle, gradient: bool = False):
        lib, own, what = dnn.library(), descriptor(paddles), What("reorder weights", paddles.shape)
        self.size, self.reorder = size_of(chosen), None
        if not lib.dnnl_memory_desc_equal(own, chosen):
            self.reorder = reorder_between(what, *((chosen, own) if gradient else (own, chosen)))

    def given(self, address: int) -> int:
        if self.reorder is None:
            return address
        place = scratch("weights", self.size)
        self.reorder(address, place)
        return place

    def taken(self, address: int) -> int:
        return address if self.reorder is None else scratch("weights", self.size)

    def take(self, address: int) -> None:
        if self.reorder is not None:
            self.reorder(scratch("weights", self.size), address)
