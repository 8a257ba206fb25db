"""Errors of models of a table, on a table made so that they are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paddle_course import batches, readers, training
from paddle_course.answers import (
    Lab,
    Network,
    compare_errors,
    error_curves,
    errors,
    mean_sd,
    one_row,
    regression,
    said,
    squared_error,
    switches,
)
from paddle_course.config import RunConfig

LINE = Network((2, 1), "sgd", 0.5, 8, 10)


def split(noise: float = 0.0, seed: int = 0) -> batches.Split:
    """y = 3 a - 2 b + 100 and noise; 60 rows to learn from, 20 to judge by."""
    rng = np.random.default_rng(0)
    inputs = rng.uniform(size=(80, 2))
    targets = inputs @ [[3.0], [-2.0]] + 100 + noise * rng.normal(size=(80, 1))
    return batches.cut(readers.Rows(inputs, targets, ("a", "b", "y"), "plane"), 60, "plane", seed)


def lab(directory: Path, **settings: object) -> Lab:
    return Lab(RunConfig(accelerate="off", **settings), directory)


def test_a_network_says_prices_in_the_unit_of_the_file(tmp_path: Path) -> None:
    here, one = lab(tmp_path), split()
    prices = said(here, "line, short", LINE, one)
    assert prices.shape == (20, 1) and prices.dtype == np.float64
    assert np.abs(prices - one.judge.data.targets).max() < 1  # of 95 to 105
    final = regression(here, "line, short", LINE, one).result.final
    assert final["test_mse"] == pytest.approx(squared_error(prices, one.judge.data), rel=1e-3)
    assert [each.name for each in tmp_path.iterdir()] == ["plane-line-short-0"]
    row = (prices - one.judge.data.targets)[-10, 0] ** 2
    assert squared_error(prices, one.judge.data, -10) == pytest.approx(row)
    known = said(here, "line, short", LINE, one, learnt=True)
    assert known.shape == (60, 1) and np.abs(known - one.learn.data.targets).max() < 1  # in their own order


def test_the_rate_comes_down_unless_it_is_steady_and_the_flags_shorten_a_training(tmp_path: Path) -> None:
    falling, steady = LINE.phase(8, 48).schedule, Network((2, 1), "sgd", 0.5, 8, 10, steady=True).phase(8, 48).schedule
    assert falling(0) == steady(0) == steady(47) == 0.5 and falling(47) < 0.01
    assert "sgd 0.5 down to 0, 8 epochs" in str(LINE)
    for settings, count in (({}, 8), ({"epochs": 3}, 3), ({"smoke": True}, 1)):
        trained = regression(lab(tmp_path / f"{count}", **settings), "line", LINE, split())
        assert len(trained.result.epochs) == count
        assert trained.result.plan["phases"][0]["schedule"]["steps"] == 6 * count


def test_a_training_may_begin_at_zero(tmp_path: Path) -> None:
    flat, zero = split(), replace(LINE, zero=True, lr=1e-9)
    assert "from zero weights" in str(zero) and "zero" not in str(LINE)
    for network, alike in ((zero, True), (replace(LINE, lr=1e-9), False)):
        prices = said(lab(tmp_path / f"{alike}"), "line", network, flat)
        assert (np.ptp(prices) < 1e-3) == alike  # nothing but the mean price, for nothing has been learnt
        assert np.abs(prices.mean() - flat.learn.data.targets.mean()) < 1e-3 or not alike


def test_errors_of_baselines_and_networks_stand_side_by_side(tmp_path: Path) -> None:
    splits = [split(0.1, seed) for seed in (0, 1)]
    models = {"mean": training.baselines.mean, "plane": training.baselines.least_squares, "line": LINE}
    found = errors(lab(tmp_path), (models, splits))
    assert found["mean"][0] == found["mean"][1] and found["line"][0] != found["line"][1]  # a baseline draws nothing
    assert found["plane"][0] < max(found["line"]) < found["mean"][0]
    assert 0.005 < found["plane"][0] < 0.02  # the noise
    alone = errors(lab(tmp_path), (models, splits[:1]), row=3)
    assert alone["plane"] != found["plane"][:1]
    arms = ({"mean": models["mean"]}, splits[:1]), ({"plane": models["plane"]}, splits)
    known = errors(lab(tmp_path), *arms, learnt=True)
    assert known["mean"] == [pytest.approx(splits[0].learn.data.targets.var())]
    assert len(known["plane"]) == 2 and known["plane"][0] < found["plane"][0]
    figure = error_curves(lab(tmp_path), {"line": LINE}, splits, {"mean": models["mean"]})
    assert "one standard deviation" in figure.caption and "mean" in figure.svg


def test_the_comparison_counts_run_by_run() -> None:
    found = {"flat": [10.0], "good": [1.0, 2.0, 3.0], "bad": [9.0, 11.0, 12.0]}
    learnt = {"flat": [8.0], "good": [0.0, 1.0, 2.0], "bad": [5.0, 5.0, 5.0]}
    compared = compare_errors("toy split", found, learnt, "flat", "test MSE", "toy", "as told")
    assert compared.worse == {"flat": 0, "good": 0, "bad": 2}
    assert compared.mean["good"] == 2 and compared.text["good"] == "2.0 ± 1.0 (n = 3)"
    assert compared.middle["good"] == (pytest.approx(1.1), pytest.approx(2.9)) and compared.learnt["good"] == 1
    assert compared.table.rows[0] == ("flat", "10.0", None, None, None, None, "8.0")
    bad = ("bad", "10.7 ± 1.5 (n = 3)", "9.2 to 11.9", "+0.7", "-0.8 to 1.9", "2 of 3", "5.0")
    assert compared.table.rows[2] == bad
    assert (compared.table.caption, compared.table.note) == ("Toy split, test MSE", "as told")
    result = compared.results[1]
    assert (result.name, result.metric, result.value, result.sd, result.n) == ("good, toy split", "test MSE", 2, 1, 3)
    both = {"a": [1.0, 5.0], "b": [2.0, 4.0]}
    paired = compare_errors("toy", both, both, "a", "test MSE", "toy")
    assert paired.worse["b"] == 1 and paired.above["b"] == (0, pytest.approx(-0.9), pytest.approx(0.9))


def test_of_the_runs_that_look_good_at_one_row_the_worst_is_seen_at_all_of_them() -> None:
    true = np.array([[5.0], [1.0], [3.0]])
    lucky, good, bad = true + np.array([[4.0], [-4.0], [0.2]]), true + 0.1, true + 2.0
    found = one_row([good, lucky, bad], true, -1, "lucky", "dollars")
    assert (found.close, found.said, found.true) == (2, pytest.approx(3.2), 3)
    assert (found.there, found.everywhere) == (pytest.approx(0.04), pytest.approx((16 + 16 + 0.04) / 3))
    none = one_row([bad, bad + 1.0], true, -1, "lucky", "dollars")
    assert (none.close, none.said, none.everywhere) == (0, pytest.approx(5), pytest.approx(4))
    for word in ("the one row", "lucky", "dollars"):
        assert word in found.figure.svg


def test_what_one_row_a_leak_and_the_order_of_the_file_make_of_the_error(tmp_path: Path) -> None:
    splits, here = [split(0.5, seed) for seed in (0, 1)], lab(tmp_path)
    leaking = [batches.cut(each.learn.data, 40, "leaking", each.seed, leak=True) for each in splits]
    shuffled = [batches.shuffle_and_cut(each.learn.data, 40, each.seed) for each in splits]
    networks = {"line": LINE, "other": replace(LINE, lr=0.1)}
    found = switches(here, networks, splits, leaking, shuffled, -10, "test MSE", "dollars")
    plain, leak, mixed = (errors(here, (networks, each)) for each in (splits, leaking, shuffled))
    for name in networks:
        assert found.leaked[name] == pytest.approx(np.mean(leak[name]) - np.mean(plain[name])) != 0
        assert found.shuffled[name] == pytest.approx(np.mean(mixed[name]))
    there, true = errors(here, ({"line": LINE}, splits), row=-10)["line"], splits[0].judge.data.targets[-10, 0]
    runs = list(zip(plain["line"], there, strict=True))
    close = [run for run in runs if run[1] ** 0.5 <= found.one.within * abs(true)]
    shown = max(close) if close else min(runs, key=lambda run: run[1])
    assert (found.one.close, found.one.everywhere, found.one.there) == (len(close), *map(pytest.approx, shown))
    (table,) = found.pieces
    flags = ["--lucky-record", "--leak", "--leak", "--sequential-split", "--sequential-split"]
    assert [row[0] for row in table.rows] == flags
    assert [row[2] for row in table.rows] == ["line, a run that looks good", "line", "other", "line", "other"]
    assert table.rows[0][3:] == (f"{found.one.everywhere:.1f}", f"{found.one.there:.3f}")
    filed = mean_sd(plain["other"])
    assert (table.rows[2][3], table.rows[4][3:]) == (filed, (mean_sd(mixed["other"]), filed))
