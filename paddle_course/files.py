"""A folder that several processes use -> files that are whole, whoever is killed and whoever comes second."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from paddle_course.runtime import UserError


@contextlib.contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[bool]:
    """Keep others who lock `path`, a folder or a file, out of this block; the lock goes with the process.

    They wait, or without `wait` are given False. Where nothing can be locked (Windows, some network drives) two
    processes are the user's own care.
    """
    try:
        import fcntl
    except ImportError:
        yield True
        return
    handle, free = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR), True
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except OSError as error:
            if not wait and error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                free = False
            else:
                print(f"warning: {path} cannot be locked ({error.strerror}): start nothing else there", file=sys.stderr)
        yield free
    finally:
        os.close(handle)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process fills this data folder, and keep them waiting; UserError where it cannot be written.

    Not to be entered twice: one would wait for oneself.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            yield
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written ({error.strerror or error}): make room, or choose another --data-root"
        ) from None


def write_file(path: Path, data: bytes | str) -> None:
    """Write all of `data` or nothing."""
    with replacing(path) as temporary:
        temporary.write_bytes(data.encode() if isinstance(data, str) else data)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A neighbour of `path` to write to: what it holds goes to the disk and is renamed over `path`, or is dropped."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise UserError(
            f"{path} cannot be written ({error.strerror}): make room there, or name another place with --out or "
            "--data-root; what was saved before is untouched"
        ) from None
