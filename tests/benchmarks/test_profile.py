"""The profile sees every convolution, with the operations that pencil and paper give it."""

from __future__ import annotations

import pytest

from benchmarks import profile
from paddle_course import answers, models, onednn
from paddle_course.onednn import library
from paddle_course.onednn.memory import Primitive, What, channels_last
from paddle_course.onednn.primitives import Window


@pytest.fixture(autouse=True)
def onednn_is_here() -> None:
    if why := library.why_not():
        pytest.skip(why)


def spent(evaluate: bool) -> profile.Spent:
    return profile.profile(profile.Trial("f32", "lenet", 4, (1, 28, 28), 10, 0, 1), 3, evaluate)


def test_a_step_is_its_primitives_the_optimizer_and_a_rest() -> None:
    plain, found = Primitive.__call__, spent(evaluate=False)
    assert Primitive.__call__ is plain
    inside = sum(sum(seconds) for seconds in found.calls.values()) / 3
    assert inside > 0 and found.optimizer > 0 and inside + found.optimizer < found.step
    runs = {name: sum(len(s) for call, s in found.calls.items() if call.name == name) for name, *_ in found.calls}
    assert (runs["conv forward"], runs["conv to weights"], runs["conv to data"]) == (6, 6, 3)  # none to the pictures
    assert {"ReLU backward", "pooling forward", "pooling backward", "reorder weights"} <= runs.keys()
    assert "ReLU forward" not in runs  # the convolution in front of it does it


def test_evaluation_only_goes_forward() -> None:
    found = spent(evaluate=True)
    assert found.optimizer == 0
    assert not any("backward" in name or " to " in name for name, *_ in found.calls)


def test_operations_are_those_of_the_layer_table() -> None:
    rows = answers.layer_table(models.build("lenet"), (1, 28, 28))
    macs = sum(row.macs for row in rows if row.kind == "Conv2D")
    assert sum(call.flop for call in spent(evaluate=True).calls) == 2 * 4 * macs


def test_strides_and_halved_precision_are_told() -> None:
    window = Window((3, 3), (2, 2), (1, 1), (1, 1))
    what = What("convolution", (8, 64, 32, 32), ((128, 64, 3, 3), window, 1, "bf16"))
    call = profile.call(what, (library.WEIGHTS, library.DIFF_DST, library.DIFF_SRC))
    assert call == ("conv to data", "8×64×32×32 → 128, 3×3 / 2", 2 * 8 * 128 * 16 * 16 * 64 * 9)
    layouts = tuple(channels_last((8, 64, 4, 4), dtype) for dtype in (library.F32, library.BF16))
    reorder = What("reorder maps", (8, 64, 4, 4), layouts)
    assert profile.call(reorder, (library.SRC, library.DST)).shapes == "8×64×4×4, f32 → bf16"


def test_a_gradient_of_weights_worked_out_in_another_way_counts_as_one() -> None:
    what = What("gradient of weights", (8, 64, 15, 15), ((256, 64, 3, 3), Window((3, 3), (1, 1), (1, 1), (1, 1))))
    told = profile.call(what, (library.SRC, library.WEIGHTS, library.DST))
    assert told == ("conv to weights", "8×64×15×15 → 256, 3×3", 2 * 8 * 256 * 15 * 15 * 64 * 9)


def test_the_command_prints_both_tables(capsys: pytest.CaptureFixture) -> None:
    assert profile.main(["lenet", "--precision", "f32", "--batch", "2", "--steps", "2"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("lenet trained in f32, batch 2: ")
    assert "One step" in shown and "Each primitive" in shown
    assert [line.split()[:3] for line in shown.splitlines()].count(["conv", "forward", "2"]) == 1


def test_shares_are_published_and_make_a_whole(entries, capsys: pytest.CaptureFixture) -> None:
    assert profile.main(["lenet", "--precision", "f32", "--batch", "2", "--steps", "2", "--publish"]) == 0
    found, form = entries(), "profile of training in f32, {}, lenet"
    names = {"conv forward", "conv to weights", "conv to data", "ReLU backward", "pooling forward", "pooling backward"}
    names |= {"reorder maps", "reorder weights", "optimizer", profile.REST}
    shares = {name: each["value"] for name, each in found.items() if not name.endswith("peak")}
    assert shares.keys() == {form.format(name) for name in names}
    assert sum(shares.values()) == pytest.approx(1) and min(shares.values()) > 0
    peaks = {name: each["value"] for name, each in found.items() if name.endswith("peak")}
    assert peaks.keys() == {form.format(name) + ", of the peak" for name in names if name.startswith("conv ")}
    assert min(peaks.values()) > 0 and max(peaks.values()) < 2
    assert found[form.format("optimizer")]["data"] == "random pictures, 1×28×28, batch 2"
    assert profile.main(["lenet", "--precision", "f32", "--batch", "2", "--steps", "1", "--evaluate", "--publish"]) == 0
    assert "profile of evaluation in f32, conv forward, lenet" in entries()


def test_what_is_profiled_is_what_the_fast_path_takes_by_itself(capsys: pytest.CaptureFixture) -> None:
    assert profile.main(["lenet", "--batch", "2", "--steps", "1"]) == 0
    taken = onednn.accelerate(models.build("lenet")).precision
    assert capsys.readouterr().out.startswith(f"lenet trained in {taken}, batch 2: ")
