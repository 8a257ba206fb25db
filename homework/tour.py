"""The tour: a training from first pixel to report on real handwritten digits, with nothing to download.

./run.sh                     LeNet reads all of 297 unseen digits (n = 1); the three trainings take 17 seconds on one
                             thread (2 cores AMD EPYC with AVX2, Paddle 3.3.1)
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from paddle_course import answers, batches, files, models, readers, runtime, training
from paddle_course.answers import Answer, Lab, Table, Trained
from paddle_course.config import RunConfig, flag

TITLE = ("导览：手写数字", "The tour: handwritten digits")
SHAPE = (1, 28, 28)
STRUCK = "interrupted.txt"  # in a run's directory: the interruption really fell into the training
HARDEST = 'The misclassified digits ("4, 3 %, not 9"), and then those it was least sure of'
NEXT = """
what to try next:
  ./run.sh board              the same curves in VisualDL
  ./run.sh play               draw a digit, and the network reads it
  ./run.sh hw08 --smoke       a whole homework on stand-in data, in a minute or two
  ./run.sh hw08 --question 3  how many pictures does a class need? (CIFAR-10, 170 MB)"""


@dataclass(frozen=True)
class Config(RunConfig):
    longer, without = False, ("full", "seeds", "data", "data_root")
    batch_size: int = flag(64, "digits per update", least=1)
    adam_epochs: int = flag(12, "epochs with Adam", least=1)
    sgd_epochs: int = flag(6, "epochs of fine-tuning with SGD", least=1)


def digits(lab: Lab, split: str) -> batches.Batches:
    """scikit-learn's digits, written in MNIST's format and read back by the reader that reads MNIST."""
    folder = lab.directory / "digits"
    if len(list(folder.glob("*.gz"))) < 4:  # none yet, or a start that was killed while writing them
        readers.write_digits(folder)
    augment = (partial(batches.pad_crop, pad=2, mode="constant"),) if split == "train" else ()
    data = readers.mnist(folder, split)
    return batches.Batches(data, lab.config.batch_size, lab.config.seed, augment, shuffle=split == "train")


def train(lab: Lab, name: str, phases: Sequence[training.Phase], start: Path | None = None) -> Trained:
    """LeNet, from new weights or from the params of the run `start`."""
    net = lab.model("lenet")
    held = {"test": digits(lab, "test")}
    return lab.fit(name, net, digits(lab, "train"), phases, held_out=held, start=start)


def phase(lab: Lab, optimizer: str, epochs: int, lr: float) -> training.Phase:
    epochs = lab.epochs(epochs)
    steps = epochs * len(digits(lab, "train"))
    return training.Phase(epochs, optimizer, partial(training.schedules.cosine, peak=lr, steps=steps))


@contextlib.contextmanager
def interruption(run: training.Run) -> Iterator[None]:
    """Send SIGTERM to this process, as a machine that shuts down does, once `run` has its first epoch behind it."""
    over = threading.Event()

    def strike() -> None:
        while not over.wait(0.02):
            if run.records("epoch"):
                return os.kill(os.getpid(), signal.SIGTERM)

    with runtime.Stopper():  # should the training end before the blow falls, it falls on this
        thread = threading.Thread(target=strike)
        thread.start()
        try:
            yield
        except runtime.Stopped as stopped:
            if stopped.code != 128 + signal.SIGTERM:
                raise
            files.write_file(run.directory / STRUCK, str(stopped))
            print(f"interrupted on purpose: {stopped}", file=sys.stderr)
        finally:
            over.set()
            thread.join()


def adam(lab: Lab, name: str = "adam") -> Trained:
    return train(lab, name, [phase(lab, "adam", lab.config.adam_epochs, 3e-3)])


def tuned(lab: Lab) -> Trained:
    """SGD, going on from the params that Adam left."""
    return train(lab, "sgd", [phase(lab, "sgd", lab.config.sgd_epochs, 0.02)], adam(lab).result.params)


def network(lab: Lab) -> Answer:
    """LeNet-5 的每一层是什么？
    What are the layers of LeNet-5?"""
    data = digits(lab, "train").data
    some = [data.classes[label] for label in data.labels[:16]]
    return Answer.of(
        layers := answers.layers("LeNet-5, layer by layer", answers.layer_table(models.build("lenet"), SHAPE)),
        answers.pictures("digits", "Sixteen of the digits", list(data.images[:16]), some),
        layers=layers,
        count=len(data),
    )


def learning(lab: Lab) -> Answer:
    """先用 Adam 训练，再从保存的参数用 SGD 微调；中途被打断会怎样？
    Adam first, then SGD from the saved params: what happens, and what if the training is interrupted?"""
    run = lab.run("adam")
    if not (run.directory / STRUCK).exists() and not (run.directory / "result.json").exists():
        with interruption(run):
            adam(lab)
    first, straight, last = adam(lab), adam(lab, "adam-uninterrupted"), tuned(lab)
    curves = {f"{name}, Adam": points for name, points in answers.by_epoch(first, "loss").items()}
    for name, (epochs, loss) in answers.by_epoch(last, "loss").items():
        curves[f"{name}, SGD"] = [len(first.result.epochs) + epoch for epoch in epochs], loss
    struck = (run.directory / STRUCK).exists()
    digests = (
        ("interrupted and resumed" if struck else "not interrupted this time", first.result.sha256),
        ("never interrupted", straight.result.sha256),
    )
    return Answer.of(
        Table("SHA-256 of params.safetensors after Adam", ("training", "SHA-256"), digests),
        answers.curves("loss", "Loss while training and on the test digits", curves, "epoch", "loss", logy=True),
        adam=first.result.final["test_accuracy"],
        sgd=last.result.final["test_accuracy"],
        epochs=len(first.result.epochs),
        more=len(last.result.epochs),
        interrupted=struck,
        same=first.result.sha256 == straight.result.sha256,
        digest=first.result.sha256[:12],
    )


def mistakes(lab: Lab) -> Answer:
    """哪些数字认错了？
    Which digits does it get wrong?"""
    test = digits(lab, "test")
    scores, labels = training.predict(tuned(lab).net, test)
    accuracy, guesses = training.metrics.accuracy(scores, labels), scores.argmax(1)
    low, high = training.metrics.wilson(accuracy, len(labels))
    right_chance = np.take_along_axis(training.metrics.softmax(scores), labels[:, None], 1)[:, 0]
    hardest = np.argsort(right_chance)[:16]
    titles = [
        f"{labels[i]}, {100 * right_chance[i]:.0f} %\n{f'not {guesses[i]}' if guesses[i] != labels[i] else ''}"
        for i in hardest
    ]
    matrix = training.metrics.confusion(scores, labels)
    return Answer.of(
        answers.each_class("Digit by digit", scores, labels, test.data.classes),
        answers.confusion("confusion", "Which digit is taken for which", matrix, test.data.classes),
        answers.pictures("mistakes", HARDEST, [test.data.images[i] for i in hardest], titles),
        answers.Result("tour, LeNet, Adam then SGD", "test accuracy", accuracy, data="1,500 / 297 digits"),
        accuracy=accuracy,
        low=low,
        high=high,
        count=len(labels),
        wrong=int((guesses != labels).sum()),
    )


QUESTIONS = {1: network, 2: learning, 3: mistakes}


def main(argv: Sequence[str] | None = None) -> None:
    answers.homework(Config, TITLE, QUESTIONS, argv)
    print(NEXT)


if __name__ == "__main__":
    sys.exit(runtime.run(main))
