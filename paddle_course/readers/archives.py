"""A zip file -> its members, streamed one at a time; whatever is wrong with it ends in one line.

A zip says how large each member will be, and Python unpacks no more than that. So a bomb, a small file that would fill
the memory, is refused before it is opened.
"""

from __future__ import annotations

import contextlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from paddle_course.runtime import UserError

BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, NotImplementedError, ValueError)


@contextlib.contextmanager
def opened(file: Path | BinaryIO, where: object) -> Iterator[zipfile.ZipFile]:
    """The archive in `file`. What goes wrong while it is read is a UserError that names `where`."""
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except FileNotFoundError:
        raise UserError(f"{where} is missing; get it again") from None
    except BROKEN as error:
        raise UserError(f"{where} cannot be read ({error}); delete it and get it again") from None


def members(archive: zipfile.ZipFile, where: object, most: int) -> list[zipfile.ZipInfo]:
    """The files in it, without folders and what a Mac adds, in the order in which they lie there; at most so many."""
    files = [each for each in archive.infolist() if not each.is_dir() and "__MACOSX/" not in each.filename]
    if len(files) > most:
        raise UserError(f"{where} holds {len(files):,} files, more than {most:,}; this is not the publisher's")
    return sorted(files, key=lambda each: each.header_offset)


def content(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: object, most: int) -> bytes:
    """All of one member of at most so many bytes."""
    with unpacked(archive, member, where, most) as file:
        return file.read()


def unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: object, most: int) -> BinaryIO:
    """One member as a file, for one that may be large."""
    if member.file_size > most:
        raise UserError(
            f"{where}: {member.filename} would unpack to {member.file_size:,} bytes, more than {most:,}; "
            "this is not the publisher's file, delete it"
        )
    if member.flag_bits & 1:
        raise UserError(f"{where}: {member.filename} is encrypted; this is not the publisher's file, delete it")
    return archive.open(member)


def packed(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files, without times or owners: the same files give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()
