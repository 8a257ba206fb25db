"""./run.sh doctor says what is here and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_course import doctor, readers


def test_it_names_what_is_here_and_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PADDLE_COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pets").mkdir()
    found = dict(doctor.findings())
    assert found["Paddle"].startswith("Paddle 3.")
    assert found["pets"] == str(tmp_path / "pets")
    assert found["mnist"] == f"not in {tmp_path}"
    assert readers.find("mnist") is None
