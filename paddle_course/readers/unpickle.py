"""The bytes of a CIFAR pickle -> a dict, without ever calling anything that the pickle names.

A pickle may name any function of any module and have it called. CIFAR's files need four names, all for one array of
bytes; each is answered by a small class of our own, every other name ends the reading. Not even NumPy's own unpickling
runs: it trusts the sizes it is told.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np

from paddle_course.runtime import UserError


class _Array:
    """Stands for numpy.ndarray and for the function that makes an empty one; the contents follow as its state."""

    def __init__(self, *_: object):
        self.array = None

    def __setstate__(self, state: tuple) -> None:
        _, shape, kind, column_major, data = state
        if not isinstance(kind, _Byte) or not isinstance(data, bytes):
            raise pickle.UnpicklingError("an array of something else than bytes")
        self.array = np.frombuffer(data, np.uint8).reshape(shape, order="F" if column_major else "C")


class _Byte:
    """Stands for numpy.dtype, which may only be uint8."""

    def __init__(self, code: bytes | str, *_: object):
        if code not in (b"u1", "u1"):
            raise pickle.UnpicklingError(f"an array of {code!r} instead of bytes")

    def __setstate__(self, state: tuple) -> None:
        """Byte order and alignment: nothing to a byte."""


class _Encode:
    """Stands for _codecs.encode, by which Python 3 puts bytes into an old pickle: text, "latin1"."""

    def __new__(cls, text: str, *_: object) -> bytes:
        return text.encode("latin1")

    def __setstate__(self, state: object) -> None:
        """Never called; without it a pickle could set attributes of the class itself."""


ADMITTED = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,  # NumPy 2
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Byte,
    ("_codecs", "encode"): _Encode,
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type:
        if (module, name) not in ADMITTED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no such file needs; nothing of it was run")
        return ADMITTED[module, name]


def unpickle(raw: bytes, where: str) -> dict[bytes, Any]:
    """The dict in a pickle of CIFAR: texts as bytes, arrays as uint8. UserError, naming `where`, for anything else."""
    try:
        found = _Unpickler(io.BytesIO(raw), encoding="bytes").load()
    except Exception as error:  # a damaged pickle can raise anything
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{where} is no pickle of CIFAR ({reason}); delete it and get it again") from None
    if not isinstance(found, dict):
        raise UserError(f"{where} holds a {type(found).__name__} instead of a dict; delete it and get it again")
    return {key: value.array if isinstance(value, _Array) else value for key, value in found.items()}
