"""The face of the wing."""

import subprocess
import sys

import pytest

from paddle_course import readers
from paddle_course.runtime import ROOT

NAMES = (
    *("COARSE", "COARSE_OF_FINE", "doubted", "Images", "balanced", "proportional", "stratified_split", "ImageDataset"),
    *("cifar10", "cifar100", "mnist", "read_idx", "write_idx", "course_mnist", "write_course_mnist"),
    *("Rows", "read_housing", "load_rows"),
    *("read_sheet", "read_yes_no", "read_labelled", "write_labelled", "make_dogs"),
    *("read_fundus", "write_xlsx"),
    *("Drawings", "read_drawings", "load_drawings", "load_contest", "hold_out", "join", "simplify"),
    *("read_words", "underscored", "word_files", "word_index", "KAGGLE"),
    *("pictures", "read_picture", "decoded", "centre_crop", "resize"),
    *("load", "advice", "folder", "data_root", "fetch", "find", "SOURCES", "write_stand_in", "write_digits"),
)


def test_the_face_offers_these_names():
    assert sorted(readers.__all__) == sorted(NAMES)
    for name in NAMES:
        assert getattr(readers, name).__class__.__name__ != "module"  # `pictures` is a module, too
    with pytest.raises(AttributeError):
        readers.nothing  # noqa: B018


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_only_what_is_used_is_imported():
    for used, imported in (("__name__", set()), ("load", {"numpy"}), ("ImageDataset", {"numpy", "paddle"})):
        modules = run(f"import sys; from paddle_course import readers; readers.{used}; print(*sys.modules)").split()
        assert {"numpy", "paddle", "pooch", "sklearn"} & set(modules) == imported


def test_a_function_named_like_its_module_stays_a_function():
    code = "from paddle_course.readers.pictures import resize; from paddle_course import readers; "
    assert run(code + "print(readers.pictures.__class__.__name__)").strip() == "function"
