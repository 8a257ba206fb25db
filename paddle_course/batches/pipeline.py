"""Images and a (seed, epoch, position) -> one batch, float32 and normalised, the same whenever it is asked for."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import cv2
import numpy as np

from paddle_course import readers
from paddle_course.config import describe
from paddle_course.runtime import UserError

AHEAD = 2  # batches made before they are asked for
# The seed of a batch ends in this. NumPy pads seeds with zeros, so [seed, epoch] and [seed, epoch, 0, 0] are the same
# seed: without it, the first batch of an epoch would draw from the stream that shuffled the epoch.
AUGMENT = 1


@dataclass(frozen=True)
class Batch:
    """What an augmentation gets and gives back."""

    images: np.ndarray  # uint8 (B, H, W, C)
    labels: np.ndarray  # int64 (B,), or float32 (B, K) when classes are mixed
    index: np.ndarray  # int64 (B,), where in the data set each image is
    epoch: int


class Ordered:
    """A data set cut into batches, in an order that is a function of (seed, epoch): what all kinds of batches share.

    A kind is a dataclass with these fields and a method `batch(epoch, position)`.
    """

    data: Any  # has a length and a source, and may be synthetic
    size: int
    seed: int
    shuffle: bool
    drop_last: bool
    unit: ClassVar[str] = "examples"

    def __post_init__(self) -> None:
        if self.size < 1:
            raise UserError(f"batch size {self.size}: it must be at least 1")
        if self.seed < 0:
            raise UserError(f"seed {self.seed}: it must not be negative")
        if len(self) == 0:
            raise UserError(
                f"{self.data.source}: {len(self.data)} {self.unit} make no batch of {self.size}; "
                "take a smaller batch size"
            )

    def __len__(self) -> int:
        """Batches per epoch."""
        n = len(self.data)
        return n // self.size if self.drop_last else -(-n // self.size)

    def order(self, epoch: int) -> np.ndarray:
        """The epoch's permutation of the data set: int64 (N,), read-only."""
        return _permutation(self.seed, epoch, len(self.data)) if self.shuffle else np.arange(len(self.data))

    def index(self, epoch: int, position: int) -> np.ndarray:
        """Which examples batch number `position` of an epoch is made of: int64 (B,)."""
        if not 0 <= position < len(self):
            raise IndexError(f"batch {position} of {len(self)}")
        return self.order(epoch)[position * self.size : (position + 1) * self.size]

    def describe(self) -> dict[str, Any]:
        """All that decides what the batches are, for the config.json of a run."""
        data = {"source": self.data.source, "synthetic": self.data.synthetic, "n": len(self.data)}
        settings = (each.name for each in dataclasses.fields(self) if each.name != "data")
        return data | {name: describe(getattr(self, name)) for name in settings}


Augmentation = Callable[[Batch, np.random.Generator], Batch]


@dataclass(frozen=True, eq=False)
class Batches(Ordered):
    """A data set cut into batches, in an order that is a function of (seed, epoch).

    `augment` are functions (Batch, Generator) -> Batch, called in turn, their settings bound with functools.partial.
    `mean` and `std` are per channel (or one for all) in units of 0..1; the defaults map 0..255 to -1..1.
    """

    data: readers.Images  # or what is indexed like them: `Sketches`
    size: int
    seed: int = 0
    augment: tuple[Augmentation, ...] = ()
    mean: tuple[float, ...] = (0.5,)
    std: tuple[float, ...] = (0.5,)
    shuffle: bool = True
    drop_last: bool = False

    unit: ClassVar[str] = "images"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, self.shape[0]):
                raise UserError(
                    f"{name} {values} has {len(values)} values for {self.data.source} with {self.shape[0]} channels"
                )
        if min(self.std) <= 0:
            raise UserError(f"std {self.std}: every value must be above 0")

    @property
    def shape(self) -> tuple[int, int, int]:
        """One example's, (C, H, W)."""
        height, width, channels = self.data.images.shape[1:]
        return channels, height, width

    def batch(self, epoch: int, position: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch number `position` of an epoch: images float32 (B, C, H, W), labels int64 (B,) or float32 (B, K)."""
        index = self.index(epoch, position)
        batch = Batch(self.data.images[index], self.data.labels[index], index, epoch)
        rng = np.random.default_rng([self.seed, epoch, position, AUGMENT])
        for change in self.augment:
            batch = change(batch, rng)
            if batch.images.dtype != np.uint8:
                raise TypeError(f"augmentation {describe(change)} returned {batch.images.dtype}: images stay uint8")
        return self._normalise(batch.images), batch.labels

    def epoch(self, epoch: int, start: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The batches of an epoch from `start` on. A thread makes the next ones while this one is trained on."""
        pool, ahead = ThreadPoolExecutor(1, thread_name_prefix="batches"), deque()
        try:
            for position in range(start, len(self)):
                ahead.append(pool.submit(self.batch, epoch, position))
                if len(ahead) > AHEAD:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:  # also when the loop is left early or a batch fails
            pool.shutdown(cancel_futures=True)

    def _normalise(self, images: np.ndarray) -> np.ndarray:
        """uint8 (B, H, W, C) -> (x / 255 - mean) / std as float32 (B, C, H, W), C-contiguous."""
        batch, height, width, channels = images.shape
        mean, std = (np.resize(np.array(each, np.float32), channels) for each in (self.mean, self.std))
        scale, shift = 1 / (255 * std), mean / std
        out = np.empty((batch, channels, height * width), np.float32)
        # One channel at a time, which stays in the cache: with all of them at once it takes twice as long.
        for channel, plane in enumerate(cv2.split(images.reshape(-1, width, channels))):
            values = plane.reshape(batch, -1).astype(np.float32)
            values *= scale[channel]
            values -= shift[channel]
            out[:, channel] = values
        return out.reshape(batch, channels, height, width)


@lru_cache(maxsize=8)
def _permutation(seed: int, epoch: int, n: int) -> np.ndarray:
    order = np.random.default_rng([seed, epoch]).permutation(n)
    order.flags.writeable = False  # every batch of the epoch cuts its piece from this one array
    return order
