"""Batches -> parameters and records: `fit` is the whole training, on one screen.

It may be killed anywhere: the same call again goes on from the last checkpoint and ends in the same bits, because
whatever is random is a function of the seed and the step.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import paddle

from paddle_course import batches
from paddle_course.machine import peak_memory
from paddle_course.runtime import Stopper, seed_of
from paddle_course.training import card, checkpoint, losses, optimizers, scores
from paddle_course.training.averaging import SlowWeights
from paddle_course.training.checkpoint import State
from paddle_course.training.evaluation import evaluate
from paddle_course.training.health import check, gradient_norms, largest
from paddle_course.training.plan import Phase, Result, freeze, phase_at, plan, settings
from paddle_course.training.records import Recorder, Run
from paddle_course.training.resume import Saver, best_params, ended, finish, resume
from paddle_course.training.screen import Screen

Loss = Callable[[paddle.Tensor, paddle.Tensor], paddle.Tensor]
RECORD_EVERY = 20  # steps; the first is recorded too


def fit(
    run: Run,
    model: paddle.nn.Layer,
    train: batches.Ordered,
    phases: Sequence[Phase],
    loss: Loss = losses.cross_entropy,
    held_out: Mapping[str, batches.Ordered] | None = None,
    patience: int = 0,
    start: Path | None = None,
    score: scores.Score = scores.accuracy,
    graph: bool = True,
) -> Result:
    """Train `model` in place; where `run` is finished already, load what it ended with.

    Args:
        held_out: batches evaluated after every epoch, by name: "test" gives test_loss and test_accuracy.
        patience: stop after this many epochs without a better validation_accuracy (with another score: a lower
            validation_loss) and go back to the best; 0 = never.
        start: params to begin with in place of the model's own, for fine-tuning.
        score: recorded beside the loss; the accuracy unless one chooses another.
        graph: show the network in VisualDL, which takes about as long as a few steps of it.

    Raises:
        Diverged: loss, gradient or params became infinite or NaN.
        Stopped: SIGINT or SIGTERM arrived; everything is saved.
    """
    held_out = held_out or {}
    run.begin(plan(model, train, phases, loss, held_out, patience, start, score))
    card.write(run, model, train)
    if done := ended(run, model):
        return done
    spe, scored = len(train), scores.name(score)  # steps per epoch
    total = sum(phase.epochs for phase in phases) * spe
    optimizer, slow, state = resume(run, model, phases, spe)
    screen = Screen(run.name, total, state.step, train.unit)
    with Stopper() as stop, Recorder(run, state.step) as record, screen:
        save = Saver(run, model, state, record, stop)
        if state.step == 0:
            if start:
                checkpoint.load_params(start, model)
            record.settings(settings(model, train, phases), [f"epoch/{name}_{scored}" for name in ("train", *held_out)])
            introduce(record, model, train, graph)
        while not over(state, total, patience):
            epoch, position = divmod(state.step, spe)
            phase, first = phase_at(phases, epoch)
            freeze(model, phases, epoch)
            if state.step == first * spe:
                optimizer = optimizers.build(phase.optimizer, model, **phase.settings)
                slow = SlowWeights(model) if phase.average else None
            model.train()
            for images, labels in timed(train.epoch(epoch, position), state):
                lr = phase.schedule(state.step - first * spe)
                optimizer.set_lr(lr)
                paddle.seed(seed_of(train.seed, state.step))  # dropout, too, is a function of the step

                logits = model(paddle.to_tensor(images))
                value = loss(logits, paddle.to_tensor(labels))
                value.backward()

                now = {"loss": value.item(), scored: score(logits.numpy(), labels), "lr": lr}
                if noted := state.step == 0 or (state.step + 1) % RECORD_EVERY == 0:
                    gradients = gradient_norms(model)
                    now["gradient_norm"] = math.hypot(*gradients.values())
                check(run, state, now)
                optimizer.step()
                optimizer.clear_grad()
                if slow and (share := phase.average(state.step + 1 - first * spe)) is not None:
                    slow.update(share)

                state.count_in(len(labels), now["loss"], now[scored])
                screen.step(len(labels), now["loss"], lr)
                if noted:
                    record("train", state.step, epoch=epoch, phase=phase.optimizer, **now, **state.clocks())
                    record("gradients", state.step, **gradients)
                if state.step % spe:
                    save(optimizer, slow)
            check(run, state, {"largest param": largest(model), "lr": lr})
            held = {name: evaluate(model, each, loss, score=score) for name, each in held_out.items()}
            end_epoch(run, record, screen, model, state, epoch, held, scored)
            save(optimizer, slow, now=over(state, total, patience))
    return finish(run, model, state, patience)


def over(state: State, total: int, patience: int) -> bool:
    """All steps are done, or `patience` epochs brought nothing better."""
    return state.step >= total or bool(patience) and state.epochs_since_best >= patience


def introduce(record: Recorder, model: paddle.nn.Layer, train: batches.Ordered, graph: bool) -> None:
    """Show in VisualDL what there is before the first step: the network and, where there are any, some pictures."""
    if graph:
        record.graph(model, train.shape)
    if isinstance(train, batches.Batches):
        record.images("pictures", 0, train.data.images[train.order(0)[:10]])


def timed(source: Iterator[tuple[np.ndarray, np.ndarray]], state: State) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pass `source` on and add up in `state` what its batches, and the updates between them, take."""
    start = time.perf_counter()
    for batch in source:
        arrived = time.perf_counter()
        state.data_seconds += arrived - start
        yield batch
        state.step_seconds += time.perf_counter() - arrived
        start = time.perf_counter()


def end_epoch(
    run: Run,
    record: Recorder,
    screen: Screen,
    model: paddle.nn.Layer,
    state: State,
    epoch: int,
    held_out: Mapping[str, Mapping[str, float]],
    scored: str,
) -> None:
    """Record the epoch, remember the best params, and empty the epoch's sums."""
    values = {"train_loss": state.loss / state.count, f"train_{scored}": state.correct / state.count}
    values |= {f"{name}_{key}": value for name, scores in held_out.items() for key, value in scores.items()}
    record("epoch", state.step, epoch=epoch + 1, **values, **state.clocks(), memory=peak_memory())  # MB
    for name, value in model.named_parameters():
        if value.ndim > 1:
            record.histogram(f"weights/{name}", state.step, value.numpy())
    screen.epoch(f"epoch {epoch + 1}: " + ", ".join(f"{key.replace('_', ' ')} {v:.4f}" for key, v in values.items()))
    state.loss = state.correct = state.count = 0
    if "validation_loss" in values:
        goodness = values.get("validation_accuracy", -values["validation_loss"])
        if state.best is None or goodness > state.best:
            state.best, state.best_step, state.epochs_since_best = goodness, state.step, 0
            checkpoint.save_params(model, best_params(run))
        else:
            state.epochs_since_best += 1
