"""The benchmark of readers, on little noise: both sides read the same files and give the same kind of batches."""

from __future__ import annotations

import json
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
    assert readers.load(tmp_path)["pictures"] == 1600
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


def test_all_are_measured_and_compared(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    published, seen, apart = [], {}, rounds.Job.measure

    def here(job: rounds.Job) -> dict:
        """In this process, which has Paddle already; but workers forked from it may wait for ever for its threads."""
        _, name, _, root, _, seconds = job.words
        measured = apart(job) if name == "paddle, 2" else readers.measure(name, Path(root), float(seconds))
        seen[name] = measured | {"minutes": 0.5}
        return seen[name]

    monkeypatch.setattr(rounds.Job, "measure", here)
    monkeypatch.setattr(rounds, "publish", lambda module, words, results: published.extend(results))
    assert readers.main(["--rounds", "1", "--seconds", "0.1", "--publish"]) == 0
    for name in readers.SOURCES:
        assert seen[name]["what"] == "paddle.float32 [128, 3, 32, 32] and paddle.int64 [128]"
        assert seen[name]["std"] == pytest.approx(1.17, abs=0.15)  # of noise, by CIFAR-10's deviations
    made = {each.name: each for each in published}
    for name in ("paddle, 0", "paddle, 2"):
        assert made[f"batches, ours / {name}"].value == pytest.approx(seen["ours"]["rate"] / seen[name]["rate"])
    assert made["load"].value == seen["load"]["seconds"] > 0
    told = capsys.readouterr().out
    assert "noise" in told and "> 20" in told


def test_different_work_is_not_compared() -> None:
    found = {name: [{"rate": 1.0, "what": "a", "minutes": 1.0}] for name in readers.SOURCES}
    found["paddle, 2"][0]["what"] = "b"
    with pytest.raises(runtime.UserError, match="not the same work"):
        readers.results(found, "")


def test_a_job_is_a_process_of_its_own(tmp_path: Path) -> None:
    readers.lay_out(tmp_path)
    measured = readers.jobs(tmp_path, 0.1)["load"].measure()
    assert measured["pictures"] == 1600
    assert 0 < measured["seconds"] < 60 * measured["minutes"]
    with pytest.raises(runtime.UserError, match=r"benchmarks.readers --here nonsense: .*invalid choice: 'nonsense'"):
        rounds.Job("readers", ("--here", "nonsense")).measure()


def test_what_is_published_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "ROOT", tmp_path)
    measured = [{"seconds": value, "minutes": 0.25} for value in (3.0, 1.0, 2.0)]
    made = rounds.result("load", "seconds", "CIFAR-10", measured, lambda each: each["seconds"])
    rounds.publish("readers", ["--rounds", "3"], [made])
    (entry,) = json.loads((tmp_path / "docs/results.json").read_text())
    assert entry["command"] == "python -m benchmarks.readers --rounds 3"
    assert (entry["homework"], entry["question"], entry["name"]) == ("benchmark", None, "load")
    assert (entry["value"], entry["sd"], entry["n"], entry["minutes"]) == (2.0, 1.0, 3, 0.75)
