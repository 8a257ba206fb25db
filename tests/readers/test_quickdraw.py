"""Both formats, any part of a file, and every way in which one can be damaged."""

import json

import numpy as np
import pytest

from paddle_course import readers
from paddle_course.readers import locate, packed, quickdraw
from paddle_course.readers.doodle_words import KAGGLE, WORDS
from paddle_course.readers.quickdraw import read_drawings, read_words, word_files
from paddle_course.readers.scribbles import HEADER, write_csv
from paddle_course.readers.stand_ins import write_stand_in
from paddle_course.runtime import UserError

STROKES = [[[0, 10, 255], [5, 6, 7]], [[9], [8]]]


@pytest.fixture
def write(tmp_path):
    """The drawings as a .csv or an .ndjson of a word; drawing i has i for its last point's x."""

    def write(count=5, word="power outlet", end="csv", folder="train_simplified", strokes=STROKES):
        path = tmp_path / folder / f"{word}.{end}"
        path.parent.mkdir(exist_ok=True)
        drawings = [[*strokes[:-1], [[i], *strokes[-1][1:]]] for i in range(count)]
        if end == "csv":
            rows = [("CN", json.dumps(each), 7000 + i, True, "2017", word) for i, each in enumerate(drawings)]
            write_csv(path, HEADER, rows)
        else:
            about = {"word": word, "countrycode": "CN", "timestamp": "2017", "recognized": True}
            lines = [json.dumps(about | {"key_id": f"{7000 + i}", "drawing": e}) for i, e in enumerate(drawings)]
            path.write_text("\n".join(lines) + "\n")
        return path

    return write


@pytest.mark.parametrize("end", ["csv", "ndjson"])
def test_every_point_is_where_it_was(write, end):
    found = read_drawings(write(end=end))
    assert found.points.dtype == np.uint8 and found.times is None and len(found) == 5
    assert [stroke.T.tolist() for stroke in found.drawing(3)] == [STROKES[0], [[3], [8]]]
    assert found.keys.tolist() == list(range(7000, 7005)) and found.labels.tolist() == [0] * 5
    assert found.classes == ("power_outlet",)


@pytest.mark.parametrize("end", ["csv", "ndjson"])
def test_any_part_of_a_file_can_be_read_and_the_header_is_never_counted(write, end):
    path = write(10, end=end)
    for nrows, skiprows in ((3, 0), (3, 4), (None, 7), (99, 8), (1, 9)):
        expected = list(range(10))[skiprows:][:nrows]
        found = read_drawings(path, nrows, skiprows)
        assert [int(found.drawing(i)[1][0, 0]) for i in range(len(found))] == expected
    with pytest.raises(UserError, match="has no drawing after the first 10"):
        read_drawings(path, skiprows=10)


@pytest.mark.parametrize("end", ["csv", "ndjson"])
def test_raw_strokes_keep_their_times(write, end):
    found = read_drawings(write(2, end=end, strokes=[[[0, 700.5], [1, 2], [0, 35]], [[0], [-3], [99]]]))
    assert found.points.dtype == np.float32 and found.points[1].tolist() == [700.5, 2]
    assert found.times.tolist() == [0, 35, 99] * 2 and found.points[2].tolist() == [0, -3]


def test_the_contests_file_has_neither_word_nor_label(tmp_path):
    write_csv(tmp_path / "test_simplified.csv", ("key_id", "countrycode", "drawing"), [(9, "CN", json.dumps(STROKES))])
    found = read_drawings(tmp_path / "test_simplified.csv")
    assert found.keys.tolist() == [9] and len(found.drawing(0)) == 2


def test_words_are_numbered_by_the_alphabet_of_their_names_with_underscores(write, tmp_path):
    for word in ("bat", "baseball", "baseball bat", "The Eiffel Tower"):
        write(2, word)
    files = word_files(tmp_path / "train_simplified")
    assert list(files) == ["The_Eiffel_Tower", "baseball", "baseball_bat", "bat"]
    found = read_words(tmp_path / "train_simplified")
    assert found.classes == tuple(files) and found.labels.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert found.source == "Quick, Draw!, 4 words"
    for word in ("full_simplified_baseball bat", "full_raw_sun"):  # as Google's console names what it saves
        assert list(word_files(write(1, word, "ndjson", word).parent)) == [quickdraw.word_of(tmp_path / f"{word}.x")]
    assert quickdraw.word_of(tmp_path / "full_simplified_baseball bat.ndjson") == "baseball_bat"
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"holds no <word>.csv .*run.sh data doodles"):
        word_files(tmp_path / "empty")


ROW = 'CN,"[[[1, 2], [3, 4]]]",{key},True,2017,sun\n'


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('CN,"[[[1, 2], [3, 4]]]",5\n', "drawing 2 has 3 columns instead of 6: it is cut off"),
        ('CN,"[[[1, 2], [3, 4', r"damaged or cut off \(unexpected end of data\)"),
        ('CN,"[[[1, 2], [3, 4",5,True,2017,sun\n', "drawing 2 is no JSON"),
        ('CN,"[' * 1 + "[" * 50_000 + '",5,True,2017,sun\n', "drawing 2 is no JSON"),
        ('CN,"' + "1" * (1 << 20) + '1",5,True,2017,sun\n', "field larger than field limit"),
        ("CN,[],5,True,2017,sun\n", "its drawing is no list of strokes"),
        ('CN,"{}",5,True,2017,sun\n', "its drawing is no list of strokes"),
        ('CN,"[[[1, 2], [3]]]",5,True,2017,sun\n', "a stroke is not .* of equal lengths"),
        ('CN,"[[[], []]]",5,True,2017,sun\n', "a stroke is not"),
        ('CN,"[[1, 2]]",5,True,2017,sun\n', "a stroke is not"),
        ('CN,"[[[1, 2]]]",5,True,2017,sun\n', "a stroke is not"),
        ('CN,"[[[1, 256], [3, 4]]]",5,True,2017,sun\n', "a point is not in whole numbers of 0 to 255"),
        ('CN,"[[[1, -1], [3, 4]]]",5,True,2017,sun\n', "a point is not in whole numbers"),
        ('CN,"[[[1, 2.5], [3, 4]]]",5,True,2017,sun\n', "a point is not in whole numbers"),
        ('CN,"[[[1, ""2""], [3, 4]]]",5,True,2017,sun\n', "a point is not in whole numbers"),
        ('CN,"[[[1, NaN], [3, 4]]]",5,True,2017,sun\n', "a point is not in whole numbers"),
        ('CN,"[[[1, 2], [3, 4], [0, 9]]]",5,True,2017,sun\n', "strokes with times and without are mixed"),
        ('CN,"[[[1, 2], [3, 4]]]",x7,True,2017,sun\n', "key_id 'x7' is no number"),
        ('CN,"[[[1, 2], [3, 4]]]",5,True,2017,moon\n', "drawing 2 is of 'moon': a file is called after its word"),
    ],
)
def test_a_damaged_row_is_named_in_one_line(tmp_path, row, message):
    (tmp_path / "sun.csv").write_text(",".join(HEADER) + "\n" + ROW.format(key=1) + row)
    with pytest.raises(UserError, match=message) as caught:
        read_drawings(tmp_path / "sun.csv")
    assert "\n" not in str(caught.value) and str(tmp_path / "sun.csv") in str(caught.value)
    assert len(read_drawings(tmp_path / "sun.csv", nrows=1)) == 1  # what comes before it can be had


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"word": "sun", "drawing": [[[1, 2], [3, ', "drawing 2 is no JSON, or cut off"),
        ("[[[1, 2], [3, 4]]]", "drawing 2 has no 'drawing'"),
        ('{"word": "sun"}', "drawing 2 has no 'drawing'"),
        ('{"word": "sun", "drawing": 7}', "drawing 2 is no JSON"),
        ('{"word": "sun", "drawing": [[[1e999], [3], [4]]]}', "mixed"),
        ('{"word": "sun", "drawing": "' + " " * (1 << 20) + '"}', "drawing 2 is no JSON"),
    ],
)
def test_a_damaged_line_likewise(tmp_path, line, message):
    (tmp_path / "sun.ndjson").write_text('{"word": "sun", "drawing": [[[1, 2], [3, 4]]]}\n\n' + line)
    with pytest.raises(UserError, match=message):
        read_drawings(tmp_path / "sun.ndjson")


def test_files_that_are_none(tmp_path):
    for data, message in (
        (b"", "has no column 'drawing' but nothing"),
        (b"a,b\n1,2\n", "has no column 'drawing' but a, b"),
        (b"drawing\n", "has no drawing;"),
        (b"\xff\xfe\x00", "cannot be read"),
    ):
        (tmp_path / "sun.csv").write_bytes(data)
        with pytest.raises(UserError, match=message):
            read_drawings(tmp_path / "sun.csv")
    with pytest.raises(UserError, match="cannot be read"):
        read_drawings(tmp_path / "none.csv")
    (tmp_path / "sun.ndjson").write_text('{"drawing": [[[1e999], [3], [4]]]}')
    with pytest.raises(UserError, match="a point is no finite number"):
        read_drawings(tmp_path / "sun.ndjson")


def test_what_a_mac_adds_is_passed_over_and_a_word_that_is_there_twice_is_told(write, tmp_path):
    folder = write(2, "sun").parent
    (folder / "._sun.csv").write_bytes(b"\0\5\26\7")
    assert len(quickdraw.read_words(folder)) == 2
    (folder / "full_simplified_sun.csv").write_bytes((folder / "sun.csv").read_bytes())
    with pytest.raises(UserError, match=r"has both full_simplified_sun.csv and sun.csv, of the same word: take one"):
        quickdraw.read_words(folder)


def test_what_was_read_is_kept_and_read_again_when_a_file_changes(write, tmp_path, monkeypatch):
    folder = write(6, "sun").parent
    write(4, "cat")
    first = read_words(folder, nrows=4)
    monkeypatch.setattr(quickdraw, "read_drawings", None)  # from here on only what is kept
    again = read_words(folder, nrows=4)
    for name in ("points", "strokes", "starts", "labels", "keys"):
        one, other = getattr(first, name), getattr(again, name)
        assert one.dtype == other.dtype and (one == other).all(), name
    assert (again.classes, again.source) == (first.classes, first.source)
    with pytest.raises(TypeError):
        read_words(folder, nrows=3)  # another part
    monkeypatch.undo()
    assert len(read_words(folder, 3)) == 6 and len(list((tmp_path / "packed").iterdir())) == 2
    write(7, "cat")
    assert len(read_words(folder, 4)) == 8 and len(read_words(folder)) == 13
    assert len(list((tmp_path / "packed").iterdir())) == 3  # the old one of that part went
    for path in (tmp_path / "packed").iterdir():
        path.write_bytes(path.read_bytes()[:-10])
    assert len(read_words(folder)) == 13  # damaged: read again


def test_two_choices_of_as_many_words_are_kept_side_by_side(write, tmp_path):
    write(3, "cat")
    folder = write(3, "sun").parent
    kept = [read_words(folder, words=(word,)).classes for word in ("cat", "sun")]
    assert kept == [("cat",), ("sun",)] and len(list((tmp_path / "packed").iterdir())) == 2
    write(4, "cat")
    assert len(read_words(folder, words=("cat",))) == 4 and len(list((tmp_path / "packed").iterdir())) == 2


def test_raw_ones_are_kept_with_their_times(write, tmp_path):
    folder = write(2, "sun", strokes=[[[0, 700.5], [1, 2], [0, 35]], [[0], [-3], [99]]]).parent
    read_words(folder)
    (kept,) = (tmp_path / "packed").iterdir()
    found = packed.load(kept)
    assert found.times.tolist() == [0, 35, 99] * 2 and found.points.dtype == np.float32


def test_a_folder_that_cannot_be_written_is_read_all_the_same(write, tmp_path, capsys):
    folder = write(2, "sun").parent
    (tmp_path / "packed").write_text("in the way")
    assert len(read_words(folder)) == 2
    assert "the drawings are not kept" in capsys.readouterr().err


def test_what_google_has_is_taken_before_what_kaggle_has_but_only_when_it_is_whole(write, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "quickdraw").mkdir()
    kaggle = write(5, "sun", folder="quickdraw/train_simplified").parent
    assert locate.folder("doodles", tmp_path) == kaggle and readers.load_contest(tmp_path) is None
    found = readers.load_drawings(tmp_path, nrows=3)
    assert len(found) == 3 and not found.synthetic
    google = write(2, "sun", "ndjson", folder="quickdraw/simplified").parent
    for wanted, place in (("moon\nsun\n", kaggle), ("sun\n", google)):
        (google / quickdraw.WANTED).write_text(wanted)
        assert locate.folder("doodles", tmp_path) == place
    (google / quickdraw.WANTED).unlink()  # brought by hand
    assert len(readers.load_drawings(tmp_path)) == 2


def test_the_stand_in_is_read_by_the_same_reader(tmp_path):
    found, contest = readers.load_drawings(tmp_path, "stand-in"), readers.load_contest(tmp_path, "stand-in")
    assert found.synthetic and contest.synthetic and found.source.startswith("stand-in Quick, Draw!, 12 words")
    assert np.bincount(found.labels).tolist() == [40] * 12 and len(contest) == 24
    assert "power_outlet" in found.classes and len(set(found.keys) | set(contest.keys)) == 480 + 24
    for part in (found, contest):
        ends = np.array([np.concatenate(part.drawing(i)).max(0) for i in range(len(part))])
        assert (ends.max(1) == 255).all()
    write_stand_in("doodles", tmp_path)  # in the place of the real ones
    assert readers.load_drawings(tmp_path).synthetic


def test_the_lists_of_words():
    assert len(set(WORDS)) == 345 and len(KAGGLE) == 340 and set(KAGGLE) < set(WORDS)
    assert {"The Great Wall of China", "t-shirt", "zigzag", "birthday cake"} < set(KAGGLE)
    assert tuple(sorted(WORDS)) == WORDS


def test_the_real_files(real_data):
    if not (folder := real_data / "quickdraw" / "train_simplified").is_dir():
        return
    files = word_files(folder)
    assert set(files) <= {readers.underscored(word) for word in WORDS}
    found = read_drawings(files["sun"], nrows=20)
    assert len(found) == 20 and found.points.dtype == np.uint8
    assert len(found.drawing(0)) > 1 and found.classes == ("sun",)
