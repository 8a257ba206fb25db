"""Homework 10: recipes are the published ones, sentences follow the numbers, the submission needs no contest."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest

from paddle_course import answers, readers, runtime
from paddle_course.answers import words
from paddle_course.answers.pieces import Answer, Question
from paddle_course.answers.trainings import slug
from tests.homework.test_smoke import load

SCRIPT = next((runtime.ROOT / "homework").glob("hw10_*.py"))
WORDS = words.load(SCRIPT.parent / "words" / f"{SCRIPT.stem}.md.j2")
CE, INVERSE, RAW = "cross-entropy", "softmax + 1/x", "NLL without log-softmax"


def said(number: int, **numbers: object) -> dict[str, str]:
    question = Question("", "", Answer({"of": halves()} | numbers))
    return words.said(WORDS, {number: question})[f"q{number}"]


class Counted:
    """So many drawings of these words."""

    def __init__(self, count: int, classes: tuple[str, ...]):
        self.count, self.classes, self.side = count, classes, 64

    def __len__(self) -> int:
        return self.count


def halves(learn: int = 6900, test: int = 1725, classes: int = 345) -> SimpleNamespace:
    names = tuple(f"word {i}" for i in range(classes))
    return SimpleNamespace(words=classes, learn=Counted(learn, names), test=Counted(test, names))


def ranked(
    top3: dict[str, float],
    chance: float = 2.0,
    tested: int = 1725,
    updates: int = 318,
    learnt: dict[str, float] | None = None,
) -> SimpleNamespace:
    learnt = learnt or top3
    return SimpleNamespace(
        learnt=learnt,
        fitted=max(learnt, key=learnt.get),
        top3=top3,
        accuracy={name: value / 2 for name, value in top3.items()},
        map3={name: value * 0.7 for name, value in top3.items()},
        right=dict.fromkeys(top3, 80.0),
        best=max(top3, key=top3.get),
        worst=min(top3, key=top3.get),
        chance=chance,
        tested=tested,
        setting="6 epochs",
        updates=updates,
    )


def of_losses(inverse: float | None, last: float = -2000.0, updates: int = 318, **more: object) -> dict[str, str]:
    top3 = {CE: 0.5, RAW: 0.02} | ({} if inverse is None else {INVERSE: inverse})
    about = {
        "loss": ranked(top3, updates=updates),
        "optimizer": ranked({"Adam": 0.5, "SGD": 0.3, "SGD with momentum": 0.49}),
        "schedule": ranked({"MultiStepLR": 0.5, "StepLR": 0.44}),
    }
    steps = {CE: [5.9, 3.0], INVERSE: [400.0, 90.0], RAW: [0.1, last]}
    return said(3, **{"ranks": about, "diverged": [], "steps": steps, "full": False} | more)


def test_one_over_x_is_worse_better_or_the_same_as_measured() -> None:
    worse, better, same = (of_losses(each) for each in (0.3, 0.6, 0.51))
    assert "**30.0 %**, 20.0 points less" in worse["en"] and "低 20.0 个百分点" in worse["zh"]
    assert "10.0 points more in this short training" in better["en"] and "高 10.0 个百分点" in better["zh"]
    assert "a difference that may be chance" in same["en"] and "可能只是偶然" in same["zh"]
    assert all("89 to 63 %" in each["en"] for each in (worse, better, same))


def test_a_loss_below_zero_is_called_so_and_one_that_is_not_is_not() -> None:
    below, above = of_losses(0.3), of_losses(0.3, last=3.0)
    assert "**-2,000.0**, far below zero" in below["en"] and "远低于零" in below["zh"]
    assert "below zero, while" not in above["en"] and "低于零" not in above["zh"]
    assert "would hold 0.9 %" in below["en"]


def test_a_training_that_diverged_is_named() -> None:
    text = of_losses(None, diverged=[INVERSE])
    assert "diverged and are in no table: softmax + 1/x" in text["en"] and "训练发散" in text["zh"]
    assert "is the exponential" not in text["en"]


def test_the_order_of_optimizers_and_schedules_is_the_measured_one() -> None:
    text = of_losses(0.3)["en"]
    assert "Adam is first, by less than chance may give, SGD last" in text
    assert "MultiStepLR is 6.0 points ahead" in text


def test_the_published_milestones_are_shares_of_a_training_or_updates_that_may_not_come() -> None:
    shares = of_losses(0.3)
    assert "scaled to this training of 318 as if 20,000 were the whole" in shares["en"]
    assert "318 updates, favours who starts fast" in shares["en"] and "（318 次更新）有利于起步快的" in shares["zh"]
    for updates, en, zh in (
        (318, "none", "一次减半也没有出现"),
        (5001, "one", "只减半了一次"),
        (18_000, "two", "只减半了两次"),
        (63_750, "all three", "三次减半都出现了"),
    ):
        text = of_losses(0.6, updates=updates, full=True)
        assert f"of which {en} came in this training of {updates:,}; StepLR" in text["en"] and zh in text["zh"]
        assert "as if 20,000" not in text["en"] and "按全程" not in text["zh"]
        short = {"favours" in text["en"], "in this short training" in text["en"], "短" in text["zh"]}
        assert short == {updates < 5000}


SHAPES = SimpleNamespace(
    output={"ResNet-18": (12, 345)}, difference={"ResNet-18": 2e-7}, macs={"ResNet-18": 10, "ResNet-34": 20}
)


def test_networks_are_compared_with_the_published_order() -> None:
    text = said(2, shapes=SHAPES, width=32, ranks=ranked({"VGG-11": 0.3, "ResNet-18": 0.4, "ResNet-34": 0.41}))
    assert "ResNet-18 and ResNet-34 89 %, VGG-11 81 % and DenseNet-121 80 %, as top-3 accuracy" in text["en"]
    assert "ResNet-18 和 ResNet-34 89 %，VGG-11 81 %，DenseNet-121 80 %，也是 top-3 准确率" in text["zh"]
    assert "has to answer with [12, 345]" in text["en"] and "nothing is lost" in text["en"]
    assert "There, too, a ResNet was first" in text["en"] and "200 times as many of a word as here" in text["en"]
    assert "no more than chance may give (+1.0 points)" in text["en"] and "与原报告一样" in text["zh"]
    other = said(2, shapes=SHAPES, width=32, ranks=ranked({"VGG-11": 0.5, "ResNet-18": 0.3, "ResNet-34": 0.4}))
    assert "There the ResNets were first" in other["en"] and "10.0 points more" in other["en"]


def test_width_updates_and_drawings_stand_beside_the_published_ones() -> None:
    top3 = {"VGG-11": 0.5, "ResNet-18": 0.3}
    short = said(2, shapes=SHAPES, width=32, ranks=ranked(top3))
    assert "with first stages of 64 channels; here they have 32." in short["en"] and "这里是 32 个" in short["zh"]
    assert "The networks here had 318 updates each, and there the rate was not halved before" in short["en"]
    assert "Who leads after so few updates started fast" in short["en"] and "最后不一定走得远" in short["zh"]
    assert "这里每个网络更新了 318 次，而原报告到第 5,000 次" in short["zh"] and "by heart" not in short["en"]
    most = halves(learn=3900 * 340, classes=340)  # of 4,000 a hundred are held out
    full = said(2, shapes=SHAPES, width=64, ranks=ranked(top3, updates=63_750), of=most)
    assert "about as many of a word as here" in full["en"] and "times as many of a word" not in full["en"]
    assert "The networks here had 63,750 updates each." in full["en"] and "started fast" not in full["en"]
    assert "这里每个网络更新了 63,750 次" in full["zh"] and "与这里差不多" in full["zh"] and "走得远" not in full["zh"]


def test_who_fits_the_training_drawings_best_need_not_guess_best() -> None:
    top3, learnt = {"VGG-11": 0.5, "ResNet-18": 0.3}, {"VGG-11": 0.63, "ResNet-18": 0.98}
    text = said(2, shapes=SHAPES, width=32, ranks=ranked(top3, learnt=learnt))
    assert "VGG-11 63.0 %, ResNet-18 98.0 %. ResNet-18 fits those best, and has 15.0 % of the test" in text["en"]
    assert "started fast" not in text["en"] and "learnt them by heart" in text["en"]
    assert "ResNet-18 拟合得最好，测试图却只判对 15.0 %" in text["zh"] and "起步快" not in text["zh"]
    near = said(2, shapes=SHAPES, width=32, ranks=ranked(top3, learnt={"VGG-11": 0.3, "ResNet-18": 0.31}))
    assert "started fast" in near["en"] and "by heart" not in near["en"] and "背" not in near["zh"]
    learnt = {"Adam": 0.98, "SGD": 0.6, "SGD with momentum": 0.73}
    slow = ranked({"Adam": 0.28, "SGD": 0.2, "SGD with momentum": 0.33}, learnt=learnt)
    about = {"loss": ranked({CE: 0.5}), "optimizer": slow, "schedule": ranked({"MultiStepLR": 0.5, "StepLR": 0.44})}
    text = said(3, ranks=about, diverged=[], steps={CE: [5.9, 3.0]}, full=False)
    assert "Adam fits them fastest, and that is not who guesses best." in text["en"] and "favours" not in text["en"]
    assert "Adam 拟合得最快，猜得最准的却不是它。" in text["zh"] and "起步快" not in text["zh"]


def test_top_3_is_not_map_3_and_the_number_of_test_drawings_is_told() -> None:
    back = SimpleNamespace(path=Path("resnet18.safetensors"), size=3e6, difference=0.0)
    about = {"back": back, "lot": SimpleNamespace(count=64, found=40, first=20), "own": False}
    about |= {"sent": SimpleNamespace(path=Path("submission.csv"), count=1725), "unasked": []}
    few = said(4, found=SimpleNamespace(ranks=ranked({"all words": 0.5}), **about))
    assert "top-3 accuracy is **50.0 %** and MAP@3 is **0.350**. They are not the same" in few["en"]
    assert "for there are no more" in few["en"] and "to the last bit" in few["en"]
    assert "test_simplified.csv of the contest is not there" in few["en"] and "没有竞赛的" in few["zh"]
    assert "are not guessed" not in few["en"] and "不猜" not in few["zh"]
    about |= {"ranks": ranked({"all words": 0.5}, tested=34_500), "own": True, "unasked": ["knife", "rifle"]}
    many = said(4, found=SimpleNamespace(**about))
    assert "no more" not in many["en"] and "34,500 test drawings, 100 of each word, the top-3" in many["en"]
    assert "is not there" not in many["en"]
    assert "does not have are not guessed: knife, rifle." in many["en"] and "不猜：knife、rifle。" in many["zh"]


def of_scale(top1: float, low: dict[str, float], **numbers: object) -> dict[str, str]:
    need = SimpleNamespace(
        drawings=1_360_000,
        strokes=3e8,
        pictures=5.57e9,
        drawing=1.5,
        epoch=80.0,
        epochs=1.88,
        training=2.5,
        updates=20_000,
        batch=128,
    )
    about = {"top": ranked({"many drawings": 2 * top1}, updates=2184), "low": ranked(low), "need": need}
    return said(5, **about | {"five": halves(35_000, 2500, 5), "width": 32, "goal": 0.97} | numbers)


def test_one_word_cannot_be_told_from_others(lab: answers.Lab) -> None:
    with pytest.raises(runtime.UserError, match="--words car: name two different words or more"):
        load(SCRIPT).drawings(lab, ("car", "car"))


def test_few_drawings_are_called_few_and_a_gain_a_gain() -> None:
    gain = of_scale(0.98, {"from scratch": 0.3, "pretrained": 0.4})
    assert "few-shot" in gain["en"] and "10.0 points more" in gain["en"] and "20 drawings each" in gain["en"]
    assert "1,360,000 drawings; 0.30 GB as strokes, 5.6 GB as pictures of 64 × 64" in gain["en"]
    assert (
        "1.9 epochs and takes 2.5 hours at this width; with the published 64 channels there are about 4" in gain["en"]
    )
    assert "即 1.9 轮，按这里的宽度需要 2.5 小时；若用原来的 64 个通道，乘加次数约为 4 倍。" in gain["zh"]
    assert "**80 minutes for each epoch**" in gain["en"] and "每轮需要 80 分钟" in gain["zh"]
    assert "8 epochs" not in gain["en"] and "6 epochs (2,184 updates)" in gain["en"]
    assert "6 轮，2,184 次更新" in gain["zh"] and "6 轮，318 次更新" in gain["zh"]
    assert "its first stage 32 channels wide" in gain["en"] and "第一级 32 个通道" in gain["zh"]
    assert "This is no answer to the published task" in gain["en"] and "这不能算" in gain["zh"]
    few = {"from scratch": 0.3, "pretrained": 0.31}
    none = of_scale(0.98, few)
    assert "may be chance" in none["en"] and "可能只是偶然" in none["zh"]
    most = of_scale(0.98, few, of=halves(3900 * 340, 34_000, 340))
    assert "**All words.** 340 words with 3900 drawings each" in most["en"] and "**全部单词。**" in most["zh"]
    for word in ("Few drawings", "few-shot", "This is no answer", "这不能算"):
        assert word not in most["en"] + most["zh"]
    assert "had 4,000 drawings of each word, about as many" in most["en"] and "与这里差不多" in most["zh"]


def test_five_words_are_held_against_their_bar_where_they_are_below_it() -> None:
    few = {"from scratch": 0.3, "pretrained": 0.31}
    below = of_scale(0.952, few)
    assert "The aim was 97 %, and this is 1.8 points below it." in below["en"]
    assert "目标是 97 %，还差 1.8 个百分点" in below["zh"]
    for text in (of_scale(0.971, few), of_scale(0.5, few, goal=None)):  # which other words do not have
        assert "bar" not in text["en"] and "目标" not in text["zh"]


@pytest.fixture
def lab(tmp_path: Path) -> answers.Lab:
    config = load(SCRIPT).Config(data="stand-in", data_root=str(tmp_path), per_word=6)
    return answers.Lab(config, tmp_path / "run")


def test_the_rate_is_halved_where_it_was_published(lab: answers.Lab) -> None:
    homework = load(SCRIPT)
    phase = homework.recipe(lab).phase(1, 20_000, 128)
    assert phase.optimizer == "adam"
    assert phase.schedule.keywords == {"lr": 0.001, "milestones": (5000, 12_000, 18_000), "factor": 0.5}
    assert homework.recipe(lab, "densenet121").settings == {"channels": 1, "growth": 16}
    names = {slug(name) for arms in homework.ARMS.values() for name in arms}
    assert len(names) == sum(map(len, homework.ARMS.values()))  # runs are called after them


def test_full_is_the_published_training_and_says_what_it_has_of_its_drawings(
    lab: answers.Lab, capsys: pytest.CaptureFixture
) -> None:
    homework = load(SCRIPT)
    lab.config = dataclasses.replace(lab.config, full=True)
    of = homework.drawings(lab)
    assert len(of.learn) == 12 * 32 and homework.drawings(lab) is of  # all but what is held out
    assert capsys.readouterr().err.count("--full: 384 drawings of 12 words; published: 4,000 × 340\n") == 1
    assert homework.recipe(lab, "vgg11").settings == {"channels": 1, "width": 64}
    assert homework.recipe(lab, "densenet121").settings == {"channels": 1, "growth": 32}
    for epochs in (1, 6):  # whatever the length, and where none of them comes
        schedule = homework.recipe(lab).phase(epochs, 300, 128).schedule
        assert schedule.keywords["milestones"] == (5000, 12_000, 18_000)
    assert homework.recipe(lab, **homework.OURS).phase(6, 300, 128).schedule.keywords["peak"] == 0.002


def test_the_settings_choose_the_drawings(lab: answers.Lab) -> None:
    homework = load(SCRIPT)
    some, five = homework.drawings(lab), homework.drawings(lab, homework.FIVE)
    assert (some.words, len(some.learn), some.learn.side) == (12, 72, 64)
    assert five.learn.classes == tuple(sorted(homework.FIVE)) and len(five.learn) == 5 * 32
    with pytest.raises(runtime.UserError, match="has no word 'unicorn'"):
        homework.drawings(lab, ("car", "unicorn"))


def test_without_the_contest_the_held_out_drawings_are_guessed(tmp_path: Path) -> None:
    homework, data, out = load(SCRIPT), tmp_path / "data", tmp_path / "run"
    (readers.folder("doodles", data, "stand-in").parent / "test_simplified.csv").unlink()
    homework.main(["--smoke", "--question", "4", "--out", str(out), "--data-root", str(data)])
    lines = (out / "submission.csv").read_text().splitlines()
    assert lines[0] == "key_id,word" and len(lines) == 1 + 12 * 8
    assert "is not there" in (out / "answers.md").read_text(encoding="utf-8")
    assert {path.name for path in out.glob("*-0")} == {"many-0", "few-started-0"}
