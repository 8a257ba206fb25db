"""What is written is whole or not there; a lock keeps others out, and where there are none a line says so."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from paddle_course import files
from paddle_course.runtime import UserError


@pytest.mark.parametrize("wait", [True, False])
@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_drive_without_locks_costs_a_line_and_no_more(tmp_path, monkeypatch, capsys, code: int, wait: bool) -> None:
    def flock(*_: object) -> None:
        raise OSError(code, "no locks here")

    monkeypatch.setattr("fcntl.flock", flock)
    with files.locked(tmp_path, wait) as free:
        assert free
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {tmp_path} cannot be locked (no locks here)")


def test_a_lock_is_refused_while_another_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with files.locked(tmp_path), files.locked(tmp_path, wait=False) as free:
        assert not free
    with files.locked(tmp_path, wait=False) as free:
        assert free
    monkeypatch.setitem(sys.modules, "fcntl", None)  # Windows
    with files.locked(tmp_path), files.locked(tmp_path, wait=False) as free:
        assert free


def test_files_are_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "file"
    files.write_file(path, "one")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(UserError, match="No space left on device"):
        files.write_file(path, "two")
    assert path.read_text() == "one"
    assert [each.name for each in path.parent.iterdir()] == ["file"]
