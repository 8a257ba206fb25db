"""iChallenge-PM, photographs of the back of the eye, -> Images (N, 224, 224, 3): is its short sight a disease?

    training.zip     PALM-Training400/PALM-Training400.zip, a zip in a zip, and in that PALM-Training400/P0001.jpg, ...
    validation.zip   PALM-Validation400/V0001.jpg, ...
    valid_gt.zip     PALM-Validation-GT/PM_Label_and_Fovea_Location.xlsx, which many have saved as labels.csv, beside
                     the pictures' folder or, as the course's notebook has it, one or two folders further up

The first letter tells the class of a training picture: H, high myopia, and N, normal, are 0, P, pathologic, is 1. Of
the others a table tells it, with the columns ID, imgName, Label, Fovea_X, Fovea_Y. The zips and what was in them are
read alike. https://aistudio.baidu.com/datasetdetail/19065 (with a login), https://doi.org/10.21227/55pk-8z03
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np

from paddle_course.readers import archives
from paddle_course.readers.images import Images, one_of
from paddle_course.readers.once import Arrays, once
from paddle_course.readers.pictures import decoded, resize
from paddle_course.readers.sheets import Cell, sheet
from paddle_course.runtime import UserError

SIDE = 224
CLASSES = ("non-PM", "PM")  # pathologic myopia
SPLITS = {"train": ("training.zip", "PALM-Training400"), "validation": ("validation.zip", "PALM-Validation400")}
LABELS = ("valid_gt.zip", "PALM-Validation-GT")
TABLES = ("labels.csv", "PM_Label_and_Fovea_Location.csv", "PM_Label_and_Fovea_Location.xlsx")
LETTERS = {"H": 0, "N": 0, "P": 1}
MOST, LARGEST = 4000, 2**25  # files of a zip; bytes of a picture or table
HELP = "bring it from https://aistudio.baidu.com/datasetdetail/19065 (with a login), or use --data stand-in"


def read_fundus(place: str | Path, split: str) -> Images:
    """The "train" or "validation" half below `place`, in the order of the pictures' names.

    Blue comes first, as OpenCV and the course have it. A pixel is the mean of all that it stands for; the course's
    cv2.resize would look at four of them. The pictures are decoded once, into a file beside the originals.
    """
    one_of("split", split, SPLITS)
    place, training = Path(place), split == "train"
    source, table = pictures_of(place, split), None if training else table_of(place)
    if not source or not (training or table):
        raise UserError(f"{place} lacks {LABELS[0] if source else SPLITS[split][0]}: {HELP}")
    sources = [*(_pictures(source) if source.is_dir() else [source]), *([table] if table else [])]
    form = f"side {SIDE}, by area"
    arrays = once(place / f"fundus-{split}-{SIDE}.npz", sources, form, lambda: _read(source, table))
    return Images(arrays["images"], arrays["labels"], CLASSES, f"iChallenge-PM {split}")


def missing(place: Path) -> str:
    """Which of the three zips, or of what was in them, is not below `place`; "" where all are."""
    found = {archive: pictures_of(place, split) for split, (archive, _) in SPLITS.items()}
    return ", ".join(name for name, path in (found | {LABELS[0]: table_of(place)}).items() if not path)


def pictures_of(place: Path, split: str) -> Path | None:
    """The zip or folder that holds the pictures of a half: zips first, for a folder may be half unpacked."""
    archive, folder = SPLITS[split]
    tops = (place, place / archive.removesuffix(".zip"))
    zips = [place / archive, *(top / folder / f"{folder}.zip" for top in tops)]
    folders = (Path(top, *[folder] * depth) for top in tops for depth in (3, 2, 1))
    return next((each for each in zips if each.is_file()), next((each for each in folders if _pictures(each)), None))


def table_of(place: Path) -> Path | None:
    """The table of the validation half, or the zip that holds it."""
    archive, folder = LABELS
    tops, above = (place, place / folder, place / archive.removesuffix(".zip") / folder), place.absolute().parents[:2]
    inside, outside = ([top / name for top in some for name in TABLES] for some in (tops, above))
    return next((each for each in (*inside, place / archive, *outside) if each.is_file()), None)


def _read(source: Path, table: Path | None) -> Arrays:
    """Every picture decoded, and its label."""
    print(f"{source}: decoding the pictures, this once", file=sys.stderr)
    images = {name: _decoded(raw, f"{source}: {name}") for name, raw in _files(source)}
    if not images:
        raise UserError(f"{source} holds no pictures; delete it and get it again")
    names = sorted(images)
    known = _labels(table) if table else {name: _letter(name, source) for name in names}
    for some, others, where in ((images, known, table), (known, images, source)):
        if absent := sorted(some.keys() - others.keys()):
            raise UserError(f"{where} lacks {absent[0]} (and {len(absent) - 1} more); get it again")
    return {"images": np.stack([images[name] for name in names]), "labels": np.array([known[name] for name in names])}


def _pictures(folder: Path) -> list[Path]:
    return sorted(each for each in folder.glob("*") if _is_picture(each.name))


def _is_picture(name: str) -> bool:
    return name.lower().endswith((".jpg", ".jpeg")) and not name.startswith(".")


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Name and contents of every picture, one at a time: together they may be too large for the memory."""
    if source.is_dir():
        yield from ((each.name, _contents(each)) for each in _pictures(source))
    else:
        with archives.opened(source, source) as archive:
            yield from _packed(archive, source)


def _contents(path: Path) -> bytes:
    try:
        if path.stat().st_size <= LARGEST:
            return path.read_bytes()
        reason = f"it has more than {LARGEST:,} bytes"
    except OSError as error:
        reason = error.strerror
    raise UserError(f"{path} cannot be read ({reason}); get it again") from None


def _packed(archive: zipfile.ZipFile, where: object, outer: bool = True) -> Iterator[tuple[str, bytes]]:
    """The pictures of a zip, and of a zip in it; its seeking backwards costs little in the order of the places."""
    for member in archives.members(archive, where, MOST):
        name = PurePosixPath(member.filename).name
        if name.endswith(".zip") and outer:
            inner, most = f"{where}: {name}", LARGEST + 4 * member.compress_size  # pictures hardly shrink
            with archives.unpacked(archive, member, where, most) as file, archives.opened(file, inner) as nested:
                yield from _packed(nested, inner, outer=False)
        elif _is_picture(name):
            yield name, archives.content(archive, member, where, LARGEST)


def _decoded(raw: bytes, where: str) -> np.ndarray:
    """uint8 (224, 224, 3). OpenCV would paint grey what a file that is cut off lacks, so its end is looked for."""
    image = decoded(raw) if b"\xff\xd9" in raw[-1024:] else None
    if image is None:
        raise UserError(f"{where} cannot be read as a picture; get it again")
    return resize(image, SIDE)


def _letter(name: str, where: object) -> int:
    if name[0] not in LETTERS:
        raise UserError(f"{where}: {name} does not begin with {', '.join(LETTERS)}, which tell the class")
    return LETTERS[name[0]]


def _labels(table: Path) -> dict[str, int]:
    """The label of every picture in the table."""
    header, *rows = _rows(table) or [()]
    if not {"imgName", "Label"} <= set(header):
        begin = ", ".join(map(str, header)) or "nothing"
        raise UserError(f"{table} has no columns imgName and Label, it begins with {begin}")
    name, label = header.index("imgName"), header.index("Label")
    labels: dict[str, int] = {}
    for number, row in enumerate(rows, start=2):
        if any(cell != "" for cell in row):
            try:
                labels[str(row[name])] = {0.0: 0, 1.0: 1}[float(row[label])]
            except (KeyError, ValueError):
                raise UserError(f"{table}, row {number}: {list(row)} has no label 0 or 1; get it again") from None
    return labels


def _rows(table: Path) -> list[tuple[Cell, ...]]:
    """The cells of a .csv, of an .xlsx, or of the one that lies in a .zip."""
    name, raw = table.name, _contents(table)
    if table.suffix == ".zip":
        with archives.opened(io.BytesIO(raw), table) as archive:
            inside = {PurePosixPath(each.filename).name: each for each in archives.members(archive, table, MOST)}
            if not (name := next((each for each in TABLES if each in inside), "")):
                raise UserError(f"{table} holds none of {', '.join(TABLES)}; delete it and get it again")
            raw = archives.content(archive, inside[name], table, LARGEST)
    return sheet(raw, PurePosixPath(name).suffix, table)
