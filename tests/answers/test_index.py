"""Homework scripts and results -> the index: every question has its row, and its result is the one it is known by."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paddle_course import runtime
from paddle_course.answers import index, results

SCRIPT = '''
TITLE = ("房价 | 预测", "House prices")
def first(lab):
    """一共多少？
    How many?"""
def second(lab):
    """为什么？
    Why?
    And more words."""
QUESTIONS = {1: first, 2: second}
HEADLINES = {1: "linear", 2: "mlp"}
FIRST_ZH = "线性模型：测试准确率"
'''
ENTRY = {
    "homework": "hw01",
    "question": 1,
    "metric": "test accuracy",
    "value": 0.5,
    "sd": None,
    "n": 1,
    "minutes": None,
}
ENTRY |= {"command": "./run.sh hw01 --publish"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hw01_prices.py").write_text(SCRIPT, encoding="utf-8")
    (tmp_path / "hw12_other.py").write_text(SCRIPT.replace("House", "Other"), encoding="utf-8")
    (tmp_path / "tour.py").write_text("no homework", encoding="utf-8")
    return tmp_path


def found() -> list[index.Entry]:
    trained = {"metric": "minutes", "name": index.TRAINED}
    return [
        ENTRY | {"name": "linear"},
        ENTRY | {"name": "other"},
        ENTRY | trained | {"value": 3.25},
        ENTRY | trained | {"question": 2, "value": 1.5},
    ]


def test_every_question_has_a_row_with_its_command_minutes_and_result(folder: Path) -> None:
    lines = index.questions(found(), folder).splitlines()
    assert "### [hw01_prices.py](hw01_prices.py) 房价 \\| 预测 · House prices" in lines
    rows = [line for line in lines if line.startswith("| ")]
    assert "| 1 | 一共多少？ How many? | ./run.sh hw01 --question 1 | 3.2 | linear: test accuracy 50.0 % |" in rows
    assert "| 2 | 为什么？ Why? | ./run.sh hw01 --question 2 | 1.5 | – |" in rows
    assert "| 2 | 为什么？ Why? | ./run.sh hw12 --question 2 | – | – |" in rows
    other = found()[2] | {"command": "./run.sh hw01 --full --publish"}
    table = index.questions([ENTRY | {"name": "linear"}, other], folder)  # minutes that other flags took
    assert "| ./run.sh hw01 --question 1 | – | linear: test accuracy 50.0 % |" in table
    assert index.said(ENTRY | {"name": "mlp, test accuracy"}) == "mlp: test accuracy 50.0 %"  # and not twice


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        ("./run.sh hw01 --publish", ""),
        ("OMP_NUM_THREADS=1 ./run.sh hw01 --question 2,1 --publish", ""),
        ("./run.sh hw01 --full --question 1 --networks fast --publish", " --full --networks fast"),
    ],
)
def test_the_command_has_the_flags_that_the_result_took(folder: Path, command: str, flags: str) -> None:
    table = index.questions([ENTRY | {"name": "linear", "command": command}], folder)
    assert f"| ./run.sh hw01 --question 1{flags} | – | linear: test accuracy 50.0 % |" in table


def test_the_overview_has_a_row_for_each_homework(folder: Path) -> None:
    english, chinese = (index.overview(found(), folder, language).splitlines() for language in ("en", "zh"))
    assert english[2:] == [
        "| hw01 | House prices | linear: test accuracy 50.0 % | 5 |",
        "| hw12 | Other prices | – | – |",
    ]
    assert chinese[0].startswith("| 作业 |")
    assert chinese[2] == "| hw01 | 房价 \\| 预测 | 线性模型：测试准确率 50.0 % | 5 |"
    second = ENTRY | {"name": "mlp", "question": 2}  # what the Chinese words are not of
    assert "| mlp: test accuracy 50.0 % |" in index.overview([second], folder, "zh")
    other = ENTRY | {"metric": "minutes", "name": index.TRAINED, "question": 2, "value": 1.5}
    alone = index.overview([ENTRY | {"name": "linear", "minutes": 27.0}, other], folder, "en")
    assert "| linear: test accuracy 50.0 % | ≥ 27 |" in alone  # the minutes of another question are not all
    longer = ENTRY | {"name": "linear", "minutes": 9.0, "n": 3, "command": "./run.sh hw01 --full --publish"}
    assert "| 5 + 27 |" in index.overview([*found()[1:], longer], folder, "en")
    assert "| 40 |" in index.overview(
        [ENTRY | {"name": "linear", "minutes": 27.0}, other | {"value": 40}], folder, "en"
    )


def test_marks_in_a_page_are_filled(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "homework").mkdir(parents=True)
    (root / "docs").mkdir()
    (root / "homework" / "hw01_prices.py").write_text(SCRIPT, encoding="utf-8")
    for name, kind in (("homework/README.md", "index"), ("README.zh-CN.md", "overview")):
        (root / name).write_text(f"a\n<!-- results:{kind} -->\nold\n<!-- results:end -->\nz\n", encoding="utf-8")
    assert results.main(["--root", str(root)]) == 0
    page = (root / "homework" / "README.md").read_text(encoding="utf-8")
    assert "./run.sh hw01 --question 2" in page and "old" not in page and page.startswith("a\n") and "\nz\n" in page
    assert "房价" in (root / "README.zh-CN.md").read_text(encoding="utf-8")
    assert results.main(["--root", str(root), "--check"]) == 0


def test_the_headlines_of_every_published_homework_are_among_its_results() -> None:
    entries = results.load(runtime.ROOT / "docs" / "results.json")
    published = {(entry["homework"], entry["question"]) for entry in entries}
    names = {(entry["homework"], entry["question"], entry["name"]) for entry in entries}
    scripts = index.scripts(runtime.ROOT / "homework")
    assert scripts
    for script in scripts:
        assert set(script.headlines) <= set(script.questions)  # a table of networks has no number to its name
        first = next(iter(script.headlines.values()))  # as long as the two speak of the same training
        assert re.findall(r"\d+", script.first_zh) in (numbers := re.findall(r"\d+", first), numbers[::-1])
        for number, name in script.headlines.items():
            assert (script.name, number) not in published or (script.name, number, name) in names, name
