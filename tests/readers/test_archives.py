"""Zips of every kind of harm: each ends in one line, and none fills the memory."""

import io
import zipfile

import pytest

from paddle_course.readers import archives
from paddle_course.runtime import UserError


def reading(file, most: int = 100) -> dict[str, bytes]:
    with archives.opened(file, "a.zip") as archive:
        return {m.filename: archives.content(archive, m, "a.zip", most) for m in archives.members(archive, "a.zip", 3)}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file


def test_files_come_without_folders_and_what_a_mac_adds():
    files = {"b/": b"", "b/x.jpg": b"1", "__MACOSX/b/._x.jpg": b"2", "a.jpg": b"3"}
    assert reading(zipped(files)) == {"b/x.jpg": b"1", "a.jpg": b"3"}
    assert list(reading(zipped(files))) == ["b/x.jpg", "a.jpg"]  # as they lie there, not by name


def test_what_is_packed_comes_back_and_is_the_same_every_time():
    files = {"a/b.txt": b"text", "c": b""}
    assert reading(io.BytesIO(archives.packed(files))) == files
    assert archives.packed(files) == archives.packed(files)


def test_a_bomb_is_refused_before_it_is_opened(monkeypatch):
    bomb = zipped({"zeros": bytes(10_000_000)})
    assert len(bomb.getvalue()) < 20_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was opened"))
    with pytest.raises(UserError, match=r"a\.zip: zeros would unpack to 10,000,000 bytes, more than 100"):
        reading(bomb)


def test_a_bomb_that_lies_about_its_size_is_cut():
    file = zipped({"zeros": bytes(1_000_000)}).getvalue()
    lie = file.replace((1_000_000).to_bytes(4, "little"), (50).to_bytes(4, "little"))
    with pytest.raises(UserError, match=r"a.zip cannot be read"):
        reading(io.BytesIO(lie))


def test_too_many_files():
    with pytest.raises(UserError, match=r"a\.zip holds 4 files, more than 3"):
        reading(zipped({str(i): b"" for i in range(4)}))


def test_cut_off_damaged_encrypted_and_missing(tmp_path):
    whole = zipped({"a": b"0123456789" * 9}, zipfile.ZIP_STORED).getvalue()
    flipped = whole.replace(b"0123", b"0193", 1)
    for raw in (b"", b"PK\x03\x04", whole[:60], whole[:-30], flipped):
        with pytest.raises(UserError, match=r"a.zip cannot be read .*; delete it and get it again"):
            reading(io.BytesIO(raw))
    packed = bytearray(zipped({"a": bytes(range(90))}, zipfile.ZIP_LZMA).getvalue())
    packed[45:60] = bytes(15)
    with pytest.raises(UserError, match=r"a.zip cannot be read"):
        reading(io.BytesIO(packed))
    hidden = bytearray(whole)
    hidden[whole.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UserError, match="a is encrypted"):
        reading(io.BytesIO(hidden))
    with pytest.raises(UserError, match=r"a.zip is missing"):
        reading(tmp_path / "none.zip")


def test_a_zip_in_a_zip_is_read_without_unpacking_it():
    inner = zipped({"a": b"1" * 50, "b": b"2" * 50}, zipfile.ZIP_STORED).getvalue()
    with archives.opened(zipped({"in.zip": inner}), "out.zip") as outer:
        (member,) = archives.members(outer, "out.zip", 1)
        with archives.unpacked(outer, member, "out.zip", 1000) as file:
            assert reading(file) == {"a": b"1" * 50, "b": b"2" * 50}
