"""All ways to a model's convolutions and their gradients are measured in turn, and a table tells which one is taken."""

from __future__ import annotations

import pytest

from benchmarks import convolutions, rounds
from benchmarks.convolutions import EXCHANGED, FORWARD, OWN, TO_DATA, TO_WEIGHTS, WINOGRAD, Layer
from paddle_course.onednn import library
from paddle_course.onednn.primitives import Window


@pytest.fixture(autouse=True)
def onednn_is_here() -> None:
    if why := library.why_not():
        pytest.skip(why)


def layer(channels: int, kernel: int = 3, pictures: int = 32) -> Layer:
    around = (kernel // 2,) * 2
    window = Window((kernel, kernel), (1, 1), around, around)
    return Layer((pictures, channels, 8, 8), (channels, channels, kernel, kernel), window, 1)


def test_convolutions_of_a_model_each_once() -> None:
    found = convolutions.convolutions("vgg11", 2)
    assert len(found) == 7 and found[0].w == (64, 3, 3, 3) and found[-1].x == (2, 512, 2, 2)  # where it has two
    assert len(convolutions.convolutions("resnet18", 2)) == 8  # of 20; three are of single pixels
    assert str(found[1]) == "2×64×16×16 → 128, 3×3"
    assert found[1].flop == 2 * 2 * 128 * 16 * 16 * 64 * 9


def test_winograd_is_for_three_pixels_only() -> None:
    three, five = (convolutions.ways(layer(16, kernel)) for kernel in (3, 5))
    assert [*three[FORWARD]] == [*three[TO_DATA]] == [OWN, WINOGRAD] and [*five[FORWARD]] == [*five[TO_DATA]] == [OWN]
    assert [*three[TO_WEIGHTS]] == [OWN, EXCHANGED, WINOGRAD] and [*five[TO_WEIGHTS]] == [OWN, EXCHANGED]


def test_which_way_a_training_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "vector", lambda: 8)
    assert convolutions.taken(layer(128)) == {FORWARD: WINOGRAD, TO_DATA: WINOGRAD, TO_WEIGHTS: WINOGRAD}
    assert convolutions.taken(layer(64)) == {FORWARD: OWN, TO_DATA: OWN, TO_WEIGHTS: WINOGRAD}
    assert convolutions.taken(layer(32)) == {FORWARD: OWN, TO_DATA: OWN, TO_WEIGHTS: EXCHANGED}
    assert convolutions.taken(layer(8)) == {FORWARD: OWN, TO_DATA: OWN, TO_WEIGHTS: OWN}


def test_the_command(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = []
    monkeypatch.setattr(rounds, "publish", lambda module, words, results: kept.extend(results))
    assert convolutions.main(["digitnet", "--batch", "8", "--rounds", "3", "--publish"]) == 0
    shown = capsys.readouterr().out
    layers = convolutions.convolutions("digitnet", 8)
    for each in layers:
        rows = [line for line in shown.splitlines() if line.lstrip().startswith(str(each))]
        assert [row.split()[-1] for row in rows] == [*convolutions.taken(each).values()]
    names = [each.name for each in kept if each.metric == "GFLOP/s"]
    assert len(names) == len(set(names)) == sum(len(way) for each in layers for way in convolutions.ways(each).values())
    assert min(each.value for each in kept) > 0 and {each.n for each in kept if each.metric == "ratio"} == {3}
