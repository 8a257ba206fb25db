"""Picture files -> uint8 (H, W, 3) arrays in RGB or (H, W, 1) in grey, and a picture of any size -> a square one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from paddle_course.runtime import UserError

SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".webp")


def decoded(raw: bytes, grey: bool = False) -> np.ndarray | None:
    """A picture file's contents as uint8 (H, W, 3), blue first, or in grey (H, W), upright by its EXIF data; None if
    OpenCV cannot."""
    try:
        return cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
    except cv2.error:
        return None


def read_picture(path: str | Path, grey: bool = False) -> np.ndarray:
    """One picture, uint8 (H, W, 3) RGB or in grey (H, W, 1), turned upright by its EXIF data. UserError if OpenCV
    cannot read it."""
    try:
        image = decoded(Path(path).read_bytes(), grey)  # cv2.imread fails on paths that are not ASCII
    except (OSError, ValueError):  # a ValueError for a zero byte in the name
        image = None
    if image is None:
        raise UserError(
            f"{path} cannot be read as a picture; take it out of the folder or save it anew as .jpg or .png"
        )
    return image[..., None] if grey else cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def pictures(folder: str | Path) -> list[tuple[Path, np.ndarray]]:
    """(path, picture) of every picture file in a folder, by name; the folders within are not looked into."""
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; name one that holds pictures")
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    if not paths:
        raise UserError(f"{folder} holds no pictures; put some in it ({', '.join(SUFFIXES)})")
    return [(path, read_picture(path)) for path in paths]


def centre_crop(image: np.ndarray) -> np.ndarray:
    """The largest square in the middle: (H, W, C) -> (S, S, C), S = min(H, W)."""
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    return image[top : top + side, left : left + side]


def resize(image: np.ndarray, side: int) -> np.ndarray:
    """(H, W, C) -> (side, side, C); a picture that is not square is squashed, unless cropped first."""
    shrinking = image.shape[0] * image.shape[1] > side * side
    # Area averages every source pixel; anything else would skip most of them and alias.
    resized = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR)
    return resized.reshape(side, side, *image.shape[2:])
