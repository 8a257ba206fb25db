"""The run directory: what is noted comes back, after kills too, and VisualDL reads the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from visualdl import LogReader
from visualdl.server.lib import get_hparam_list

from paddle_course import batches, runtime, training
from paddle_course.training.records import Recorder, kept_vdl
from tests.training import toy


def noted(run: training.Run, first: int, last: int) -> None:
    run.directory.mkdir(exist_ok=True)
    with Recorder(run, first - 1) as record:
        for step in range(first, last + 1):
            record("train", step, loss=1.0 / step, phase="adam")
            record.histogram("weights/fc", step, np.arange(10.0))
        record.images("pictures", last, np.zeros((2, 4, 4, 1), np.uint8))


def curve(run: training.Run) -> list[tuple[int, float]]:
    return [(each.id, each.value) for each in LogReader(file_path=str(run.vdl)).get_data("scalar", "train/loss")]


def test_metrics_and_curve_go_on_in_one_line(tmp_path: Path) -> None:
    run = training.Run(tmp_path / "run")
    noted(run, 1, 5)
    noted(run, 4, 8)  # resumed from a checkpoint at step 3
    assert [each["step"] for each in run.records("train")] == list(range(1, 9))
    assert [step for step, _ in curve(run)] == list(range(1, 9))
    assert [value for _, value in curve(run)] == pytest.approx([1 / step for step in range(1, 9)])
    assert len(list(run.vdl.parent.iterdir())) == 1


def test_a_record_that_a_kill_cut_off_is_dropped(tmp_path: Path) -> None:
    run = training.Run(tmp_path / "run")
    noted(run, 1, 5)
    data = run.vdl.read_bytes()
    assert kept_vdl(data, 99) == data
    for cut in (1, 9, 40):
        run.vdl.write_bytes(data[:-cut])
        run.metrics.write_text(run.metrics.read_text()[:-cut])
        noted(run, 4, 6)
        assert [step for step, _ in curve(run)] == list(range(1, 7))
        assert [each["step"] for each in run.records()] == list(range(1, 7))


def test_numbers_of_numpy_and_infinities_can_be_noted(tmp_path: Path) -> None:
    run = training.Run(tmp_path / "run")
    run.directory.mkdir()
    with Recorder(run, 0) as record:
        record("train", 1, loss=np.float32(0.5), worst=float("inf"))
        record.settings({"lr": np.float32(0.1), "norm": True, "name": "adam"}, ["train/loss"])
    assert run.records() == [{"kind": "train", "step": 1, "loss": 0.5, "worst": float("inf")}]


def test_other_settings_are_listed(tmp_path: Path) -> None:
    run = training.Run(tmp_path / "run")
    run.begin({"phases": [{"lr": 0.1}], "size": (1, 2)})
    run.begin({"phases": [{"lr": 0.1}], "size": (1, 2)})
    with pytest.raises(runtime.UserError, match=r"size: \[1, 2\], now \[1, 3\]"):
        run.begin({"phases": [{"lr": 0.1}], "size": (1, 3)})
    run.clear()
    run.begin({"phases": []})


def test_network_and_settings_are_shown(tmp_path: Path) -> None:
    model = toy.toy_model()
    before = {name: value.numpy().tobytes() for name, value in model.state_dict().items()}
    training.fit(training.Run(tmp_path / "run"), model, toy.toy_batches(), toy.phases("adam", 1))
    files = sorted(path.name.partition(".")[0] for path in (tmp_path / "run/vdl").iterdir())
    assert files == ["vdlgraph", "vdlrecords"]
    tags = LogReader(file_path=str(tmp_path / "run/vdl/vdlrecords.run.log")).get_tags()
    assert tags["image"] == ["pictures"]
    assert "weights/conv.weight" in tags["histogram"]
    assert "epoch/train_loss" in tags["scalar"]
    assert "hparam" in str(tags)
    assert before.keys() == model.state_dict().keys()
    assert not training.Run(tmp_path / "run").records("note")


def compared(folder: Path) -> dict[str, dict]:
    """What VisualDL's server tells its hyper-parameter page, by run."""
    rows = get_hparam_list(LogReader(logdir=str(folder)))  # it remembers what other readers of this process have read
    rows = [row for row in rows if row["name"].startswith(str(folder))]
    return {Path(row["name"]).parent.name: row["hparams"] | row["metrics"] for row in rows}


def test_runs_stand_on_the_hyper_parameter_page_however_they_ended(tmp_path: Path) -> None:
    held = batches.Batches(toy.stripes(30, seed=5), 30, shuffle=False)
    result = training.fit(
        training.Run(tmp_path / "good"),
        toy.toy_model(),
        toy.toy_batches(),
        toy.phases("adam", 2),
        held_out={"test": held},
    )
    with pytest.raises(training.Diverged):
        bad = toy.phases("sgd", 2, lr=1e30)
        training.fit(training.Run(tmp_path / "bad"), toy.toy_model(), toy.toy_batches(), bad, held_out={"test": held})
    rows = compared(tmp_path)
    assert rows["good"]["epoch/test_accuracy"] == pytest.approx(result.final["test_accuracy"])
    assert rows["good"]["epoch/train_accuracy"] == pytest.approx(result.final["train_accuracy"])
    assert (rows["good"]["optimizer"], rows["good"]["lr"]) == ("adam", pytest.approx(0.01))
    assert (rows["bad"]["optimizer"], rows["bad"]["epoch/test_accuracy"]) == ("sgd", None)
    assert rows["good"].keys() == rows["bad"].keys()
