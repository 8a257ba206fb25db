"""Homework 11 and 12: by hand is by Paddle, a finished homework 6 is used, the debug size is what it says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paddle_course import answers, batches, readers, runtime, training
from paddle_course.answers import words
from paddle_course.answers.pieces import Answer, Question
from tests.homework.test_smoke import load

SCRIPTS = {script.stem[:4]: script for script in (runtime.ROOT / "homework").glob("hw1[12]_*.py")}

pytestmark = pytest.mark.usefixtures("blank")


def answer(name: str, out: Path, *words: str) -> str:
    load(SCRIPTS[name]).main(["--smoke", "--out", str(out), "--data-root", str(out.parents[1] / "data"), *words])
    return (out / "answers.md").read_text(encoding="utf-8")


def test_paddles_gradients_are_those_by_hand(real_data: Path, tmp_path: Path) -> None:
    homework = load(SCRIPTS["hw12"])
    for folder in {real_data, tmp_path}:
        kind = "real" if (folder / "hw4_data.xls").is_file() else "stand-in"
        rows = readers.load_rows("hw4", folder if kind == "real" else tmp_path, kind)
        shift, scale = (np.array(each[:-1]) for each in batches.spans(rows))
        x, y = (rows.inputs - shift) / scale, rows.targets.astype(np.int64)
        hand = [dws for *_, dws in homework.COURSE.learn(x, y, 2)]
        paddle = list(homework.with_paddle(homework.ones(5), x, y, 2, 2.0))
        assert len(hand) == len(paddle) == 2 * len(rows)
        for one, other in zip(hand, paddle, strict=True):
            for a, b in zip(one, other, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-9)


@pytest.mark.parametrize(
    ("inputs", "targets"),
    [(np.arange(12).reshape(4, 3), [0, 1, 0, 1]), ([[1, 2], [1, 3], [1, 4]], [0, 1, 0]), ([[1, 2], [2, 1]], [1, 1])],
    ids=["three columns", "a column of one value", "only yes"],
)
def test_a_table_that_the_chain_cannot_learn_is_refused(inputs: Any, targets: list[int]) -> None:
    names = (*(f"x{i}" for i in range(len(inputs[0]))), "yes")
    rows = readers.Rows(np.array(inputs, float), np.array(targets, float)[:, None], names, "my.csv")
    with pytest.raises(runtime.UserError, match=r"my\.csv: wanted are two columns"):
        load(SCRIPTS["hw12"]).table(SimpleNamespace(rows=lambda name: rows))


def test_a_table_that_is_not_at_hand_is_made_up_and_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    lab = answers.Lab(load(SCRIPTS["hw12"]).Config(data_root=str(tmp_path)), tmp_path / "run")
    x, y = load(SCRIPTS["hw12"]).table(lab)
    assert len(x) == len(y) == 50 and lab.synthetic
    assert re.fullmatch(r".*/hw4_data\.xls is missing: put the table .* there, .*made-up.*\n", capsys.readouterr().err)


def finished(folder: Path, layers: dict[str, float]) -> None:
    """A training of homework 6 as its files would tell it."""
    folder.mkdir(parents=True)
    lines = [{"kind": "gradients", "step": step} | layers for step in (1, 20, 40)]
    lines.append({"kind": "epoch", "epoch": 1, "step": 40})
    training.Run(folder).metrics.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "result.json").write_text(json.dumps({"params": "p", "sha256": "0", "step": 40}))
    (folder / "config.json").write_text(json.dumps({"train": {"source": "fundus train", "synthetic": False}}))
    (folder / "environment.json").write_text(json.dumps({"commit": "abc1234"}))


def test_the_real_network_is_homework_6_where_it_was_run(tmp_path: Path) -> None:
    out = tmp_path / "hw12" / "real"
    assert "No finished training of homework 6" in answer("hw12", out, "--question", "4")
    lenet = {"features.conv1": 0.001, "features.conv2": 0.01, "head.fc2": 2.0}
    for seed in (0, 1, 2):  # the first one counts; the others would tell another story
        finished(tmp_path / "hw06" / "real" / f"sigmoid-{seed}", lenet | {"head.fc2": 2.0 + seed})
        finished(tmp_path / "hw06" / "real" / f"relu-{seed}", lenet | {"features.conv1": 1.0 + seed})
        finished(tmp_path / "hw06" / "real" / f"centred-sigmoid-{seed}", lenet | {"features.conv1": 0.4 + seed})
        for arm in ("batch-norm-sigmoid", "sigmoid-glorot-4"):  # its second question's, too
            finished(tmp_path / "hw06" / "real" / f"{arm}-{seed}", lenet | {"features.norm1": 1.0})
    finished(tmp_path / "hw06" / "other" / "sigmoid-3", lenet)
    lab = answers.Lab(load(SCRIPTS["hw12"]).Config(question=(4,)), out)
    made = {result.data for result in load(SCRIPTS["hw12"]).real_network(lab).results}
    assert made == {"fundus, networks of ./run.sh hw06 at commit abc1234"}
    text = answer("hw12", out, "--question", "4")
    assert "Taken from the finished trainings of homework 6" in text and "**2,000 times**" in text
    assert "| layer | sigmoid | ReLU | centred sigmoid |" in text
    assert "but for another reason" in text and "with it the last layer's gradients are 5.00 times" in text
    assert "原因与链不同" in text and "用它时最后一层的梯度是第一层的 5.00 倍" in text
    assert "What arrives at conv1 is 1,000 times as much with ReLU" in text
    alone = answer("hw12", tmp_path / "hw12" / "other", "--question", "4")  # there is no ReLU to compare with
    assert "whether it is for the same reason the curves do not say" in alone and "under ReLU" not in alone


def test_the_debug_size_and_the_settings(tmp_path: Path) -> None:
    homework, out = load(SCRIPTS["hw11"]), tmp_path / "runs" / "hw11"
    answer("hw11", out, "--question", "1", "--debug", "--seeds", "1", "--lr", "0.02", "--decay", "0.5")
    plan = json.loads((out / "part1-0-0/config.json").read_text())
    assert (plan["train"]["n"], plan["train"]["size"]) == (60, 10)  # the stand-in has no 100
    assert plan["held_out"]["test"]["n"] == 10
    schedule = plan["phases"][0]["schedule"]
    assert (schedule["lr"], schedule["factor"], schedule["every"]) == (0.02, 0.5, 6)
    reference = json.loads((out / "part1-5-0/config.json").read_text())
    assert reference["phases"][0]["schedule"]["lr"] == 0.01 and reference["phases"][0]["schedule"]["factor"] == 1.0
    assert reference["train"]["std"] == [1 / 255] and reference["train"]["mean"] == [0.0]
    assert homework.WIDE == (1024, 2048, 2048, 1024)
    answer("hw11", tmp_path / "runs" / "own", "--question", "1", "--seeds", "1")
    plan = json.loads((tmp_path / "runs/own/part1-0-0/config.json").read_text())
    assert plan["phases"][0]["schedule"]["lr"] == homework.RATES["part1"] and plan["train"]["n"] == 60


def why_not(
    dnn: float,
    conv: float,
    mistake: float,
    count: int,
    worst: float = 0.5,
    sd: float | None = 0.032,
    learnt: float = 0.99,
    longer: tuple[float, float] | None = None,
) -> dict[str, str]:
    """What homework 11 says at last of two accuracies on so many pictures, of Part 3's with the first mistake and with
    the worst order, of convolutions that have such a share of their training pictures right, Part 3 97 %, and of both
    after the longer training, if it changes anything."""
    rng, (*others, divided) = np.random.default_rng(0), MISTAKES
    right = {
        share: rng.permutation(count) < round(share * count) for share in {dnn, conv, mistake, worst, *(longer or ())}
    }
    shares = {MISTAKES[0][0]: mistake, "batch norm by the batch, one class after the other": worst}
    rows = [answers.Mistake(n, on, [right[shares.get(n, dnn)]], [right[dnn]]) for n, on in others]
    rows[-1] = replace(rows[-1], before=[right[worst], right[worst], right[dnn]], after=[right[dnn]] * 3)
    rows.append(answers.Mistake(*divided, 0.7, 0.7, "train"))
    plan, of = {"train": {"source": "cats"}}, {"Part 3": dnn, "convolutions": conv}
    pair = SimpleNamespace(
        whole={"Part 3": judged(right[dnn], plan, 0.97), "convolutions": judged(right[conv], plan, learnt)},
        compared=SimpleNamespace(macs=dict.fromkeys(of, 1e6)),
        seen=SimpleNamespace(
            accuracy={name: {"scrambled, retrained": dnn} for name in of},
            hits={name: {"scrambled, retrained": right[dnn]} for name in of},
            changed={name: {"moved": 0.1} for name in of},
        ),
        learning=SimpleNamespace(accuracy={n: {50: 0.5, 100: s} for n, s in of.items()}, needed=dict.fromkeys(of, 1e6)),
    )
    found, apart = answers.cost_of_mistakes("", rows, ""), lambda one, other: answers.told_apart([one], [other])
    numbers = {"found": found, "pair": pair, "values": 99, "shift": 16, "apart": apart, "sd": sd, "times": 3}
    late = zip(of, longer or of.values(), strict=True)
    numbers |= {"goal": 0.94, "longer": {name: judged(right[share], plan, 0.8) for name, share in late}}
    path = SCRIPTS["hw11"].parent / "words" / f"{SCRIPTS['hw11'].stem}.md.j2"
    return words.said(words.load(path), {3: Question("", "", Answer(numbers))})["q3"]


MISTAKES = [
    ("yes only above a logit of 0.5", "Part 3"),
    ("batch norm by the batch, classes mixed", "Part 3"),
    ("batch norm by the batch, one class after the other", "Part 3"),
    ("logits where the loss expects probabilities", "Part 3, retrained"),
    ("rate 0.1", "Part 3, retrained"),
    ("pixels 0..255 before batch norm", "Part 3, retrained"),
    ("pixels 0..255, N(0, 1) weights", "Part 1, retrained"),
    ("rate 0.01 throughout", "Part 1, retrained"),
    ("right answers over batches × batch size", "Part 3"),
]


def judged(right: np.ndarray, plan: dict, learnt: float) -> SimpleNamespace:
    said, shares = {"train": (None, range(100)), "test": (None, right)}, {"train": learnt, "test": right.mean()}
    trained = SimpleNamespace(result=SimpleNamespace(plan=plan, minutes=12.34))
    return SimpleNamespace(right=lambda half="test": shares[half], hits=lambda: right, trained=trained, **said)


def test_a_difference_that_chance_gives_is_called_no_gain() -> None:
    luck = why_not(0.62, 0.66, 0.60, 200, worst=0.62)
    for word in ("convolutions gain", "costs 2.0 points", "the costliest is", "more than a point"):
        assert word not in luck["en"]
    assert "4.0 points more (within what chance gives)" in luck["en"] and "differ by no more than chance" in luck["en"]
    assert "this makes 2.0 points of difference, within what chance gives" in luck["en"]
    assert "None of the mistakes costs more than chance gives" in luck["en"]
    assert "卷积可以提高" not in luck["zh"] and "高 4.0 个百分点（在偶然波动的范围之内）" in luck["zh"]
    assert "损失 2.0" not in luck["zh"] and "这一条相差 2.0 个百分点，在偶然波动的范围之内" in luck["zh"]


def test_a_difference_that_chance_does_not_give_is_named() -> None:
    sure = why_not(0.62, 0.70, 0.55, 2000)
    assert "hardly better" not in sure["en"] and "好不了多少" not in sure["zh"]  # 80 % of those they learnt from
    near = why_not(0.62, 0.76, 0.55, 2000)
    assert "hardly better on the pictures they learnt from" in near["en"] and "好不了多少" in near["zh"]
    assert "convolutions gain 8.0 points" in sure["en"] and "8.0 points more, with 99" in sure["en"]
    assert "this costs 7.0 points" in sure["en"]
    assert (
        "sorted by class, an order made up as the worst case and not known to be theirs, it costs 12.0 points"
        in sure["en"]
    )
    assert "the costliest is “yes only above a logit of 0.5” (Part 3), 7.0 points" in sure["en"]
    assert "代价最大的是“logit 大于 0.5 才判为狗”（Part 3），损失 7.0 个百分点" in sure["zh"]
    assert "the seeds alone make ± 3.2 points" in sure["en"]
    some = "never decays makes 8.0 points of difference, which not each of 3 runs tells from chance."  # two of them do
    assert some in sure["en"] and "相差 8.0 个百分点，但 3 次运行中并非每次都超出偶然" in sure["zh"]
    assert "卷积可以提高 8.0 个百分点" in sure["zh"] and "这一条损失 7.0 个百分点" in sure["zh"]
    assert "brings 7.0 points here" in why_not(0.55, 0.7, 0.62, 2000)["en"]
    worse = why_not(0.70, 0.62, 0.70, 2000, worst=0.70, sd=None)
    assert (
        "with the same effort they get 8.0 points less" in worse["en"] and "卷积网络反而低 8.0 个百分点" in worse["zh"]
    )
    assert "seeds alone" not in worse["en"]


def test_convolutions_that_have_not_fitted_their_pictures_prove_nothing() -> None:
    early = why_not(0.62, 0.61, 0.62, 2000, learnt=0.72, longer=(0.65, 0.75))
    assert "they have 72.0 % right, Part 3 97.0 %: so many updates are too few" in early["en"]
    assert (
        "may show that, too. The power law" in early["en"]
        and "So few updates say little of the convolutions. In 3 times" in early["en"]
    )
    assert "训练集精度为 72.0 %，Part 3 为 97.0 %：这么多次更新还不足以" in early["zh"]
    assert "更新次数不变，图片越多越难拟合" in early["zh"] and "还说明不了卷积网络的能力。训练轮数" in early["zh"]
    assert (
        "comes to 65.0 % of the test pictures and the convolutions to **75.0 %**, 10.0 points more; of" in early["en"]
    )
    assert "convolutions gain 10.0 points with the same effort. Of the 94 %" in early["en"]
    assert "aims at, 19.0 points are missing even then." in early["en"] and "took 12.3 and 12.3 minutes" in early["en"]
    assert "卷积可以提高 10.0 个百分点。离课程目标 94 % 仍差 19.0 个百分点。" in early["zh"]
    assert "卷积网络为 **75.0 %**，高 10.0 个百分点；对训练时" in early["zh"]
    fitted = why_not(0.62, 0.61, 0.62, 2000)
    assert "they have 99.0 % right, Part 3 97.0 %. To Part 3" in fitted["en"]
    for word in ("too few", "may show", "say little", "还不足以", "越多越难", "还说明不了"):
        assert word not in fitted["en"] + fitted["zh"]


def test_every_mistake_has_a_chinese_name() -> None:
    """All but the one that is never the costliest, and the shares that no test tells apart."""
    script, text = SCRIPTS["hw11"], (SCRIPTS["hw11"].parent / "words/hw11_dog_dnn.md.j2").read_text(encoding="utf-8")
    names = {*re.findall(r'Mistake\("([^"]+)"', script.read_text(encoding="utf-8")), *list(load(script).ARMS)[1:]}
    names -= {"batch norm by the batch, one class after the other", "right answers over batches × batch size"}
    assert len(names) == 9 and all(f'"{name}": "' in text for name in names)


def test_a_part_of_the_pictures_is_shown_as_often_as_all_of_them(tmp_path: Path) -> None:
    homework = load(SCRIPTS["hw11"])
    lab = answers.Lab(homework.Config(data="stand-in", data_root=str(tmp_path)), tmp_path / "run")
    some = homework.data(lab, "train", size=15)
    images, counts = np.unique(some.data.images.reshape(len(some.data), -1), axis=0, return_counts=True)
    assert len(images) == 15 and set(counts) == {4} and len(some.data) == len(homework.data(lab, "train").data) == 60
    raw, _ = homework.data(lab, "test", raw=True).batch(0, 0)
    scaled, _ = homework.data(lab, "test").batch(0, 0)
    assert raw.max() > 200 and np.abs(raw / 127.5 - 1 - scaled).max() < 1e-5
    mixed, _ = homework.data(lab, "test", scrambled=True).batch(0, 0)
    assert (mixed != scaled).any() and (np.sort(mixed, axis=None) == np.sort(scaled, axis=None)).all()
    learnt, varied = (homework.data(lab, "train", varied=varied) for varied in (False, True))
    assert (learnt.batch(0, 0)[0] != varied.batch(0, 0)[0]).any()
    assert not homework.data(lab, "test", varied=True).augment


def test_a_longer_training_has_a_rate_that_falls_as_much_more_slowly(tmp_path: Path) -> None:
    homework = load(SCRIPTS["hw11"])
    config = homework.Config(data="stand-in", data_root=str(tmp_path), epochs=1, batch_size=20)
    result = homework.convolutions(answers.Lab(config, tmp_path / "run"), "longer", times=3, varied=True).trained.result
    phase = result.plan["phases"][0]
    assert len(result.epochs) == phase["epochs"] == 3 and phase["schedule"]["every"] == 3 * 3
    assert len(result.plan["train"]["augment"]) == 2 and not result.plan["held_out"]["test"]["augment"]
