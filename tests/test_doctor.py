"""./run.sh doctor says what is here and what is not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from paddle_course import doctor, readers, runtime


def test_it_names_what_is_here_and_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLE_COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pets").mkdir()
    found = dict(doctor.findings())
    assert found["Paddle"].startswith("Paddle 3.")
    assert found["pets"] == str(tmp_path / "pets")
    for name in ("mnist", "housing", "dogs", "hw4", "fashion-mnist"):
        assert found[name] == f"not in {tmp_path}" and readers.find(name) is None


def test_it_measures_the_disks_of_the_runs_and_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = {runtime.ROOT: 3e9, tmp_path: 1e9}
    monkeypatch.setenv("PADDLE_COURSE_DATA", str(tmp_path / "not/yet"))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free[folder]))
    found = dict(doctor.findings())
    assert found["room for runs"] == "3 GB" and found["room for data"].startswith("1 GB - ")
