"""Sentences follow the numbers, and a number that is missing is never an empty place."""

import pytest

from paddle_course.answers import words as wording
from paddle_course.answers.pieces import Answer, Question, Table


def say(tmp_path, block, **numbers):
    """The sentence that `block` gives, as Markdown."""
    path = tmp_path / "words.md.j2"
    summary = "".join("{% block summary_" + tongue + " %}{% endblock %}" for tongue in ("zh", "en"))
    both = "".join("{% block q1_" + tongue + " %}" + block + "{% endblock %}" for tongue in ("zh", "en"))
    path.write_text(summary + both, encoding="utf-8")
    return wording.said(wording.load(path), {1: Question("", "", Answer(numbers))})["q1"]["en"]


def test_the_sentence_follows_the_numbers(words, questions):
    template = wording.load(words)
    assert wording.said(template, questions)["q2"]["en"] == "Adam reaches 65.2 %, more than the forum's 65 %."
    poor = Question("", "", Answer({"best": "SGD", "accuracy": 0.1}))
    assert wording.said(template, {2: poor})["q2"] == {"zh": "SGD 达到 10.0 %。", "en": "SGD reaches 10.0 %."}


def test_the_summary_sees_the_questions_that_were_run(words, questions):
    template = wording.load(words)
    assert wording.said(template, questions)["summary"]["en"] == "89,910 values in all.\n\n**Adam** does best."
    assert wording.said(template, {2: questions[2]})["summary"]["en"] == "**Adam** does best."


def test_a_missing_number_is_named_with_its_question(words):
    poor = Question("", "", Answer({"best": "SGD"}))
    with pytest.raises(ValueError, match=r"hw08.md.j2, block q2_zh: 'accuracy' is undefined"):
        wording.said(wording.load(words), {2: poor})


@pytest.mark.parametrize("use", ["x", "x | percent", "x | comma", "x | f2", "x | code"])
def test_a_missing_number_is_named_whatever_it_is_used_for(tmp_path, use):
    with pytest.raises(ValueError, match="'x' is undefined"):
        say(tmp_path, "{{ " + use + " }}")


def test_a_missing_number_in_the_summary_is_named(tmp_path):
    path = tmp_path / "words.md.j2"
    path.write_text("{% block summary_zh %}{{ q[1].best }}{% endblock %}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"block summary_zh: .*'best'"):
        wording.said(wording.load(path), {1: Question("", "", Answer({}))})


def test_a_number_of_the_wrong_kind_names_the_block(tmp_path):
    with pytest.raises(ValueError, match="block q1_zh"):
        say(tmp_path, "{{ x | percent }}", x=None)


def test_a_question_without_words_is_an_error(words):
    with pytest.raises(ValueError, match="no block q3_zh"):
        wording.said(wording.load(words), {3: Question("", "", Answer({}))})


def test_filters(tmp_path):
    block = (
        "{{ a | percent }} {{ a | percent(2) }} {{ n | comma }} {{ b | f1 }} {{ b | f2 }} {{ b | f3 }} {{ c | code }}"
    )
    said = say(tmp_path, block, a=0.6523, n=89910, b=1234.5678, c="a_b")
    assert said == "65.2 % 65.23 % 89,910 1,234.6 1,234.57 1,234.568 `a_b`"


def test_tags_on_their_own_line_leave_no_trace_and_tags_in_a_line_keep_its_end(tmp_path):
    assert say(tmp_path, "\none\n{% if x %}\ntwo\n{% endif %}\nthree\n", x=True) == "one\ntwo\nthree"
    assert say(tmp_path, "{% if x %}one{% endif %}\ntwo", x=True) == "one\ntwo"
    assert say(tmp_path, "{% if x %}one{% endif %}\n\ntwo", x=True) == "one\n\ntwo"


def test_a_line_break_within_a_chinese_sentence_is_no_space(tmp_path):
    assert say(tmp_path, "\n每类五百张，\n已经够了。\n\n- 一\n- two\n") == "每类五百张，已经够了。\n\n- 一\n- two"


@pytest.mark.parametrize(
    ("said", "page"),
    [
        ("学得慢。**原因在此。**其次", "<p>学得慢。<strong>原因在此。</strong> 其次</p>"),
        ("共**（约）九**次", "<p>共 <strong>（约）九</strong>次</p>"),
        ("为 **93.1 %**的", "<p>为 <strong>93.1\u00a0%</strong> 的</p>"),
        ("**一**二，**三。**（四）", "<p><strong>一</strong>二，<strong>三。</strong>（四）</p>"),
    ],
)
def test_bold_is_bold_whatever_stands_beside_it(tmp_path, said, page):
    assert wording.html(say(tmp_path, said)).strip() == page


def test_values_are_not_markdown_and_never_html(tmp_path):
    markdown = say(tmp_path, "{{ name }}", name="<script>alert(1)</script> *a* ![x](http://example.org/x.png)")
    page = wording.html(markdown)
    assert "<script" not in page and "<em>" not in page and "<img" not in page and "<a" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; *a* ![x](http://example.org/x.png)" in page


def test_words_can_hold_neither_html_nor_pictures():
    page = wording.html("<b onclick=x>bold</b> ![x](http://example.org/x.png) [site](https://example.org)")
    assert "<b " not in page and "<img" not in page
    assert '<a href="https://example.org">' in page  # a link loads nothing until somebody follows it


def test_number_and_unit_stay_on_one_line():
    assert wording.html("65.2 % ± 0.4") == "<p>65.2\u00a0%\u00a0±\u00a00.4</p>\n"


def test_a_table_in_markdown():
    table = Table("", ("name", "values"), (("a|b", 1520), ("c_d", None)))
    assert wording.table(table) == "| name | values |\n| --- | ---: |\n| a\\|b | 1,520 |\n| c\\_d | – |"
