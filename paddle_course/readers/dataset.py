"""`Images` -> `paddle.io.Dataset`: one picture at a time, as Paddle's own data sets give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from paddle.io import Dataset

from paddle_course.readers.images import Images


def to_chw(image: np.ndarray, label: np.int64) -> tuple[np.ndarray, np.int64]:
    """uint8 (H, W, C) -> float32 (C, H, W) in [0, 1]."""
    return np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32) / 255, label


class ImageDataset(Dataset):
    """Item i is `transform(image uint8 (H, W, C), label int64)`; by default float32 (C, H, W) in [0, 1] and the label.

    For teaching, and for code that wants Paddle's interface; `paddle_course.batches` makes whole batches, faster.
    Under a DataLoader with num_workers=0 Paddle 3 waits for ever when a transform raises; try it on one item first.
    """

    def __init__(self, images: Images, transform: Callable[[np.ndarray, np.int64], Any] = to_chw):
        super().__init__()
        self.images = images
        self.transform = transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        return self.transform(self.images.images[index], self.images.labels[index])
