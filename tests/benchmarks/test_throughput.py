"""The benchmark's numbers agree with each other, and what cannot be compared is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import throughput
from paddle_course import models
from paddle_course.answers import results
from paddle_course.onednn import library

SMALL = ["--models", "lenet", "--rounds", "1", "--seconds", "0", "--batch", "2"]


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """What --publish has entered, in a file of its own."""
    monkeypatch.setattr(throughput, "RESULTS", tmp_path / "results.json")
    return lambda: {entry["name"]: entry for entry in results.load(tmp_path / "results.json")}


@pytest.fixture
def pytorch(tmp_path: Path):
    """A program that answers as a Python with PyTorch does: 100 pictures per second, but channels-last fails."""

    def pytorch(trainable: int = 61706) -> list[str]:
        found = json.dumps({"rate": 100.0, "memory": 50.0, "trainable": trainable, "threads": None})
        path = tmp_path / "python"
        path.write_text(f"""#!/bin/sh
            case "$*" in
                -c*) echo 9.9 ;;
                *torch-cl*) echo Traceback >&2; echo "no room" >&2; exit 1 ;;
                *) echo '{found}' ;;
            esac""")
        path.chmod(0o755)
        return ["--torch", str(path)]

    return pytorch


def test_mistakes_end_in_one_line(capsys: pytest.CaptureFixture) -> None:
    for words in (["--models", "lenot"], ["--columns", "jax"], ["--rounds", "0"], ["--seconds", "x"], ["--frob"]):
        with pytest.raises(SystemExit, match="2"):
            throughput.main(words)
        assert len(capsys.readouterr().err.splitlines()) == 1
    assert throughput.main([*SMALL, "--torch", "true"]) == 2
    assert capsys.readouterr().err.splitlines()[0].endswith("it cannot import torch")


@pytest.mark.skipif(not library.has_bf16(), reason="this processor has no bfloat16")
def test_ratios_are_quotients_of_what_was_measured(entries, pytorch, capsys: pytest.CaptureFixture) -> None:
    assert throughput.main([*SMALL, "--columns", "fit,bf16,torch", "--publish", *pytorch()]) == 0
    found = entries()
    fit, bf16 = (found[f"lenet, {column}"]["value"] for column in ("fit", "bf16"))
    assert found["lenet, bf16 / fit"]["value"] == bf16 / fit
    assert found["lenet, bf16 / best torch"]["value"] == found["lenet, best / best torch"]["value"] == bf16 / 100
    assert "lenet, f32 / best f32 torch" not in found  # f32 was not measured
    assert found["peak, f32"]["value"] > 0 and found["peak, bf16"]["value"] > 0
    assert found["lenet, fit"]["data"] == "random pictures, 1 x 28 x 28, batch 2"
    assert found["lenet, fit"]["machine"].endswith("PyTorch 9.9")
    assert found["lenet, fit"]["command"].endswith("--publish --torch PYTHON")

    speed, ratios, memory, operations = (
        line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("lenet")
    )
    short = throughput.short
    assert speed[1:] == ["2", short(fit), short(bf16), "100"]
    assert ratios[1:] == ["2", short(bf16 / fit), short(bf16 / 100), short(bf16 / 100), "–"]
    assert int(memory[2]) > 100 and memory[4] == "50"
    macs = throughput.Subject.of("lenet", 2).macs
    assert macs == 25 * (6 * 28 * 28 + 6 * 16 * 10 * 10) + 400 * 120 + 120 * 84 + 84 * 10
    assert operations[2] == short(6e-9 * macs * fit)


def test_fit_runs_as_paddle_comes_and_our_columns_as_this_project_sets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were `fit` given this project's threads, it would be compared with itself."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    subject = throughput.Subject.of("lenet", 2)
    threads = [throughput.measure(subject, column, 0.0, "")["threads"] for column in ("fit", "stock")]
    assert threads == ["1", "2"]


def test_another_network_is_not_compared(pytorch, entries, capsys: pytest.CaptureFixture) -> None:
    assert throughput.main([*SMALL, "--columns", "torch", "--publish", *pytorch(trainable=61707)]) == 2
    assert "lenet, torch: 61,707 trainable parameters instead of 61,706" in capsys.readouterr().err
    assert not entries()


def test_what_fails_is_told_in_one_line_and_the_rest_goes_on(pytorch, capsys: pytest.CaptureFixture) -> None:
    assert throughput.main([*SMALL, "--columns", "torch-cl,torch", *pytorch()]) == 1
    shown = capsys.readouterr()
    assert "round 1 of 1: lenet, torch-cl: failed: no room" in shown.err.splitlines()
    assert "Traceback" not in shown.err
    assert ["lenet", "2", "–", "100"] in [line.split() for line in shown.out.splitlines()]


def test_the_best_of_the_columns_and_the_median_of_the_rounds_count() -> None:
    subject = throughput.Subject("lenet", 2, trainable=0, macs=10**9)
    for column, rates in {
        "f32": (50, 70, 60),
        "bf16": (80, 20, 90),
        "torch": (30, 40, 50),
        "torch-bf16": (99,),
    }.items():
        subject.found[column] = [{"rate": float(rate), "minutes": 1.0} for rate in rates]
    assert [subject.rate(column) for column in ("f32", "bf16", "torch", "fit")] == [60, 80, 40, None]
    assert subject.ratio("best / best torch") == 80 / 99
    assert subject.ratio("f32 / best f32 torch") == 60 / 40
    assert subject.ratio("bf16 / fit") is None
    assert subject.gflops("f32") == pytest.approx(360)
    made = {each.name: each for each in throughput.results([subject], ["f32"], {"f32": 500.0})}
    assert (made["lenet, f32"].value, made["lenet, f32"].sd, made["lenet, f32"].n) == (60, 10, 3)


def test_every_model_of_the_course_has_a_batch() -> None:
    sizes = {name: throughput.batch_size(name, entry.input_shape) for name, entry in models.MODELS.items()}
    assert (sizes["lenet"], sizes["resnet18"], sizes["resnet50-imagenet"]) == (128, 128, 8)
