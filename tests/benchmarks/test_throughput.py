"""The benchmark's numbers agree with each other, and what cannot be compared is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import gemm, measure, rounds, throughput
from benchmarks.subjects import Subject
from paddle_course import models, onednn
from paddle_course.onednn import library
from paddle_course.onednn.layers import Precision

SMALL = ["--models", "lenet", "--rounds", "1", "--seconds", "0", "--batch", "2"]
HERE = pytest.mark.skipif(bool(library.why_not()), reason="oneDNN is not for this machine")
BF16 = pytest.mark.skipif(not library.has_bf16(), reason="this processor has no bfloat16")


@pytest.fixture
def pytorch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A program that answers as a Python with PyTorch does: 100 pictures per second, but channels-last fails."""
    apart = rounds.Job.measure
    peak = {"f32": 50.0, "bf16": 200.0, "minutes": 0.1}
    monkeypatch.setattr(rounds.Job, "measure", lambda job: peak if job.module == "gemm" else apart(job))

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


@pytest.mark.parametrize(
    ("column", "best", "other", "peaks"),
    [
        pytest.param("f32", "f32 / best f32 torch", "bf16 / best torch", {"f32": 50}, marks=HERE),
        pytest.param("bf16", "bf16 / best torch", "f32 / best f32 torch", {"f32": 50, "bf16": 200}, marks=BF16),
    ],
)
def test_ratios_are_quotients_of_what_was_measured(
    column: str,
    best: str,
    other: str,
    peaks: dict[str, int],
    entries,
    pytorch,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    seen, run = {}, rounds.run
    monkeypatch.setattr(rounds, "run", lambda *words: seen.update(run(*words)) or seen)
    assert throughput.main([*SMALL, "--columns", f"fit,{column},torch", "--publish", *pytorch()]) == 0
    # Were `fit` given this project's threads, it would be compared with itself.
    assert [seen["lenet", name][0]["threads"] for name in ("fit", column)] == ["1", "2"]

    found = entries()
    fit, ours = (found[f"lenet, {name}"]["value"] for name in ("fit", column))
    assert found[f"lenet, {column} / fit"]["value"] == ours / fit
    assert found[f"lenet, {best}"]["value"] == found["lenet, best / best torch"]["value"] == ours / 100
    assert f"lenet, {other}" not in found  # that column was not measured
    assert {name[8:]: each["value"] for name, each in found.items() if name.startswith("peak in ")} == peaks
    assert found["lenet, fit"]["data"] == "random pictures, 1 x 28 x 28, batch 2"
    assert found["lenet, fit"]["machine"].endswith("PyTorch 9.9")
    assert found["lenet, fit"]["command"].endswith("--publish --torch PYTHON")

    speed, ratios, memory, operations = (
        line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("lenet")
    )
    short = rounds.short
    assert speed[1:] == ["2", short(fit), short(ours), "100"]
    known = {f"{column} / fit": ours / fit, best: ours / 100, "best / best torch": ours / 100}
    assert ratios[1:] == ["2", *(short(known.get(name)) or "–" for name in throughput.RATIOS)]
    assert int(memory[2]) > 100 and memory[4] == "50"
    macs = Subject.of("lenet", 2).macs
    assert macs == 25 * (6 * 28 * 28 + 6 * 16 * 10 * 10) + 400 * 120 + 120 * 84 + 84 * 10
    assert operations[2:5] == [short(6e-9 * macs * fit), f"({100 * 6e-9 * macs * fit / 50:.0f}", "%)"]


def test_another_network_is_not_compared(pytorch, entries, capsys: pytest.CaptureFixture[str]) -> None:
    assert throughput.main([*SMALL, "--columns", "torch", "--publish", *pytorch(trainable=61707)]) == 2
    assert "lenet, torch: 61,707 trainable parameters instead of 61,706" in capsys.readouterr().err
    assert not entries()


def test_what_fails_is_told_in_one_line_and_the_rest_goes_on(pytorch, capsys: pytest.CaptureFixture[str]) -> None:
    assert throughput.main([*SMALL, "--columns", "torch-cl,torch", *pytorch()]) == 1
    shown = capsys.readouterr()
    assert "round 1 of 1: lenet, torch-cl: failed: no room" in shown.err.splitlines()
    assert "Traceback" not in shown.err
    assert ["lenet", "2", "–", "100"] in [line.split() for line in shown.out.splitlines()]


def test_a_python_without_pytorch_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert throughput.main([*SMALL, "--torch", "true"]) == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith("it cannot import torch")


def test_the_best_of_the_columns_and_the_median_of_the_rounds_count() -> None:
    rates = {
        "f32": (50, 70, 60),
        "bf16": (80, 20, 90),
        "wide-bf16": (200, 200, 200),
        "torch": (30, 40, 50),
        "torch-bf16": (99,),
    }
    found = {("lenet", name): [{"rate": float(r), "minutes": 1.0} for r in each] for name, each in rates.items()}
    peaks = {throughput.PEAK: [{"f32": 40.0, "bf16": None}, {"f32": 50.0, "bf16": None}]}
    subject = Subject("lenet", 2, trainable=0, macs=10**9)
    report = throughput.Report([subject], tuple(rates), found | peaks)
    assert [report.rate(subject, column) for column in ("f32", "bf16", "torch", "fit")] == [60, 80, 40, None]
    assert report.ratio(subject, "best / best torch").values == (80 / 99,)
    assert report.ratio(subject, "f32 / best f32 torch").median == 50 / 30  # of 50 / 30, 70 / 40 and 60 / 50
    assert report.ratio(subject, "bf16 / fit").median is None
    assert report.gflops(subject, "f32") == pytest.approx(360)
    assert report.peaks == {"f32": 50.0}


def test_wide_layers_hand_on_float32() -> None:
    net = models.build("resnet18", slim=True)
    onednn.accelerate(net, "f32")
    served = [layer for layer in net.sublayers() if "onednn" in vars(layer)]
    for layer in served:  # as on a processor with bfloat16
        layer.onednn = Precision(library.BF16, library.BF16)
    measure.widen(net)
    assert len(served) > 40 and {layer.onednn for layer in served} == {Precision(library.BF16, library.F32)}


@BF16
def test_float32_maps_between_layers_are_measured() -> None:
    clock = measure.Clock(0.0)
    assert measure.ours(measure.Trial("wide-bf16", "lenet", 2, (1, 28, 28), 10, 0.0, 1), clock) == 61706
    assert clock.median() > 0


def test_the_peak_is_that_of_a_convolution() -> None:
    found = gemm.peaks(["f32"])
    assert library.why_not() or found["f32"] > 1


def test_fit_and_pytorch_do_not_inherit_what_this_project_has_set() -> None:
    subject = Subject("lenet", 2, trainable=0, macs=0)
    for column in measure.COLUMNS:
        taken = [name for name, value in subject.job(column, 0.0).environment.items() if value is None]
        prepared = ["OMP_NUM_THREADS", "MKL_DEBUG_CPU_TYPE", "GLOG_minloglevel"]
        assert taken == ([] if column in measure.OURS else prepared)


@pytest.mark.parametrize(
    ("processor", "left_out"), [("AVX2", {"bf16", "wide-bf16", "torch-bf16"}), ("AVX-512 with bfloat16", set())]
)
def test_bfloat16_is_left_out_where_there_is_none(
    processor: str, left_out: set[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(throughput.runtime, "instructions", lambda: processor)
    assert set(throughput.COLUMNS) - set(throughput.parse([]).columns) == left_out
    assert throughput.parse(["--columns", "bf16"]).columns == ("bf16",)
    with pytest.raises(SystemExit, match="2"):
        throughput.parse(["--seconds", "inf"])
    assert "--seconds: inf would never end" in capsys.readouterr().err
