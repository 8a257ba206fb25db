"""Drawings <-> one file that is read in a moment: `strokes` in a few flat arrays, without pickle.

Its name tells what it was made from: which part of the files, a hash of their names, and one of their sizes and times.
So a file that is there fits, or nobody asks for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as to_bytes

from paddle_course.files import write_file
from paddle_course.readers.strokes import Drawings
from paddle_course.runtime import UserError

FORMAT = 1  # of the file; part of its name


def place(folder: Path, files: Iterable[Path], part: str) -> Path:
    """Where the packed form of this part of these files belongs."""
    about = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    names, now = (
        hashlib.sha256(repr(what).encode()).hexdigest()[:16] for what in ([name for name, *_ in about], (FORMAT, about))
    )
    return folder.parent / "packed" / f"{folder.name}-{part}-{names}-{now}.safetensors"


def save(path: Path, drawings: Drawings) -> None:
    """Write the file, whole or not at all, in place of older ones of the same part; a full or closed disk is told."""
    arrays = {
        "points": drawings.points,
        "lengths": np.diff(drawings.strokes).astype(np.uint32),
        "counts": np.diff(drawings.starts).astype(np.uint32),
        "labels": drawings.labels.astype(np.uint16),
        "keys": drawings.keys,
    }
    if drawings.times is not None:
        arrays["times"] = drawings.times
    about = {"classes": json.dumps(drawings.classes), "source": drawings.source}
    try:
        write_file(path, to_bytes(arrays, about))
    except UserError as error:
        print(f"warning: the drawings are not kept, and will be read again: {error}", file=sys.stderr)
        return
    for other in path.parent.glob(path.name.replace(path.stem.rpartition("-")[2], "*")):
        if other != path:
            with contextlib.suppress(OSError):
                other.unlink()


def load(path: Path) -> Drawings | None:
    """The drawings that were saved there; None where there are none, or no whole ones."""
    try:
        with safe_open(path, "np") as file:
            about, arrays = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        edges = [np.concatenate([[0], np.cumsum(arrays.pop(name), dtype=np.int64)]) for name in ("lengths", "counts")]
        labels, classes = arrays.pop("labels").astype(np.int64), tuple(json.loads(about["classes"]))
        points, keys, times = arrays.pop("points"), arrays.pop("keys"), arrays.pop("times", None)
        return Drawings(points, *edges, labels, keys, classes, about["source"], times)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, UserError):
        return None
