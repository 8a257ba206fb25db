"""The laws through a sample curve, on curves whose laws are known."""

import numpy as np
import pytest

from paddle_course import readers
from paddle_course.answers.samples import by_count, elbow, learning_curves, sample_curve
from paddle_course.runtime import UserError
from tests.answers.blobs import blobs

SIZES = (10, 20, 50, 100, 200, 500, 1000)


def test_each_number_of_pictures_is_tried_with_every_seed() -> None:
    met = []

    def accuracy(size: int, seed: int, fitting: readers.Images, validating: readers.Images) -> float:
        met.append((size, seed))
        counts = [np.bincount(each.labels).tolist() for each in (fitting, validating)]
        assert counts == [[size * 4 // 5] * 4, [size // 5] * 4]
        assert not {each.tobytes() for each in fitting.images} & {each.tobytes() for each in validating.images}
        return size + seed / 10

    found = by_count(blobs(60), (15, 5, 10, 5, 20), range(2), accuracy, "--per-class")  # there are 15 of each
    assert found == {5: [5.0, 5.1], 10: [10.0, 10.1], 15: [15.0, 15.1]} and len(met) == 6
    with pytest.raises(UserError, match=r"--per-class \(5, 20, 30\): a curve needs three sizes that blobs train has"):
        by_count(blobs(60), (5, 20, 30), range(1), accuracy, "--per-class")


def test_a_power_law_is_found_again() -> None:
    curve = sample_curve({n: [1 - 1.2 * n**-0.3] for n in SIZES}, "made up")
    assert curve.a == pytest.approx(1.2)
    assert curve.b == pytest.approx(0.3)
    assert curve.power_r2 == pytest.approx(1)
    assert curve.needed(0.9) == 4000 == float(f"{12 ** (1 / 0.3):.0e}")
    place = (0.9 - np.polyval(np.polyfit(np.log10(curve.sizes), curve.mean, 1), 0)) / curve.slope
    assert curve.by_line(0.9) == float(f"{10**place:.0e}")
    assert (curve.measured(0.7), curve.measured(0.9)) == (200, None)
    assert curve.line_r2 < 0.999


def test_a_straight_line_is_found_again_and_spread_is_reported() -> None:
    curve = sample_curve({n: [0.1 + 0.2 * np.log10(n) + d for d in (-0.01, 0, 0.01)] for n in SIZES}, "made up")
    assert curve.slope == pytest.approx(0.2)
    assert curve.line_r2 == pytest.approx(1)
    assert curve.runs == 3 and curve.doubling == pytest.approx((0.2 * np.log10(2),) * 2)
    table, figure, *results = curve.pieces
    assert table.rows[0][:2] == (10, "30.0 % ± 1.0 (n = 3)")
    assert figure.name == "samples"
    assert [(each.name, each.n) for each in results] == [(f"{n} per class", 3) for n in SIZES]


def test_the_elbow_moves_with_the_end_of_the_axis() -> None:
    n = np.array(SIZES, float)
    accuracy = 0.2 * np.log10(n)
    assert elbow(n, accuracy) == 200
    assert elbow(n[:-2], accuracy[:-2]) == 50
    assert elbow(n, accuracy[::-1]) is None and elbow(n[:2], accuracy[:2]) is None


@pytest.mark.parametrize("slope", [0.0, -0.1, 1e-4, 2e-2])
def test_a_curve_that_hardly_rises_promises_nothing(slope: float) -> None:
    curve = sample_curve({n: [0.3 + slope * np.log10(n)] for n in SIZES}, "made up")
    assert curve.needed(0.9) == curve.by_line(0.9) == np.inf
    assert (curve.elbow(len(SIZES)) is None) == (slope <= 0)


def test_networks_side_by_side_and_what_they_would_need() -> None:
    sizes = (100, 200, 400, 800)
    scores = {"good": {n: 1 - 4 * n**-0.5 for n in sizes}, "blind": dict.fromkeys(sizes, 0.5)}
    found = learning_curves(scores, 0.9, "made up")
    assert found.needed == {"good": pytest.approx(1600), "blind": np.inf}
    table, figure, *results = found.pieces
    assert table.header == ("pictures", "good", "blind") and table.rows[0] == (100, "60.0 %", "50.0 %")
    assert figure.name == "learning" and "good, power law" in figure.svg
    assert [each.name for each in results][:2] == ["good, 100 pictures", "good, 200 pictures"] and len(results) == 8
