"""Files become arrays: one module per format, each a few lines of `np.frombuffer` that say what the format is.

images = readers.load("cifar10", "train")              # Images: uint8 (N, H, W, C) and int64 labels (N,)
some = images.take(readers.balanced(images, 100, seed=0))   # 100 of each class
dataset = readers.ImageDataset(some)                   # the same as a paddle.io.Dataset
rows = readers.load_rows("housing")                    # Rows: float64 inputs (N, D) and targets (N, K)
drawings = readers.load_drawings(nrows=100)            # Drawings: uint8 points (P, 2), strokes, labels (N,)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "images": ["Images", "balanced", "proportional", "stratified_split"],
        "rows": ["Rows"],
        "strokes": ["Drawings", "hold_out", "join", "simplify", "underscored", "word_index"],
        "quickdraw": ["read_drawings", "read_words", "word_files"],
        "doodle_words": ["KAGGLE"],
        "dataset": ["ImageDataset"],
        "idx": ["mnist", "read_idx", "write_idx"],
        "doubted": ["doubted"],
        "mnist_json": ["course_mnist", "write_course_mnist"],
        "cifar": ["cifar10", "cifar100"],
        "cifar_names": ["COARSE", "COARSE_OF_FINE"],
        "housing": ["read_housing"],
        "dogs": ["make_dogs"],
        "fundus": ["read_fundus"],
        "labelled": ["read_labelled", "write_labelled"],
        "sheets": ["read_sheet", "read_yes_no"],
        "xlsx": ["write_xlsx"],
        "pictures": ["centre_crop", "decoded", "pictures", "read_picture", "resize"],
        "download": ["SOURCES", "fetch"],
        "stand_ins": ["write_digits", "write_stand_in"],
        "locate": ["advice", "data_root", "find", "folder", "load", "load_contest", "load_drawings", "load_rows"],
    },
)
