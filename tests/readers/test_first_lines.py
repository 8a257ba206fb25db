"""The beginning of a file of lines, from a server with ranges and from one without."""

import json

import numpy as np
import pytest

from paddle_course import readers
from paddle_course.readers import download, first_lines
from paddle_course.readers.doodle_words import KAGGLE, WORDS
from paddle_course.readers.first_lines import fetch_doodles
from paddle_course.readers.quickdraw import WANTED
from paddle_course.runtime import UserError

COUNT = 3000


def text(word, count=COUNT, end="\n"):
    """As Google has it; the lines are of several lengths."""
    about = {"word": word, "countrycode": "CN", "timestamp": "2017-03-01 10:58:00.12 UTC", "recognized": True}
    rng, lines = np.random.default_rng(len(word)), []
    for i in range(count):
        stroke = rng.integers(0, 256, (2, rng.integers(20, 120))).tolist()
        lines.append(json.dumps(about | {"key_id": f"{10**15 + i}", "drawing": [stroke]}, separators=(",", ":")))
    return ("\n".join(lines) + end).encode()


FILES = {f"{word.replace(' ', '%20')}.ndjson": text(word) for word in KAGGLE[:3]}
FIRST = "The Eiffel Tower"


@pytest.fixture(autouse=True)
def google(server, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "PAUSE", 0.001)
    monkeypatch.setattr(download, "TIMEOUT", (2, 2))
    monkeypatch.setattr(first_lines, "ADDRESS", server.url)
    server.files.update(FILES)
    return server


def lines(folder, word=FIRST):
    return (folder / f"{word}.ndjson").read_bytes().splitlines(keepends=True)


def expected(count, word=FIRST):
    return FILES[f"{word.replace(' ', '%20')}.ndjson"].splitlines(keepends=True)[:count]


def asked(server):
    """Bytes asked for in each request."""
    spans = [span.removeprefix("bytes=").split("-") for _, span in server.requests]
    return [(int(first), int(last) - int(first) + 1) for first, last in spans]


@pytest.mark.parametrize("ranges", [True, False])
def test_the_first_lines_of_each_word_arrive_whole(tmp_path, server, ranges):
    server.ranges = ranges
    folder = fetch_doodles(tmp_path, words=3, per_word=50, progress=False)
    assert folder == tmp_path / "quickdraw" / "simplified"
    for word in KAGGLE[:3]:
        assert lines(folder, word) == expected(50, word)
    assert sorted(path.name for path in folder.iterdir()) == [*(f"{word}.ndjson" for word in KAGGLE[:3]), WANTED]
    found = readers.load_drawings(tmp_path)
    assert len(found) == 150 and found.classes == tuple(word.replace(" ", "_") for word in KAGGLE[:3])


def test_hardly_more_is_asked_for_than_is_needed(tmp_path, server):
    fetch_doodles(tmp_path, words=1, per_word=1000, progress=False)
    assert sum(size for _, size in asked(server)) < 1.3 * sum(map(len, expected(1000)))
    assert len(server.requests) <= 4


def test_a_server_without_ranges_is_left_as_soon_as_it_is_enough(tmp_path, server, monkeypatch):
    server.ranges, seen = False, []
    stream = first_lines.urllib3.response.HTTPResponse.stream

    def spy(*arguments, **settings):
        for piece in stream(*arguments, **settings):
            seen.append(len(piece))
            yield piece

    monkeypatch.setattr(first_lines.urllib3.response.HTTPResponse, "stream", spy)
    folder = fetch_doodles(tmp_path, words=1, per_word=50, progress=False)
    assert lines(folder) == expected(50) and sum(seen) <= 2 * (1 << 16) < len(FILES["The%20Eiffel%20Tower.ndjson"])


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_off_connection_is_taken_up_again(tmp_path, server, ranges):
    server.ranges, server.cut = ranges, [9_000, 8_000, 20_000]
    folder = fetch_doodles(tmp_path, words=1, per_word=500, progress=False)
    assert lines(folder) == expected(500) and len(server.requests) >= 4
    if ranges:
        starts = [first for first, _ in asked(server)]
        assert starts == sorted(starts) and starts[1] > 0


def test_the_same_command_goes_on_where_it_stopped_and_asks_for_nothing_twice(tmp_path, server):
    server.cut, server.status = [9_000], [200, 503, 503, 503]
    with pytest.raises(UserError, match=r"Tower.ndjson cannot be downloaded \(127.0.0.1: status 503\): the same"):
        fetch_doodles(tmp_path, words=2, per_word=100, progress=False)
    server.requests.clear()
    folder = fetch_doodles(tmp_path, words=2, per_word=100, progress=False)
    assert 0 < asked(server)[0][0] <= 9_000 and lines(folder) == expected(100)
    server.requests.clear()
    fetch_doodles(tmp_path, words=2, per_word=100, progress=False)
    assert server.requests == []


def test_more_of_each_word_begins_behind_what_is_there_and_fewer_takes_nothing_away(tmp_path, server):
    folder = fetch_doodles(tmp_path, words=1, per_word=50, progress=False)
    have = (folder / f"{FIRST}.ndjson").stat().st_size
    server.requests.clear()
    fetch_doodles(tmp_path, words=1, per_word=200, progress=False)
    assert asked(server)[0][0] == have and lines(folder) == expected(200)
    fetch_doodles(tmp_path, words=1, per_word=10, progress=False)
    assert lines(folder) == expected(200)


def test_without_a_network_what_is_there_can_still_be_used(tmp_path, server):
    folder = fetch_doodles(tmp_path, words=2, per_word=20, progress=False)
    server.files.clear()
    for wish in ({"words": 2, "per_word": 30}, {"words": 3, "per_word": 20}):
        with pytest.raises(UserError, match="cannot be downloaded"):
            fetch_doodles(tmp_path, **wish, progress=False)
        assert len(readers.load_drawings(tmp_path)) == 40 and lines(folder) == expected(20)
    server.files.update(FILES)
    fetch_doodles(tmp_path, words=3, per_word=30, progress=False)
    assert len(readers.load_drawings(tmp_path)) == 90


def test_a_choice_of_ones_own_under_the_same_name_is_not_gone_on_with(tmp_path, server):
    folder = tmp_path / "quickdraw" / "simplified"
    folder.mkdir(parents=True)
    (folder / f"{FIRST}.ndjson").write_bytes(b"".join(expected(9)[::2]))
    fetch_doodles(tmp_path, words=1, per_word=50, progress=False)
    assert lines(folder) == expected(50)


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("end", ["\n", ""])
def test_a_word_with_fewer_drawings_is_taken_whole(tmp_path, server, ranges, end):
    server.ranges, server.files["The%20Eiffel%20Tower.ndjson"] = ranges, text(FIRST, 30, end)
    for _ in range(2):
        folder = fetch_doodles(tmp_path, words=1, per_word=50, progress=False)
        assert b"".join(lines(folder)) == text(FIRST, 30, end)


@pytest.mark.parametrize("left", [text(FIRST, COUNT) + b"more", b"{" * 2_000_000])
def test_a_part_that_is_longer_than_the_file_is_forgotten(tmp_path, server, left):
    folder = tmp_path / "quickdraw" / "simplified"
    folder.mkdir(parents=True)
    (folder / f"{FIRST}.ndjson.part").write_bytes(left)
    fetch_doodles(tmp_path, words=1, per_word=COUNT + 5, progress=False)
    assert b"".join(lines(folder)) == text(FIRST)


def test_another_page_in_its_place_is_told(tmp_path, server):
    server.files["The%20Eiffel%20Tower.ndjson"] = b"<html>\nlog in\n"
    with pytest.raises(UserError, match="holds no drawings: is a page to log in"):
        fetch_doodles(tmp_path, words=1, per_word=1, progress=False)
    assert [path.name for path in (tmp_path / "quickdraw" / "simplified").iterdir()] == [WANTED]
    server.files.clear()
    with pytest.raises(UserError, match=r"status 404.*by hand, or use --data stand-in"):
        fetch_doodles(tmp_path, words=1, per_word=1, progress=False)


def test_how_many_words(tmp_path, monkeypatch):
    got = []
    monkeypatch.setattr(first_lines, "first_lines", lambda url, target, count: got.append((target.stem, count)))
    for words, expected in ((2, KAGGLE[:2]), (340, KAGGLE), (341, WORDS[:341]), (345, WORDS)):
        got.clear()
        folder = fetch_doodles(tmp_path, words=words, progress=False)
        assert [word for word, _ in got] == list(expected) and {count for _, count in got} == {4000}
        assert (folder / WANTED).read_text().splitlines() == list(expected)
    for words, per_word in ((0, 1), (346, 1), (5, 0)):
        with pytest.raises(UserError, match="ask for 1 to 345 words"):
            fetch_doodles(tmp_path, words, per_word, progress=False)


def test_the_command(tmp_path, server, capsys):
    words = ["--words", "1", "--per-word", "7", "--data-root", str(tmp_path)]
    assert download.main(["doodles", *words]) == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path / 'quickdraw' / 'simplified'}\n" and "words from Google" in err
    assert len(lines(tmp_path / "quickdraw" / "simplified")) == 7
    with pytest.raises(SystemExit):
        download.main(["mnist", *words])
    assert "--words and --per-word go with doodles" in capsys.readouterr().err
