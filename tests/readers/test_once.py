"""Arrays are made once, and again when what they were made of, or how, is another."""

import os

import numpy as np
import pytest

from paddle_course.readers.once import once
from paddle_course.runtime import UserError


@pytest.fixture
def made(tmp_path):
    """`made(form)` asks for the arrays; `made.times` counts how often they had to be made."""
    source = tmp_path / "source.jpg"
    source.write_bytes(b"1")

    def ask(form: str = "a"):
        def make():
            ask.times += 1
            return {"images": np.full((2, 3), ask.times, np.uint8), "labels": np.array([0, 1])}

        return once(ask.path, [source], form, make)

    ask.times, ask.path, ask.source = 0, tmp_path / "kept.npz", source
    return ask


def test_they_are_made_once(made):
    first, again = made(), made()
    assert made.times == 1
    assert again["images"].dtype == np.uint8 and again["images"].tolist() == first["images"].tolist() == [[1] * 3] * 2
    assert set(again) == {"images", "labels"}


def test_another_form_size_or_time_makes_them_again(made):
    made()
    assert made("b")["images"][0, 0] == 2
    made.source.write_bytes(b"22")
    assert made("b")["images"][0, 0] == 3
    os.utime(made.source, (1, 1))
    assert made("b")["images"][0, 0] == 4 and made("b")["images"][0, 0] == 4


def test_a_damaged_file_is_made_again(made):
    made()
    whole = made.path.read_bytes()
    for raw in (whole[:100], whole[:-40], b"", whole.replace(b"\1" * 6, b"\7" * 6)):
        made.path.write_bytes(raw)
        before = made.times
        assert made()["images"][0, 0] == before + 1
    assert not list(made.path.parent.glob(".*"))  # nothing half-written is left


def test_nothing_is_kept_where_nothing_can_be_written(made, tmp_path):
    (tmp_path / "file").write_text("")
    made.path = tmp_path / "file" / "kept.npz"
    assert made()["images"][0, 0] == 1 and made()["images"][0, 0] == 2


def test_a_source_that_is_gone_is_named(made):
    made.source.unlink()
    made.source.symlink_to("nowhere")
    with pytest.raises(UserError, match=r"source.jpg cannot be read \(No such file or directory\); take it away"):
        made()


def test_a_file_that_would_run_code_is_not_loaded(made):
    np.savez(made.path, key=np.array([print], dtype=object), images=np.zeros(1))
    assert made()["images"][0, 0] == 1
