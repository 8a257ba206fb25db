"""Where a test reads sentences, its pictures stay blank: how they are drawn is tested elsewhere, and takes time."""

from __future__ import annotations

import pytest

from paddle_course.answers import drawing


@pytest.fixture
def blank(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every picture from here on is a small empty sheet."""
    monkeypatch.setattr(drawing, "_sheet", lambda *_: drawing.Sheet(figsize=(1, 1)))
