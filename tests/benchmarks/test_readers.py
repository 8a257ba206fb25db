"""The benchmark of readers, on little noise: both sides read the same files and give the same kind of batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from paddle.vision.datasets import Cifar10

from benchmarks import readers, rounds
from paddle_course import runtime
from paddle_course.readers import cifar10


@pytest.fixture(autouse=True)
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "SIZE", {"train": 1500, "test": 100})
    monkeypatch.setattr(readers.readers, "find", lambda name: None)


def test_both_sides_read_the_same_pictures(tmp_path: Path) -> None:
    assert readers.lay_out(tmp_path).startswith("noise")
    for split in ("train", "test"):
        mine = cifar10(tmp_path / readers.FOLDER, split)
        theirs = Cifar10(str(tmp_path / readers.ARCHIVE), mode=split)
        assert len(mine) == len(theirs) == readers.SIZE[split]
        for i in (0, 42, len(mine) - 1):
            picture, label = theirs[i]
            assert np.array_equal(mine.images[i], np.asarray(picture)) and mine.labels[i] == label


def test_another_container_is_turned_into_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    readers.lay_out(tmp_path / "one")
    monkeypatch.setattr(readers.readers, "find", lambda name: tmp_path / "one" / readers.ARCHIVE)
    monkeypatch.setattr(
        readers.readers, "cifar10", lambda place, split: cifar10(tmp_path / "one" / readers.FOLDER, split)
    )
    assert readers.lay_out(tmp_path / "two") == "CIFAR-10"
    for split in ("train", "test"):
        first, second = (cifar10(tmp_path / name / readers.FOLDER, split) for name in ("one", "two"))
        assert np.array_equal(first.images, second.images) and np.array_equal(first.labels, second.labels)
        assert first.classes == second.classes


def test_all_are_measured_and_compared(
    entries, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen, apart = {}, rounds.Job.measure

    def here(job: rounds.Job) -> rounds.Measured:
        """In this process, which has Paddle already; but workers forked from it may wait for ever for its threads."""
        name = job.arguments["name"]
        measured = apart(job) if name == "paddle, 2" else readers.measure(**job.arguments)
        seen[name] = measured | {"minutes": 0.5}
        return seen[name]

    monkeypatch.setattr(rounds.Job, "measure", here)
    assert readers.main(["--rounds", "1", "--seconds", "0.1", "--publish"]) == 0
    for name in readers.SOURCES:
        assert seen[name]["what"] == "paddle.float32 [128, 3, 32, 32] and paddle.int64 [128]"
        assert seen[name]["std"] == pytest.approx(1.17, abs=0.15)  # of noise, by CIFAR-10's deviations
    found = entries()
    for name in ("paddle, 0", "paddle, 2"):
        assert found[f"batches, ours / {name}"]["value"] == pytest.approx(seen["ours"]["rate"] / seen[name]["rate"])
    assert found["load"]["value"] == seen["load"]["seconds"] > 0
    assert seen["load"]["pictures"] == 1600
    told = capsys.readouterr().out
    assert "noise" in told and "> 20" in told and "< 1.5" in told


def test_different_work_is_not_compared() -> None:
    found = {name: [{"rate": 1.0, "what": "a", "minutes": 1.0}] for name in readers.SOURCES} | {"load": []}
    assert readers.numbers(found)["batches, ours / paddle, 2"][1].median == 1
    found["paddle, 2"][0]["what"] = "b"
    with pytest.raises(runtime.UserError, match="paddle, 2 gives b, ours gives a: that is not the same work"):
        readers.numbers(found)


def test_a_side_that_failed_leaves_dashes() -> None:
    found = {"ours": [], "paddle, 0": [], "paddle, 2": [], "load": [{"seconds": 1.0, "minutes": 1.0}]}
    rows = readers.table(readers.numbers(found), "").rows
    assert ("batches, ours", "batches/s", None, None, 0, None) in rows
    assert ("load", "seconds", "1", None, 1, "< 1.5") in rows


def test_paddle_has_the_one_thread_that_it_gives_itself(tmp_path: Path) -> None:
    threads = {name: job.environment.get("OMP_NUM_THREADS") for name, job in readers.jobs(tmp_path, 0.1).items()}
    assert threads == {"ours": None, "paddle, 0": "1", "paddle, 2": "1", "load": None}
