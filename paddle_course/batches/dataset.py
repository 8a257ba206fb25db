"""Batches of one epoch -> a paddle.io.Dataset: `DataLoader` and its workers give the very batches of the plain loop.

    for images, labels in batches.loader(train, epoch=3, workers=2):    # Tensors
        ...

On two cores the plain loop `train.epoch(3)` is faster: workers pay for sending every batch to another process.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import numpy as np
import paddle

from paddle_course.batches.pipeline import Batches
from paddle_course.runtime import UserError


class EpochDataset(paddle.io.Dataset):
    """Item i is batch `start + i` of the epoch: (float32 (B, C, H, W), labels). The DataLoader takes batch_size=None.

    An error must not leave `__getitem__`: with num_workers=0 it would end the loader's thread while the main thread
    waits for that thread for ever, deaf even to Ctrl-C (Paddle 3.3.1). So it travels as the item (Failure, some array),
    and `loader` raises it on the other side.
    """

    def __init__(self, batches: Batches, epoch: int, start: int = 0):
        super().__init__()
        self.batches = batches
        self.epoch = epoch
        self.start = start

    def __len__(self) -> int:
        return len(self.batches) - self.start

    def __getitem__(self, item: int) -> tuple[np.ndarray | Failure, np.ndarray]:
        try:
            return self.batches.batch(self.epoch, self.start + int(item))
        except Exception as error:
            return Failure(error), np.zeros(1)  # an item without an array in it would end the loop without a word


class Failure:
    """The error of a batch that could not be made, as one that is sure to survive pickling."""

    def __init__(self, error: Exception):
        told = "".join(traceback.format_exception(error))
        self.error = error if isinstance(error, UserError) else RuntimeError(told)


def loader(
    batches: Batches, epoch: int, start: int = 0, workers: int = 0
) -> Iterator[tuple[paddle.Tensor, paddle.Tensor]]:
    """The batches of `batches.epoch(epoch, start)`, bit for bit, as Tensors through `paddle.io.DataLoader`."""
    dataset = EpochDataset(batches, epoch, start)
    for images, labels in paddle.io.DataLoader(dataset, batch_size=None, num_workers=workers):
        if isinstance(images, Failure):
            raise images.error
        yield images, labels
