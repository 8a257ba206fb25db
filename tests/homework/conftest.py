"""Where a test reads sentences, there are no pictures: how they are drawn is tested elsewhere, and takes time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paddle_course.answers import drawing
from paddle_course.training.records import Recorder


@pytest.fixture(scope="module")
def blank() -> Iterator[None]:
    """Every picture of the module is a small empty sheet, and VisualDL gets no picture of a network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "_sheet", lambda *_: drawing.Sheet(figsize=(1, 1)))
        patch.setattr(Recorder, "graph", lambda *_: None)
        yield
