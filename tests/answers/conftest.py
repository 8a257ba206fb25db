"""A small report as a homework would make it: two questions, a table, two figures, words that follow the numbers."""

import numpy as np
import pytest

from paddle_course.answers.figures import curves, heatmap
from paddle_course.answers.pieces import Answer, Question, Result, Table, score

WORDS = """\
{% block summary_zh %}
{% if 1 in q %}一共 {{ q[1].total | comma }} 个数。{% endif %}

{% if 2 in q %}最好的是 **{{ q[2].best }}**。{% endif %}
{% endblock %}
{% block summary_en %}
{% if 1 in q %}{{ q[1].total | comma }} values in all.{% endif %}

{% if 2 in q %}**{{ q[2].best }}** does best.{% endif %}
{% endblock %}
{% block q1_zh %}网络有 {{ total | comma }} 个数。{% endblock %}
{% block q1_en %}
The network holds {{ total | comma }} values.

```
for name, value in model.named_parameters(): print(f"a line of code that is far too long for a telephone: {name}")
```
{% endblock %}
{% block q2_zh %}{{ best }} 达到 {{ accuracy | percent }}。{% endblock %}
{% block q2_en %}
{{ best }} reaches {{ accuracy | percent }}{% if accuracy > 0.65 %}, more than the forum's 65 %{% endif %}.
{% endblock %}
"""


@pytest.fixture
def words(tmp_path):
    path = tmp_path / "hw08.md.j2"
    path.write_text(WORDS, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def questions():
    epochs = np.arange(1, 6)
    layers = Table(
        "Layers",
        ("layer", "formula", "trainable", "running", "input", "output", "multiply-accumulates"),
        (
            ("block1.conv", "20 x (3 x 5 x 5) + 20", 1520, 0, "3 x 32 x 32", "20 x 28 x 28", 1176000),
            ("block1.norm", "2 x 20 + 2 x 20", 40, 40, "20 x 14 x 14", "20 x 14 x 14", None),
        ),
        note="Bias is not counted.",
    )
    rows = (("Adam", score(0.652, 0.004, 3)), ("SGD", "55 %"))
    optimizers = Table("Optimizers", ("optimizer", "test accuracy"), rows)
    series = {"Adam": (epochs, epochs / 8, epochs / 99), "SGD": (epochs, epochs / 9)}
    lines = curves("accuracy", "Accuracy", series, "epoch", "share")
    grid = heatmap("grid", "Accuracy, optimizer by rate", np.eye(2), ["SGD", "Adam"], ["0.1", "0.01"])
    result = Result("Adam, 20 epochs", "test accuracy", 0.652, sd=0.004, n=3, minutes=12.34, data="CIFAR-10")
    return {
        2: Question(
            "尝试不同的优化算法，最好的选择是什么？",
            "Which optimizer is best?",
            Answer({"best": "Adam", "accuracy": 0.652}, [optimizers], [lines, grid], [result]),
        ),
        1: Question("计算每层的参数个数", "Count the values of every layer", Answer({"total": 89910}, [layers])),
    }


@pytest.fixture(scope="session")
def title():
    return "猫狗分类实验", "The CIFAR-10 camp homework"


@pytest.fixture(scope="session")
def facts():
    return {
        "command": "./run.sh hw08 --seed 0",
        "commit": "abc1234",
        "machine": "2 cores, Paddle 3.3.1",
        "minutes": 41.25,
        "settings": {"seed": 0, "schedule": {"name": "cosine", "peak": 0.1}},
    }
