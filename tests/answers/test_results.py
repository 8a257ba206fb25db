"""docs/results.json is the one place of every published number; the tables follow it."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from paddle_course.answers import results
from paddle_course.answers.results import load, main, measured, page, pivot, record, table
from paddle_course.runtime import UserError

ENTRY = {
    "homework": "hw08",
    "question": 2,
    "name": "Adam, 20 epochs",
    "metric": "test accuracy",
    "value": 0.652,
    "sd": 0.004,
    "n": 3,
    "minutes": 12.34,
    "data": "CIFAR-10",
    "command": "./run.sh hw08 --seed 0",
    "commit": "abc1234",
    "machine": "2 cores, Paddle 3.3.1",
}


def entry(**changes):
    """An entry with changes."""
    return ENTRY | changes


def test_a_new_measurement_replaces_the_old_one_and_no_other(tmp_path):
    path = tmp_path / "docs" / "results.json"
    record(path, [entry(name="100 per class"), entry(name="20 per class"), entry(question=1), entry(homework="hw02")])
    record(path, [entry(name="20 per class", value=0.5, metric="validation accuracy")])
    found = load(path)
    assert [(e["homework"], e["question"], e["name"], e["value"]) for e in found] == [
        ("hw02", 2, "Adam, 20 epochs", 0.652),
        ("hw08", 1, "Adam, 20 epochs", 0.652),
        ("hw08", 2, "20 per class", 0.5),
        ("hw08", 2, "100 per class", 0.652),
    ]
    assert len(path.read_text(encoding="utf-8").splitlines()) == len(found) + 2  # one line each
    assert [p.name for p in path.parent.iterdir()] == ["results.json"]  # no temporary file stays


def test_two_that_publish_at_once_lose_nothing(tmp_path, monkeypatch):
    def slow(path):
        found = load(path)
        time.sleep(0.2)
        return found

    monkeypatch.setattr(results, "load", slow)
    path = tmp_path / "results.json"
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: record(path, [entry(name=name)]), "ab"))
    assert [each["name"] for each in load(path)] == ["a", "b"]


def test_numpy_numbers_are_numbers(tmp_path):
    path = tmp_path / "results.json"
    record(path, [entry(value=np.float32(0.5), n=np.int64(3), sd=None)])
    assert (load(path)[0]["value"], load(path)[0]["n"], load(path)[0]["sd"]) == (0.5, 3, None)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"value": float("nan")}, "value is nan, not a finite number"),
        ({"value": None}, "value is None"),
        ({"sd": float("inf")}, "sd is inf"),
        ({"seconds": 1}, "missing or unknown seconds"),
    ],
)
def test_what_is_no_measurement_is_refused_and_the_file_stays(tmp_path, change, complaint):
    path = tmp_path / "results.json"
    record(path, [entry()])
    before = path.read_bytes()
    with pytest.raises(ValueError, match=complaint):
        record(path, [entry(name="good"), entry(**change)])
    assert path.read_bytes() == before


def test_a_lacking_key_is_named(tmp_path):
    lacking = {key: value for key, value in ENTRY.items() if key != "command"}
    with pytest.raises(ValueError, match="missing or unknown command"):
        record(tmp_path / "results.json", [lacking])


def test_two_results_of_one_name_are_an_error(tmp_path):
    with pytest.raises(ValueError, match="Adam, 20 epochs"):
        record(tmp_path / "results.json", [entry(metric="test accuracy"), entry(metric="seconds")])


def test_a_damaged_file_is_the_users_to_know_about(tmp_path):
    path = tmp_path / "results.json"
    path.write_text("[{", encoding="utf-8")
    with pytest.raises(UserError, match="git checkout"):
        load(path)


def test_values_are_shown_as_their_metric_asks():
    assert measured(entry()) == "65.2 % ± 0.4 (n = 3)"
    assert measured(entry(metric="macro-F1", value=0.64321, sd=0.0042)) == "0.6432 ± 0.0042 (n = 3)"
    assert measured(entry(metric="values", value=89910, sd=None, n=1)) == "89,910"
    assert measured(entry(metric="images/s", value=16905.4, sd=1333.0)) == "16,905 ± 1,300 (n = 3)"
    assert measured(entry(metric="test MSE", value=9.8987, sd=4.4463)) == "9.9 ± 4.4 (n = 3)"


def test_the_table_takes_a_homework_and_questions():
    found = [entry(), entry(question=3, name="other"), entry(homework="hw02", name="third")]
    assert table(found, "hw08", [2]).splitlines() == [
        "| question | what | measure | result | minutes | data |",
        "| ---: | --- | --- | ---: | ---: | --- |",
        "| 2 | Adam, 20 epochs | test accuracy | 65.2 % ± 0.4 (n = 3) | 12.3 | CIFAR-10 |",
    ]
    assert len(table(found, "hw08").splitlines()) == 4
    assert len(table(found).splitlines()) == 5 and table(found).startswith("| homework |")
    assert table(found, language="zh").startswith("| 作业 |")


def test_what_no_question_asked_is_a_section_without_questions(tmp_path):
    path = tmp_path / "results.json"
    speed = {"homework": "benchmark", "question": None, "metric": "images/s", "value": 95.0, "sd": 1.2}
    record(path, [entry(), entry(**speed, name="lenet, fit"), entry(**speed, name="lenet, bf16")])
    text = page(load(path))
    assert "## Benchmarks\n\n| what | measure | result |" in text and "## benchmark" not in text
    assert "| lenet, bf16 | images/s | 95 ± 1.2 (n = 3) |" in text
    assert "| question | what |" in text  # hw08's
    assert "| benchmark | – | lenet, fit |" in table(load(path))


def test_names_of_one_form_make_a_pivot_table(tmp_path):
    speed = {"homework": "benchmark", "question": None, "metric": "images/s", "sd": 1.2}
    names = {
        "lenet, f32": 9051.2,
        "lenet, bf16": 10.0,
        "camp, bf16": 3.456,
        "camp, bf16 / fit": 7.0,
        "causes, camp, f32": 1.0,
    }
    shares = {"causes, camp, own loop, share": 0.25, "causes, camp, own loop, factor": 2.0}
    path = tmp_path / "docs" / "results.json"
    record(path, [entry(**speed, name=name, value=value) for name, value in names.items()])
    ratio = speed | {"metric": "ratio", "sd": 0.0237}
    assert "| lenet | 1.06 ± 0.02 |" in pivot(
        [entry(**ratio, name="lenet, f32 / fit", value=1.0588)], "*, ", ["f32 / fit"]
    )
    share = speed | {"metric": "share", "sd": 0.012}
    record(path, [entry(**share, name=name, value=value) for name, value in shares.items()])
    (tmp_path / "docs" / "cpu.md").write_text(
        "<!-- results:pivot benchmark *, {f32; bf16} -->\n<!-- results:end -->\n"
        "between\n<!-- results:pivot benchmark causes, *, {own loop}, share -->\nold\n<!-- results:end -->\nafter\n"
    )
    assert main(["--root", str(tmp_path)]) == 0
    text = (tmp_path / "docs" / "cpu.md").read_text(encoding="utf-8")
    assert "|  | f32 | bf16 |\n| --- | ---: | ---: |\n| camp | – | 3.46 |\n| lenet | 9,050 | 10 |\n\n" in text
    assert "|  | own loop |\n| --- | ---: |\n| camp | 25.0 % ± 1.2 |\n\n" in text
    assert "between" in text and "after" in text and "old" not in text
    assert pivot([], "causes, *, ", ["own loop"]) == "(Not measured yet.)"  # a head without rows would say nothing
    assert main(["--root", str(tmp_path), "--check"]) == 0


@pytest.fixture
def root(tmp_path):
    record(tmp_path / "docs" / "results.json", [entry(), entry(question=3, name="other")])
    (tmp_path / "homework").mkdir()
    text = "before\n<!-- results:begin hw08 2 -->\nold\n<!-- results:end -->\nafter\n"
    for name in ("README.md", "README.zh-CN.md", "homework/README.md"):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_the_generated_files_follow_the_json(root, capsys):
    assert main(["--root", str(root), "--check"]) == 1
    assert "README.md: stale" in capsys.readouterr().out
    assert "old" in (root / "README.md").read_text(encoding="utf-8")  # --check writes nothing

    assert main(["--root", str(root)]) == 0
    assert main(["--root", str(root), "--check"]) == 0
    text = (root / "README.md").read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- results:begin hw08 2 -->\n") and text.endswith("<!-- results:end -->\nafter\n")
    assert "| 2 | Adam, 20 epochs |" in text and "other" not in text and "old" not in text
    assert "| 问题 |" in (root / "README.zh-CN.md").read_text(encoding="utf-8")
    results = (root / "docs" / "results.md").read_text(encoding="utf-8")
    assert (
        "## hw08" in results and "other" in results and "`./run.sh hw08 --seed 0`" in results and "abc1234" in results
    )

    record(root / "docs" / "results.json", [entry(value=0.7)])
    assert main(["--root", str(root), "--check"]) == 1


def test_the_readmes_own_words_are_left_alone(root):
    main(["--root", str(root)])
    (root / "README.md").write_text("no marks here\n", encoding="utf-8")
    assert main(["--root", str(root), "--check"]) == 0


def test_the_file_is_plain_json(root):
    assert len(json.loads((root / "docs" / "results.json").read_text(encoding="utf-8"))) == 2
