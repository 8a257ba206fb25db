"""Both ways to the gradients of a model's weights are measured in turn, and the table tells which one is taken."""

from __future__ import annotations

import pytest

from benchmarks import gradients, rounds
from paddle_course.onednn import library
from paddle_course.onednn.exchange import exchanged


@pytest.fixture(autouse=True)
def onednn_is_here() -> None:
    if why := library.why_not():
        pytest.skip(why)


def test_convolutions_of_a_model_each_once() -> None:
    found = gradients.convolutions("vgg11", 2)
    assert len(found) == 7 and found[0].w == (64, 3, 3, 3) and found[-1].x == (2, 512, 2, 2)  # where it has two
    assert len(gradients.convolutions("resnet18", 2)) == 8  # of 20; three are of single pixels
    assert str(found[1]) == "2×64×16×16 → 128, 3×3"
    assert found[1].flop == 2 * 2 * 128 * 16 * 16 * 64 * 9


def test_the_command(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    monkeypatch.setattr(rounds, "publish", lambda module, words, results: kept.extend(results))
    assert gradients.main(["digitnet", "--batch", "8", "--rounds", "3", "--publish"]) == 0
    shown = capsys.readouterr().out
    layers = gradients.convolutions("digitnet", 8)
    for layer in layers:
        (row,) = (line for line in shown.splitlines() if line.lstrip().startswith(str(layer)))
        assert row.split()[-1] == (gradients.EXCHANGED if exchanged(*layer) else gradients.OWN)
    assert len(kept) == 3 * len(layers)
    own, other, ratio = (each.value for each in kept[:3])
    assert own > 0 and other > 0 and ratio > 0 and kept[2].metric == "ratio" and kept[2].n == 3
