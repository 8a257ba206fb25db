"""Arrays that take long to make -> a file that holds them, good until what they were made of changes."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import numpy as np

from paddle_course.files import write_file
from paddle_course.runtime import UserError

DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
Arrays = dict[str, np.ndarray]


def once(path: Path, sources: Iterable[Path], form: str, make: Callable[[], Arrays]) -> Arrays:
    """What `make` gives, or gave when the `sources` had the same names, sizes and times, and `form` was the same.

    Where `path` cannot be written the arrays are made every time: that costs time and nothing else.
    """
    try:
        stamps = [(each.name, each.stat().st_size, each.stat().st_mtime_ns) for each in sources]
    except OSError as error:  # a link that leads nowhere, say
        raise UserError(f"{error.filename} cannot be read ({error.strerror}); take it away or get it again") from None
    key = hashlib.sha256(repr((form, stamps)).encode()).hexdigest()
    with suppress(*DAMAGED), path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:  # none, or half of one
        if file["key"].item() == key:
            return {name: file[name] for name in file.files if name != "key"}
    arrays, buffer = make(), io.BytesIO()
    np.savez(buffer, key=np.array(key), **arrays)
    with suppress(UserError):
        write_file(path, buffer.getbuffer())
    return arrays
