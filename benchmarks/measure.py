"""A trial -> its pictures per second, measured in this process.

Here only NumPy is imported at once. The `fit` column has to import Paddle before this project can set its threads, as
somebody does who has never heard of this project; the PyTorch columns run where there is no Paddle.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import paddle

    from paddle_course import readers

WIDE = "wide-bf16"  # to compare with, the last of OURS: nobody can train so
OURS, TORCH = ("stock", "f32", "bf16", WIDE), ("torch", "torch-cl", "torch-bf16")
COLUMNS = ("fit", *OURS, *TORCH)
WARM_UP, LEAST = 2, 2  # steps: the first ones, which make what later ones use again; and how many count at least
IN_MEMORY = 16  # batches of pictures
LR, MOMENTUM = 0.01, 0.9


@dataclasses.dataclass(frozen=True)
class Trial:
    """What to measure. `shape` is a picture's (C, H, W), `threads` what PyTorch is given."""

    column: str
    model: str
    batch: int
    shape: tuple[int, int, int]
    classes: int
    seconds: float
    threads: int


def batch_size(model: str, shape: tuple[int, int, int]) -> int:
    """The batch that is usual for the model, and that fits into the memory of a small machine."""
    return {"fast": 1024}.get(model, 8 if shape[1] > 64 else 128)


class Clock:
    """Steps -> the time of the median one, waiting for its batch included."""

    def __init__(self, seconds: float):
        self.seconds, self.ends = seconds, []

    def enough(self) -> bool:
        """Called at the end of every step: whether it was the last one."""
        self.ends.append(time.perf_counter())
        counted = self.ends[WARM_UP - 1 :]
        return len(counted) > LEAST and counted[-1] - counted[0] >= self.seconds

    def median(self) -> float:
        return statistics.median(b - a for a, b in itertools.pairwise(self.ends[WARM_UP - 1 :]))


def pictures(trial: Trial, batches: int) -> tuple[np.ndarray, np.ndarray]:
    """Random pictures uint8 (N, H, W, C) and labels int64 (N,)."""
    rng, (channels, height, width) = np.random.default_rng(0), trial.shape
    count = batches * trial.batch
    images = rng.integers(0, 256, (count, height, width, channels), np.uint8)
    return images, rng.integers(0, trial.classes, count)


def dataset(trial: Trial) -> readers.Images:
    """As many pictures as a training sees before it comes to the first of them again."""
    from paddle_course import readers

    names = tuple(map(str, range(trial.classes)))
    return readers.Images(*pictures(trial, IN_MEMORY), names, source="random pictures", synthetic=True)


class Enough(Exception):
    """Ends a `fit`, which by itself stops at the end of an epoch only."""


def fit(trial: Trial, clock: Clock) -> int:
    """paddle.Model.fit as one writes it; returns the number of trainable parameters, as the next two do."""
    import paddle

    from paddle_course import models, readers

    class Watch(paddle.callbacks.Callback):
        def on_train_batch_end(self, step: int, logs: dict[str, Any] | None = None) -> None:
            if clock.enough():
                raise Enough

    data = readers.ImageDataset(dataset(trial))
    net = models.build(trial.model)
    model = paddle.Model(net)
    optimizer = paddle.optimizer.Momentum(LR, MOMENTUM, net.parameters(), use_nesterov=True)
    model.prepare(optimizer, paddle.nn.CrossEntropyLoss())
    with contextlib.suppress(Enough):
        model.fit(data, batch_size=trial.batch, epochs=sys.maxsize, verbose=0, callbacks=[Watch()])
    return trainable(net)


def ours(trial: Trial, clock: Clock) -> int:
    """The steps of `training.fit` with stock layers, or with accelerated ones in the column's precision."""
    from paddle_course import batches, models, onednn, runtime, training

    runtime.start()
    data = batches.Batches(dataset(trial), trial.batch)
    net = models.build(trial.model)
    if trial.column != "stock":
        wanted = "bf16" if trial.column == WIDE else trial.column
        report = onednn.accelerate(net, wanted)
        if report.precision != wanted:
            raise runtime.UserError(str(report))
        if trial.column == WIDE:
            widen(net)
    optimizer = training.optimizers.build("nesterov", net, momentum=MOMENTUM)
    endless = (batch for epoch in itertools.count() for batch in data.epoch(epoch))
    for _ in steps(net, optimizer, endless):
        if clock.enough():
            return trainable(net)


def widen(net: paddle.nn.Layer) -> None:
    """Have accelerated layers hand on float32 maps, whatever they multiply in."""
    from paddle_course.onednn.library import F32

    for layer in net.sublayers(include_self=True):
        if "onednn" in vars(layer):
            layer.onednn = layer.onednn._replace(between=F32)


def steps(
    net: paddle.nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    data: Iterable[tuple[np.ndarray, np.ndarray]],
    rate: float = LR,
) -> Iterator[float]:
    """Train as `training.fit` does, at one learning rate; yields the loss behind each step."""
    import paddle

    from paddle_course import training

    net.train()
    for images, labels in data:
        optimizer.set_lr(rate)
        loss = training.losses.cross_entropy(net(paddle.to_tensor(images)), paddle.to_tensor(labels))
        loss.backward()
        value = loss.item()
        optimizer.step()
        optimizer.clear_grad()
        yield value


def trainable(net: paddle.nn.Layer) -> int:
    return sum(int(each.size) for each in net.parameters() if not each.stop_gradient)


def torch_steps(trial: Trial, clock: Clock) -> int:
    """The same step in PyTorch, on one batch that is a tensor already: maps N, C, H, W or channels-last."""
    import torch

    from benchmarks import torch_models

    torch.set_num_threads(trial.threads)
    layout = torch.contiguous_format if trial.column == "torch" else torch.channels_last
    low = torch.autocast("cpu", dtype=torch.bfloat16, enabled=trial.column == "torch-bf16")
    net = torch_models.build(trial.model, layout)
    optimizer = torch.optim.SGD(net.parameters(), LR, MOMENTUM, nesterov=True)
    uint8, labels = map(torch.from_numpy, pictures(trial, batches=1))
    images = (uint8.permute(0, 3, 1, 2) / 127.5 - 1).contiguous(memory_format=layout)
    while True:
        with low:
            loss = torch.nn.functional.cross_entropy(net(images), labels)
        loss.backward()
        loss.item()
        optimizer.step()
        optimizer.zero_grad()
        if clock.enough():
            return sum(each.numel() for each in net.parameters() if each.requires_grad)


def measure(**asked: Any) -> dict[str, Any]:
    """What `Trial` asks for, as JSON has it -> pictures per second, peak memory in MB, and what was trained."""
    trial = Trial(**asked | {"shape": tuple(asked["shape"])})
    clock = Clock(trial.seconds)
    measured = fit if trial.column == "fit" else torch_steps if trial.column in TORCH else ours
    count = measured(trial, clock)
    threads = os.environ.get("OMP_NUM_THREADS")  # before this project sets it, which in some columns it never did
    from paddle_course import machine

    rate = {"rate": trial.batch / clock.median(), "memory": machine.peak_memory()}
    return rate | {"trainable": count, "threads": threads}
