"""The answers become one page that needs nothing but itself, and a text for the forum."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest

from paddle_course.answers.page import write
from paddle_course.answers.pieces import Answer, Figure, Question, Table

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Reads a page; fails on a tag that is closed wrongly. Keeps the tags, the attributes and the text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.text = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, key, value) for key, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.text.append(data)


@pytest.fixture
def make(tmp_path, title, questions, words, facts):
    def make(synthetic=False, **changes):
        given = {"title": title, "questions": questions, "facts": facts} | changes
        page, answers = write(tmp_path / "run", words=words, synthetic=synthetic, **given)
        return page.read_text(encoding="utf-8"), answers.read_text(encoding="utf-8")

    return make


def test_the_page_loads_nothing(make):
    text, _ = make()
    page = Page(text)
    sources = [value for _, key, value in page.attributes if key in ("src", "href", "xlink:href", "srcset", "action")]
    assert sources and all(value.startswith(("data:", "#")) for value in sources)
    assert not {"script", "iframe", "object", "embed", "form"} & set(page.tags)
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)[1]
    assert "@import" not in style and "url(" not in style
    assert "default-src 'none'" in text


def test_questions_stand_in_order_chinese_before_english(make, questions):
    text = "".join(Page(make()[0]).text)
    said = [
        "猫狗分类实验",
        "The CIFAR-10 camp homework",
        "89,910 values in all.",
        *(part for i in (1, 2) for part in (questions[i].zh, questions[i].en)),  # contents
        *(questions[1].zh, questions[1].en, "网络有 89,910 个数。", "The network holds 89,910 values.", "block1.conv"),
        *(
            "Bias is not counted.",
            questions[2].zh,
            questions[2].en,
            "Adam reaches 65.2\u00a0%",
            "Optimizers",
            "Accuracy",
        ),
    ]
    place = 0
    for part in said:
        place = text.index(part, place) + len(part)


def test_every_id_is_there_once_and_every_reference_leads_somewhere(make):
    page = Page(make()[0])
    ids = [value for _, key, value in page.attributes if key == "id"]
    assert len(ids) == len(set(ids))
    wanted = {value[1:] for _, key, value in page.attributes if key in ("href", "xlink:href") and value.startswith("#")}
    assert {"q1", "q2"} <= wanted <= set(ids)


def test_only_the_questions_that_were_run_appear(make, questions):
    text, answers = make(questions={2: questions[2]})
    for each in (text, answers):
        assert questions[2].zh in each and questions[1].zh not in each and "89,910" not in each
    assert "<nav" not in text  # no contents list for one question


@pytest.mark.parametrize("synthetic", [True, False])
def test_a_report_made_on_stand_ins_says_so_in_large_letters(make, synthetic):
    text, answers = make(synthetic)
    assert ("SYNTHETIC" in "".join(Page(text).text)) == synthetic
    assert ("<title>SYNTHETIC" in text) == synthetic
    assert answers.startswith("# SYNTHETIC") == synthetic


def test_numbers_stand_to_the_right(make):
    text, answers = make()
    assert re.search(r'<td class="n">1,520</td>', text)
    assert re.search(r"<td>20 x \(3 x 5 x 5\) \+ 20</td>", text)
    assert "| layer | formula | trainable |" in answers and "| --- | --- | ---: | ---: | --- |" in answers


def test_the_forum_text_links_pictures_that_are_there(make, tmp_path):
    _, answers = make()
    linked = re.findall(r"!\[[^\]]*\]\((figures/[a-z-]+\.png)\)", answers)
    assert linked == ["figures/accuracy.png", "figures/grid.png"]
    assert all((tmp_path / "run" / name).read_bytes().startswith(b"\x89PNG") for name in linked)


def test_the_footer_says_how_the_run_was_made(make):
    text, answers = make()
    shown = "".join(Page(text).text)
    for fact in ("./run.sh hw08 --seed 0", "abc1234", "2 cores, Paddle 3.3.1", "41.2", "schedule.peak", "0.1"):
        assert fact in shown
    assert "- command: `./run.sh hw08 --seed 0`" in answers


def test_nothing_given_to_the_page_becomes_markup(make, questions, facts):
    evil = "<img src=x onerror=alert(1)>"
    table = Table(evil, (evil,), ((evil,),), evil)
    answer = Answer({"best": evil, "accuracy": 0.5}, [table], [Figure("loss", evil, "<svg></svg>", b"")])
    text, _ = make(
        title=(evil, evil),
        questions={2: Question(evil, evil, answer)},
        facts=facts | {evil: evil, "settings": {evil: evil}},
    )
    assert "img" not in Page(text).tags
    assert "".join(Page(text).text).count(evil) >= 12


def test_two_figures_of_one_name_are_an_error(make, questions):
    twice = dataclasses.replace(questions[1], answer=questions[2].answer)
    with pytest.raises(ValueError, match="two figures are named accuracy, grid"):
        make(questions={1: twice, 2: questions[2]})


def test_nothing_is_written_when_a_number_is_missing(make, tmp_path):
    with pytest.raises(ValueError, match=r"block summary_zh: .* no attribute 'total'"):
        make(questions={1: Question("", "", Answer({}))})
    assert not (tmp_path / "run").exists()
