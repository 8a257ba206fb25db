"""Batches of one epoch -> a paddle.io.Dataset: `DataLoader` and its workers give the very batches of the plain loop.

    loader = paddle.io.DataLoader(EpochDataset(train, epoch=3), batch_size=None, num_workers=2)
    for images, labels in loader:               # Tensors
        ...

On two cores the plain loop `train.epoch(3)` is faster: workers pay for sending every batch to another process.
"""

from __future__ import annotations

import traceback
from typing import NoReturn

import numpy as np
import paddle

from paddle_course.batches.pipeline import Batches
from paddle_course.runtime import UserError


class EpochDataset(paddle.io.Dataset):
    """Item i is batch `start + i` of the epoch: (float32 (B, C, H, W), labels). The DataLoader takes batch_size=None."""

    def __init__(self, batches: Batches, epoch: int, start: int = 0):
        super().__init__()
        self.batches = batches
        self.epoch = epoch
        self.start = start

    def __len__(self) -> int:
        return len(self.batches) - self.start

    def __getitem__(self, item: int) -> tuple[np.ndarray, np.ndarray] | Failure:
        try:
            return self.batches.batch(self.epoch, self.start + int(item))
        except Exception as error:
            return Failure(error)


class Failure:
    """An item that could not be made. Unpacking it into images and labels raises the error.

    With num_workers=0, an exception inside `__getitem__` ends the loader's thread while the main thread waits for it
    for ever, deaf even to Ctrl-C (Paddle 3.3.1). So the error travels as an item and is raised on the other side.
    """

    def __init__(self, error: Exception):
        # Only errors that are sure to survive pickling: one that does not would hang the worker's queue as well.
        told = "".join(traceback.format_exception(error))
        self.error = UserError(str(error)) if isinstance(error, UserError) else RuntimeError(told)

    def __iter__(self) -> NoReturn:
        raise self.error
