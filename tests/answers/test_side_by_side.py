"""Two networks that learn the same: what is trained, what is compared, and what each of them sees."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from paddle_course import answers, batches, config, models, training
from paddle_course.answers import Judged, Lab
from tests.training import toy

VIEWS = {"mirrored": lambda images: images[..., ::-1].copy()}


def make(lab: Lab, kind: str, name: str = "base", size: int = 0, scrambled: bool = False, keep: bool = False) -> Judged:
    """A network with a hidden layer of so many neurons; a `size` is that of the pictures learnt from."""
    images, change = toy.stripes(60), (batches.scramble,) * scrambled
    learn = batches.Batches(images.take(np.arange(size)) if size else images, 10, augment=change)
    judge = batches.Batches(toy.stripes(40, 1), 10, augment=change, shuffle=False)
    net = models.build("mlp", sizes=(64, {"wide": 16, "narrow": 2}[kind], 1), norm=True)
    phase = training.Phase(6, "adam", partial(training.schedules.constant, lr=0.01))
    return answers.teach(lab, f"{kind}-{name}", net, learn, judge, phase, keep=keep)


def test_each_network_learns_from_all_from_parts_and_from_scrambled_pictures(tmp_path: Path) -> None:
    lab = Lab(config.RunConfig(accelerate="off"), tmp_path)
    nets, test = (
        {name: partial(make, lab, name) for name in ("wide", "narrow")},
        batches.Batches(toy.stripes(40, 1), 10),
    )
    found = answers.side_by_side(nets, test, 60, VIEWS, 0.9, (1, 8, 8))
    runs = {f"{net}-{run}" for net in nets for run in ("base", "15", "30", "scrambled")}
    assert {each.name for each in tmp_path.iterdir()} == runs
    assert found.whole["wide"].right() > 0.9 and found.whole["narrow"].trained.net is not None
    assert list(found.learning.accuracy["wide"]) == [15, 30, 60]
    assert found.learning.accuracy["wide"][60] == found.compared.accuracy["wide"] == found.whole["wide"].right()
    assert set(found.seen.accuracy["narrow"]) == {"as they are", "mirrored", "scrambled, retrained"}
    assert found.compared.table.caption == "The same pictures and updates, 60 pictures, 6 epochs"
    assert found.compared.results[0].data == "stripes, 60 / 40"
    assert [each.name for each in found.pieces if isinstance(each, answers.Figure)] == ["networks", "learning"]
