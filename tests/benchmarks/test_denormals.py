"""The benchmark of denormals: a small network gets there in a second, and flushed it has none."""

from __future__ import annotations

import pytest

from benchmarks import denormals, rounds


def test_both_sides_are_measured_and_compared(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    published = []
    monkeypatch.setattr(rounds, "publish", lambda module, words, results: published.extend(results))
    monkeypatch.setattr(denormals, "paths", lambda: {"AVX2": "5"})
    seen = {}
    monkeypatch.setattr(denormals, "table", lambda found, table=denormals.table: seen.update(found) or table(found))
    words = ["--runs", "margin", "--steps", "1300", "--width", "16", "--rounds", "1", "--publish"]
    assert denormals.main(words) == 0
    (kept,), (flushed,) = seen["margin", "AVX2", "kept"], seen["margin", "AVX2", "flushed"]
    assert kept["denormals"] == "kept" and flushed["denormals"] == "flushed"
    assert kept["loss"] == flushed["loss"] == 0.0
    assert kept["share"] > 0.05
    assert flushed["share"] == 0.0
    assert len(kept["rates"]) == len(flushed["rates"]) == 10 and min(kept["rates"]) > 0
    told = capsys.readouterr().out
    assert "flushed" in told and "slowest" in told
    ratios = {each.name: each.value for each in published}
    assert ratios["denormals flushed / kept, margin, MKL's path AVX2, last tenth"] == pytest.approx(
        flushed["rates"][-1] / kept["rates"][-1]
    )


def test_a_mistake_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        denormals.main(["--steps", "3"])
    assert end.value.code == 2
    assert "at least 10" in capsys.readouterr().err
