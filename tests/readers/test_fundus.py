"""iChallenge-PM in each of its containers, and with everything that can be wrong with them."""

import io
import os
import shutil
import zipfile

import cv2
import numpy as np
import pytest

from paddle_course import readers
from paddle_course.readers import fundus, locate, write_xlsx
from paddle_course.readers.archives import packed
from paddle_course.readers.fundus import missing, read_fundus
from paddle_course.readers.stand_ins import write_stand_in
from paddle_course.runtime import UserError


@pytest.fixture
def place(tmp_path):
    """The three zips, with four pictures of each half."""
    return write_stand_in("fundus", tmp_path, train=2, test=2)


def unpack(file, into):
    with zipfile.ZipFile(file) as archive:
        archive.extractall(into)


@pytest.fixture
def unpacked(place, tmp_path):
    """What the course's unzip commands make of them."""
    folder = tmp_path / "unpacked"
    for name in ("training", "validation", "valid_gt"):
        unpack(place / f"{name}.zip", folder)
    unpack(folder / "PALM-Training400/PALM-Training400.zip", folder / "PALM-Training400")
    return folder


def table(folder, text: str):
    (folder / "labels.csv").write_text(text, encoding="utf-8")


CSV = "ID,imgName,Label,Fovea_X,Fovea_Y\n" + "".join(f"{i},V000{i}.jpg,{i % 2},1157.74,1019.87\n" for i in range(1, 5))


def jpeg(value: int, side: int = 40) -> bytes:
    return cv2.imencode(".jpg", np.full((side, side, 3), (value, 50, 200), np.uint8))[1].tobytes()


def test_the_zips_are_read(place):
    train, held = (read_fundus(place, split) for split in ("train", "validation"))
    assert train.images.shape == held.images.shape == (4, 224, 224, 3) and train.images.dtype == np.uint8
    assert train.labels.tolist() == [0, 0, 1, 1]  # sorted by name: H, N, P, P
    assert sorted(held.labels.tolist()) == [0, 0, 1, 1] and train.source == "iChallenge-PM train"
    red, blue = train.images[..., 2].mean(), train.images[..., 0].mean()
    assert red > 2 * blue  # blue is first, as OpenCV has it, and an eye is red


def test_every_container_gives_the_same(place, unpacked, tmp_path):
    first = [read_fundus(place, split) for split in ("train", "validation")]
    half = tmp_path / "half"  # the outer zip unpacked, the inner one not
    unpack(place / "training.zip", half)
    for name in ("validation.zip", "valid_gt.zip"):
        shutil.copy(place / name, half)
    apart = tmp_path / "apart"  # each zip in a folder of its own
    for name in ("training", "validation", "valid_gt"):
        unpack(place / f"{name}.zip", apart / name)
    flat = tmp_path / "flat"  # pictures right below, labels saved as text
    shutil.copytree(unpacked / "PALM-Training400/PALM-Training400", flat / "PALM-Training400")
    shutil.copytree(unpacked / "PALM-Validation400", flat / "PALM-Validation400")
    labels = dict(zip(range(1, 5), first[1].labels, strict=True))
    table(
        flat,
        "\ufeffID,imgName,Label,Fovea_X,Fovea_Y\r\n"
        + "".join(f"{i},V000{i}.jpg,{y}.0,1,2\r\n" for i, y in labels.items()),
    )
    for folder in (unpacked, half, apart, flat):
        assert missing(folder) == ""
        for split, expected in zip(("train", "validation"), first, strict=True):
            found = read_fundus(folder, split)
            np.testing.assert_array_equal(found.images, expected.images)
            assert found.labels.tolist() == expected.labels.tolist()


def test_a_half_unpacked_folder_does_not_hide_the_zip(place):
    (place / "PALM-Training400").mkdir()
    (place / "PALM-Training400/N0009.jpg").write_bytes(jpeg(9))
    assert len(read_fundus(place, "train")) == 4


def test_a_pixel_is_the_mean_of_what_it_stands_for(tmp_path):
    fine = np.indices((448, 448)).sum(0)[..., None] % 2 * np.array([255, 255, 255])
    png = cv2.imencode(".png", fine.astype(np.uint8))[1].tobytes()
    assert fundus._decoded(png + b"\xff\xd9", "x").std() < 1  # of stripes one pixel wide nothing is left


def test_pictures_are_decoded_once(place, capsys, monkeypatch):
    first = read_fundus(place, "train")
    assert "decoding" in capsys.readouterr().err
    with monkeypatch.context() as patch:
        patch.setattr(fundus, "_read", lambda *_: pytest.fail("decoded again"))
        np.testing.assert_array_equal(read_fundus(place, "train").images, first.images)
        assert capsys.readouterr().err == ""
    (place / "PALM-Training400").mkdir()
    inner = packed({f"PALM-Training400/{name}.jpg": jpeg(i) for i, name in enumerate(("P1", "N1", "H1"))})
    (place / "training.zip").write_bytes(packed({"PALM-Training400/PALM-Training400.zip": inner}))
    assert read_fundus(place, "train").labels.tolist() == [0, 0, 1]


def test_other_labels_are_noticed(unpacked):
    table(unpacked, CSV)
    assert read_fundus(unpacked, "validation").labels.tolist() == [1, 0, 1, 0]
    table(unpacked, CSV.replace("jpg,1", "jpg,0"))
    os.utime(unpacked / "labels.csv", (1, 1))
    assert read_fundus(unpacked, "validation").labels.tolist() == [0, 0, 0, 0]


def test_the_table_may_lie_above_the_pictures_as_in_the_course(unpacked, tmp_path):
    palm = tmp_path / "aistudio/work/palm"
    palm.parent.mkdir(parents=True)
    unpacked.rename(palm)
    for sheet in palm.rglob("*.xlsx"):
        sheet.unlink()
    with pytest.raises(UserError, match=r"work/palm lacks valid_gt.zip: bring it"):
        readers.load("fundus", "validation", palm.parent)
    table(tmp_path / "aistudio", CSV)
    assert readers.load("fundus", "validation", palm.parent).labels.tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "labels.csv has no columns imgName and Label, it begins with nothing"),
        ("ID,name,Label\n1,V0001.jpg,1\n", "it begins with ID, name, Label"),
        (CSV.replace("V0002.jpg,0", "V0002.jpg,2"), r"labels.csv, row 3: .*V0002.jpg.* has no label 0 or 1"),
        (CSV.replace("V0002.jpg,0", "V0002.jpg"), "row 3: .* has no label 0 or 1"),
        (CSV.replace("V0002", "V0012"), r"labels.csv lacks V0002.jpg \(and 0 more\)"),
        (CSV + "5,V0005.jpg,1,0,0\n", r"PALM-Validation400 lacks V0005.jpg"),
    ],
)
def test_tables_that_do_not_fit(unpacked, text, message):
    table(unpacked, text)
    with pytest.raises(UserError, match=message):
        read_fundus(unpacked, "validation")


def test_a_table_that_is_none(unpacked):
    for raw in (b"\xff\xfe\x00\xd8", b'"' + b"x" * 200_000):
        (unpacked / "labels.csv").write_bytes(raw)
        with pytest.raises(UserError, match=r"labels.csv is damaged or no .csv file"):
            read_fundus(unpacked, "validation")


def test_an_xlsx_without_the_columns(place):
    name = "PALM-Validation-GT/PM_Label_and_Fovea_Location.xlsx"
    (place / "valid_gt.zip").write_bytes(packed({name: write_xlsx([("ID", "Fovea_X"), (1, 2.5)])}))
    with pytest.raises(UserError, match=r"valid_gt.zip has no columns imgName and Label, it begins with ID, Fovea_X"):
        read_fundus(place, "validation")
    (place / "valid_gt.zip").write_bytes(packed({"read.me": b""}))
    with pytest.raises(UserError, match=r"valid_gt.zip holds none of labels.csv"):
        read_fundus(place, "validation")


@pytest.mark.parametrize("name", ["training", "validation", "valid_gt"])
def test_a_zip_that_is_missing_or_cut_off(place, name):
    path, split = place / f"{name}.zip", "train" if name == "training" else "validation"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=rf"{name}.zip cannot be read .*delete it and get it again"):
        read_fundus(place, split)
    path.unlink()
    assert missing(place) == f"{name}.zip"
    with pytest.raises(UserError, match=rf"ichallenge-pm lacks {name}.zip: bring it from https://aistudio"):
        read_fundus(place, split)


def test_an_inner_zip_that_is_cut_off_or_a_bomb(place):
    with zipfile.ZipFile(place / "training.zip") as archive:
        inner = archive.read("PALM-Training400/PALM-Training400.zip")
    (place / "training.zip").write_bytes(packed({"PALM-Training400/PALM-Training400.zip": inner[:-2000]}))
    with pytest.raises(UserError, match=r"training.zip: PALM-Training400.zip cannot be read"):
        read_fundus(place, "train")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("PALM-Training400/PALM-Training400.zip", bytes(60_000_000))
    (place / "training.zip").write_bytes(file.getvalue())
    with pytest.raises(UserError, match="would unpack to 60,000,000 bytes"):
        read_fundus(place, "train")


def test_a_zip_in_a_zip_in_a_zip_is_not_looked_into(place):
    deep = packed({"PALM-Training400.zip": packed({"P1.jpg": jpeg(1)})})
    (place / "training.zip").write_bytes(packed({"PALM-Training400.zip": deep}))
    with pytest.raises(UserError, match=r"training.zip holds no pictures"):
        read_fundus(place, "train")


@pytest.mark.parametrize("raw", [b"", b"<html>", jpeg(1)[:-200], b"\xff\xd8\xff\xd9"])
def test_a_picture_that_cannot_be_decoded_is_named(unpacked, raw, capfd):
    (unpacked / "PALM-Validation400/V0002.jpg").write_bytes(raw)
    with pytest.raises(UserError, match=r"PALM-Validation400: V0002.jpg cannot be read as a picture; get it again"):
        read_fundus(unpacked, "validation")


def test_a_training_picture_of_no_class(unpacked):
    (unpacked / "PALM-Training400/PALM-Training400.zip").unlink()
    (unpacked / "PALM-Training400/PALM-Training400/X0001.jpg").write_bytes(jpeg(1))
    with pytest.raises(UserError, match=r"X0001.jpg does not begin with H, N, P, which tell the class"):
        read_fundus(unpacked, "train")


def test_it_is_found_in_its_folder_and_in_the_data_root_itself(place, unpacked, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert locate.folder("fundus", tmp_path) == place
    assert locate.folder("fundus", unpacked) == unpacked
    assert readers.load("fundus", "validation", tmp_path).synthetic  # a stand-in in the place of the real one
    (place / "validation.zip").unlink()
    with pytest.raises(UserError, match=r"ichallenge-pm lacks validation.zip: bring it from .* or use --data stand-in"):
        readers.load("fundus", "train", tmp_path)
    with pytest.raises(UserError, match=r"lacks training.zip, validation.zip, valid_gt.zip"):
        readers.load("fundus", "train", tmp_path / "empty")
    with pytest.raises(UserError, match="split 'test' is not known; use one of: train, validation"):
        read_fundus(unpacked, "test")


def test_the_real_pictures(real_data, tmp_path):
    if not (real_data / "ichallenge-pm" / "labels.csv").is_file():
        return
    for each in (real_data / "ichallenge-pm").glob("[!.]*"):  # links: the decoded pictures are written here
        if each.suffix != ".npz":
            (tmp_path / each.name).symlink_to(each)
    train, held = (readers.load("fundus", split, tmp_path) for split in ("train", "validation"))
    assert np.bincount(train.labels).tolist() == [187, 213] and np.bincount(held.labels).tolist() == [189, 211]
    assert train.labels[:187].sum() == 0  # H and N come first
    assert held.labels[:2].tolist() == [0, 1] and not train.synthetic
