"""The benchmark of denormals: a small network gets there in a second, and flushed it has none."""

from __future__ import annotations

import pytest

from benchmarks import denormals, rounds


def test_both_sides_are_measured_and_compared(
    entries, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(denormals, "paths", lambda: {"AVX2": "5"})
    seen, run = {}, rounds.run
    monkeypatch.setattr(rounds, "run", lambda *words: seen.update(run(*words)) or seen)
    words = ["--runs", "margin", "--steps", "1000", "--width", "16", "--rounds", "1", "--publish"]
    assert denormals.main(words) == 0
    (kept,), (flushed,) = seen["margin", "AVX2", "kept"], seen["margin", "AVX2", "flushed"]
    assert kept["denormals"] == "kept" and flushed["denormals"] == "flushed"
    assert kept["loss"] == flushed["loss"] == 0.0
    assert kept["share"] > 0.05
    assert flushed["share"] == 0.0
    assert len(kept["rates"]) == len(flushed["rates"]) == 10 and min(kept["rates"]) > 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["margin", "AVX2", "denormal", "behind", "it", *rounds.percent(kept["share"]).split()] in [
        line[:7] for line in lines
    ]
    for part, of in {"first": lambda rates: rates[0], "slowest": min, "last": lambda rates: rates[-1]}.items():
        ratio = of(flushed["rates"]) / of(kept["rates"])
        name = f"denormals flushed / kept, margin, MKL's path AVX2, {part} tenth"
        assert entries()[name]["value"] == pytest.approx(ratio)
        assert ["margin", "AVX2", part, rounds.short(ratio)] in [line[:3] + line[-1:] for line in lines]


def test_a_side_that_failed_leaves_dashes(answered, capsys: pytest.CaptureFixture[str]) -> None:
    def answer(job: rounds.Job) -> rounds.Measured:
        if job.environment["PADDLE_COURSE_DENORMALS"] == "flush":
            raise rounds.Failed("no room")
        return {"rates": [5.0] * 10, "share": 0.5}

    answered(answer)
    assert denormals.main(["--runs", "decay", "--rounds", "2"]) == 1
    shown = capsys.readouterr()
    assert "round 1 of 2: decay, AVX2, flushed: failed: no room" in shown.err or "its own, flushed" in shown.err
    assert ["slowest", "5", "–", "–"] in [line.split()[-4:] for line in shown.out.splitlines()]
