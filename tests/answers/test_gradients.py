"""The norms of a training's records, layer by layer, as a table, as curves and as numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paddle_course import answers, config, training
from paddle_course.answers import Trained


def trained(folder: Path, first: float, last: float) -> Trained:
    """Two epochs of four recorded steps; the norms of the second are a hundred times those of the first."""
    folder.mkdir(parents=True)
    run, lines = training.Run(folder), []
    for step in range(1, 9):
        norms = {"features.conv1": first * step, "head.fc": last * step}
        scale = 100 if step > 4 else 1
        lines.append({"kind": "train", "step": step, "loss": 1 / step})
        lines.append({"kind": "gradients", "step": step} | {name: scale * norm for name, norm in norms.items()})
    run.metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    epochs = [{"epoch": 1, "step": 4}, {"epoch": 2, "step": 8}]
    return Trained(None, training.Result(run, epochs, epochs[-1], folder / "params.safetensors", "0" * 64))


def test_the_table_holds_medians_of_the_first_epoch(tmp_path: Path) -> None:
    runs = {"ReLU": trained(tmp_path / "a", 1.0, 2.0), "sigmoid": trained(tmp_path / "b", 0.001, 2.0)}
    found = answers.layer_gradients(runs)
    assert found.layers == ["conv1", "fc"]
    assert found.early["ReLU"] == {"conv1": 2.5, "fc": 5.0}
    assert found.ratio("ReLU") == 2 and found.ratio("sigmoid") == pytest.approx(2000)
    assert found.first["ReLU"] == {"conv1": 1.0, "fc": 2.0} and found.ratio("sigmoid", "first") == pytest.approx(2000)
    table, figure = found.pieces
    assert table.header == ("layer", "ReLU", "sigmoid")
    assert table.rows == (("conv1", 2.5, 0.0025), ("fc", 5.0, 5.0))
    assert figure.name == "gradients" and figure.svg.count("<svg") == 2
    for word in ("ReLU", "sigmoid", "conv1", "norm of the gradients"):
        assert word in figure.svg


def test_a_network_without_gradients_in_front(tmp_path: Path) -> None:
    found = answers.layer_gradients({"dead": trained(tmp_path / "a", 0.0, 1.0)})
    assert found.ratio("dead") == float("inf") and found.uneven("dead") == (True, "inf")


@pytest.mark.parametrize(
    ("first", "last", "uneven"),
    [
        (1.0, 1876.4, (True, "1,876")),
        (1.0, 25.17, (True, "25.2")),
        (8.019, 1.0, (False, "8.02")),
        (3.0, 3.0, (True, "1.00")),
    ],
)
def test_the_larger_end_is_named_with_three_digits(tmp_path: Path, first: float, last: float, uneven: tuple) -> None:
    assert answers.layer_gradients({"net": trained(tmp_path / "a", first, last)}).uneven("net") == uneven


def test_curves_by_step(tmp_path: Path) -> None:
    steps, losses = answers.by_step(trained(tmp_path / "a", 1.0, 1.0), "loss")
    assert steps == list(range(1, 9)) and losses[3] == 0.25


def run(folder: Path, finished: bool = True, synthetic: bool = False) -> None:
    made = trained(folder, 1.0, 2.0).result.run
    epochs = [{"kind": "epoch", "epoch": e, "step": 4 * e} for e in (1, 2)]
    made.metrics.write_text(made.metrics.read_text() + "".join(json.dumps(each) + "\n" for each in epochs))
    (folder / "config.json").write_text(json.dumps({"train": {"synthetic": synthetic}}))
    if finished:
        about = {"params": "checkpoints/8/params.safetensors", "sha256": "0" * 64, "step": 8}
        (folder / "result.json").write_text(json.dumps(about))


def test_the_first_seed_of_each_arm_that_has_ended_is_found(tmp_path: Path) -> None:
    there, lab = tmp_path / "hw06" / "real", answers.Lab(config.RunConfig(), tmp_path / "hw12" / "real")
    for name in ("sigmoid-10", "sigmoid-3", "centred-sigmoid-0", "sigmoid-glorot-4-0", "relu-2"):
        run(there / name)
    for name in ("sigmoid-2", "relu-1"):
        run(there / name, finished=False)
    found = answers.finished(lab, "hw06", ("sigmoid", "ReLU", "tanh", "centred sigmoid"))
    assert not lab.synthetic
    names = {"sigmoid": "sigmoid-3", "ReLU": "relu-2", "centred sigmoid": "centred-sigmoid-0"}
    assert {arm: each.result.run.name for arm, each in found.items()} == names
    assert found["ReLU"].net is None and found["sigmoid"].result.final["epoch"] == 2
    assert answers.layer_gradients(found).early["ReLU"] == {"conv1": 2.5, "fc": 5.0}
    assert answers.finished(lab, "hw07", ("sigmoid",)) == {}
    run(there / "tanh-0", synthetic=True)
    assert answers.finished(lab, "hw06", ("tanh",)) and lab.synthetic


def test_by_depth_takes_the_convolutions_of_the_first_step(tmp_path: Path) -> None:
    names = ("stem.conv", "stem.norm", "stage1.body.conv1", "stage1.shortcut.conv", "stage1.body.conv2", "fc")
    for name, norms in {"flat": (2, 9, 1, 9, 4, 9), "steep": (16, 9, 4, 9, 1, 9)}.items():
        (tmp_path / name).mkdir()
        lines = [{"kind": "gradients", "step": step} | dict(zip(names, norms, strict=True)) for step in (1, 20)]
        lines[1]["stem.conv"] = 1000
        (tmp_path / name / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    runs = {
        name: Trained(None, training.Result(training.Run(tmp_path / name), [], {}, tmp_path, ""))
        for name in ("flat", "steep")
    }
    found = answers.by_depth(runs)
    assert found.norms == {"flat": [2, 1, 4], "steep": [16, 4, 1]}
    assert found.spread == {"flat": 4, "steep": 16}
    (figure,) = found.pieces
    assert "flat" in figure.svg and "steep" in figure.svg
