"""The same answers in the terminal, at its width, in the user's language, with no number cut."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from paddle_course.answers.console import fold, terminal


@pytest.fixture
def shown(title, questions, words, monkeypatch):
    def shown(width=80, tongue="en_US.UTF-8", synthetic=False):
        for name in ("LC_ALL", "LC_MESSAGES"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("LANG", tongue)
        console = Console(file=io.StringIO(), width=width)
        terminal(title, questions, words, synthetic, console)
        return console.file.getvalue()

    return shown


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_number_is_cut(shown, width):
    text = shown(width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    cut = text.split()
    assert "1,176,000" in cut and "1,520" in cut
    assert "65.2 % ± 0.4 (n = 3)" in text
    assert "…" not in text


def test_a_table_that_is_too_wide_comes_in_parts_with_its_first_column(shown):
    assert shown(200).count("block1.conv") == 1
    assert shown(80).count("block1.conv") == 2


def test_the_words_are_in_the_users_language_and_the_titles_in_both(shown, questions):
    english, chinese = shown(), shown(tongue="zh_CN.UTF-8")
    assert "The network holds 89,910 values." in english and "网络有" not in english
    assert "网络有 89,910 个数。" in chinese and "The network holds" not in chinese
    for text in (english, chinese):
        assert questions[1].zh in text and questions[1].en in text
        assert text.index(questions[1].zh) < text.index(questions[2].zh)


def test_stand_ins_are_named(shown):
    assert "SYNTHETIC" in shown(synthetic=True)
    assert "SYNTHETIC" not in shown(synthetic=False)


def test_chinese_lines_break_neither_in_a_word_nor_before_a_full_stop():
    assert fold("用 Adam 训练，再用 SGD。", 8) == "用 Adam\n训练，再\n用 SGD。"
    assert fold("", 8) == ""
