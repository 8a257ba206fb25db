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
    found = dict(doctor.findings(readers.data_root()))
    assert found["Paddle"].startswith("Paddle 3.")
    assert found["pets"] == str(tmp_path / "pets")
    for name in ("mnist", "housing", "dogs", "hw4", "fashion-mnist"):
        assert found[name] == f"not in {tmp_path}" and readers.find(name) is None


def test_it_measures_the_disks_of_the_runs_and_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = {runtime.ROOT: 3e9, tmp_path: 1e9}
    monkeypatch.setenv("PADDLE_COURSE_DATA", str(tmp_path / "not/yet"))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free[folder]))
    found = dict(doctor.findings(readers.data_root()))
    assert found["room for runs"] == "3 GB" and found["room for data"].startswith("1 GB - ")


@pytest.mark.parametrize("name", ["[data]", "a[/b]"])
def test_it_looks_where_it_is_told_and_shows_the_name_as_it_is(tmp_path: Path, name: str, capsys) -> None:
    doctor.main(["--data-root", str(tmp_path / name)])
    assert f"/{name}" in "".join(capsys.readouterr().out.split())


def test_what_it_does_not_know_is_refused(capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        doctor.main(["--bogus"])
    assert stopped.value.code == 2 and "--bogus" in capsys.readouterr().err
