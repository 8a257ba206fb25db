"""Batches -> parameters and records: `fit` is the whole training, on one screen.

It may be killed anywhere: the same call again goes on from the last checkpoint and ends in the same bits, because
whatever is random is a function of the seed and the step.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddle_course import batches, config, runtime
from paddle_course.config import describe
from paddle_course.runtime import Stopped, Stopper, UserError, seed_of, write_file
from paddle_course.training import checkpoint, losses, optimizers
from paddle_course.training.checkpoint import State
from paddle_course.training.evaluation import evaluate, hits
from paddle_course.training.records import Recorder, Run
from paddle_course.training.screen import Screen

Loss = Callable[[paddle.Tensor, paddle.Tensor], paddle.Tensor]
RECORD_EVERY = 20  # steps
CHECKPOINT_EVERY = 30.0  # seconds


@dataclass(frozen=True)
class Phase:
    """`epochs` with one optimizer; `schedule` maps the steps of this phase, from 0, to learning rates."""

    epochs: int
    optimizer: str
    schedule: Callable[[int], float]
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """What a training left behind: its epoch records, the one whose params were kept, and the file of these params."""

    run: Run
    epochs: list[dict[str, Any]]
    final: dict[str, Any]
    params: Path
    sha256: str

    @property
    def minutes(self) -> float:
        """Minutes of training: waiting for data and updates, without evaluation."""
        return self.epochs[-1]["seconds"] / 60

    @property
    def plan(self) -> dict[str, Any]:
        """What `plan` wrote down before the training."""
        return config.load(self.run.directory / "config.json")

    @property
    def speed(self) -> float:
        """Pictures trained on per second."""
        return self.plan["train"]["n"] * len(self.epochs) / self.epochs[-1]["seconds"]


class Diverged(UserError):
    """Loss, gradient or params are no longer finite."""


def fit(
    run: Run,
    model: paddle.nn.Layer,
    train: batches.Batches,
    phases: Sequence[Phase],
    loss: Loss = losses.cross_entropy,
    held_out: Mapping[str, batches.Batches] | None = None,
    patience: int = 0,
) -> Result:
    """Train `model` in place; where `run` is finished already, load what it ended with.

    Args:
        held_out: batches evaluated after every epoch, by name: "test" gives test_loss and test_accuracy.
        patience: stop after this many epochs without a better validation_accuracy and go back to the best; 0 = never.

    Raises:
        Diverged: loss, gradient or params became infinite or NaN.
        Stopped: SIGINT or SIGTERM arrived; everything is saved.
    """
    held_out = held_out or {}
    run.begin(plan(model, train, phases, loss, held_out, patience))
    if done := ended(run, model):
        return done
    spe = len(train)  # steps per epoch
    total = sum(phase.epochs for phase in phases) * spe
    optimizer, state = resume(run, model, phases, spe)
    with Stopper() as stop, Recorder(run, state.step) as record, Screen(run.name, total, state.step) as screen:
        save = Saver(run, model, state, record, stop)
        if state.step == 0:
            introduce(record, model, train)
        while not over(state, total, patience):
            epoch, position = divmod(state.step, spe)
            phase, first = phase_at(phases, epoch)
            if state.step == first * spe:
                optimizer = optimizers.build(phase.optimizer, model, **phase.settings)
            model.train()
            for images, labels in timed(train.epoch(epoch, position), state):
                lr = phase.schedule(state.step - first * spe)
                optimizer.set_lr(lr)
                paddle.seed(seed_of(train.seed, state.step))  # dropout, too, is a function of the step

                logits = model(paddle.to_tensor(images))
                value = loss(logits, paddle.to_tensor(labels))
                value.backward()

                now = {"loss": value.item(), "accuracy": hits(logits, labels) / len(labels), "lr": lr}
                if noted := (state.step + 1) % RECORD_EVERY == 0:
                    now["gradient_norm"] = gradient_norm(model)
                check(run, state, now)
                optimizer.step()
                optimizer.clear_grad()

                state.count_in(len(labels), now["loss"], now["accuracy"])
                screen.step(len(labels), now["loss"], lr)
                if noted:
                    record("train", state.step, epoch=epoch, phase=phase.optimizer, **now, **state.clocks())
                if state.step % spe:
                    save(optimizer)
            check(run, state, {"largest param": largest(model), "lr": lr})
            held = {name: evaluate(model, each, loss) for name, each in held_out.items()}
            end_epoch(run, record, screen, model, state, epoch, held)
            save(optimizer, now=over(state, total, patience))
        record.settings(settings(model, train, phases), [f"epoch/{name}_accuracy" for name in ("train", *held_out)])
    return finish(run, model, state, patience)


def plan(model: Any, train: Any, phases: Any, loss: Any, held_out: Any, patience: int) -> dict[str, Any]:
    """All that decides how a training ends, as JSON."""
    count = sum(math.prod(value.shape) for value in model.state_dict().values())
    structure = {"class": type(model).__name__, "values": count, "structure": f"{seed_of(str(model)):08x}"}
    rest = {"train": train, "phases": phases, "loss": loss, "held_out": held_out, "patience": patience}
    return {"model": structure} | describe(rest)


def introduce(record: Recorder, model: paddle.nn.Layer, train: batches.Batches) -> None:
    """Show in VisualDL what there is before the first step: the network and some pictures."""
    height, width, channels = train.data.images.shape[1:]
    record.graph(model, (channels, height, width))
    record.images("pictures", 0, train.data.images[train.order(0)[:10]])


def settings(model: Any, train: batches.Batches, phases: Sequence[Phase]) -> dict[str, Any]:
    """What VisualDL's hyper-parameter page compares the runs by."""
    first = phases[0]
    return {
        "model": type(model).__name__,
        "optimizer": ", ".join(phase.optimizer for phase in phases),
        "lr": first.schedule(0),
        "epochs": sum(phase.epochs for phase in phases),
        "batch": train.size,
        "seed": train.seed,
    }


def over(state: State, total: int, patience: int) -> bool:
    """All steps are done, or `patience` epochs brought nothing better."""
    return state.step >= total or bool(patience) and state.epochs_since_best >= patience


def phase_at(phases: Sequence[Phase], epoch: int) -> tuple[Phase, int]:
    """The phase that `epoch` belongs to, and that phase's first epoch."""
    first = 0
    for phase in phases:
        if epoch < first + phase.epochs:
            return phase, first
        first += phase.epochs
    raise ValueError(f"epoch {epoch} is not among the {first} of the phases")


def timed(source: Iterator[tuple[np.ndarray, np.ndarray]], state: State) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pass `source` on and add up in `state` what its batches, and the updates between them, take."""
    start = time.perf_counter()
    for batch in source:
        arrived = time.perf_counter()
        state.data_seconds += arrived - start
        yield batch
        state.step_seconds += time.perf_counter() - arrived
        start = time.perf_counter()


def gradient_norm(model: paddle.nn.Layer) -> float:
    """The L2 norm of all gradients together."""
    squares = [p.grad.square().sum() for p in model.parameters() if p.grad is not None]
    return math.sqrt(paddle.stack(squares).sum().item())


def largest(model: paddle.nn.Layer) -> float:
    """The largest absolute value among the params; NaN if there is one."""
    return float(np.max([value.abs().max().item() for value in model.state_dict().values()]))


def check(run: Run, state: State, now: Mapping[str, float]) -> None:
    """Stop at the first number that is not finite. ReLU turns NaN into 0 and hides it from the loss, so gradients and
    params are looked at too."""
    for name, value in now.items():
        if not math.isfinite(value):
            good = checkpoint.latest(run.checkpoints)
            message = (
                f"{run.name}: {name.replace('_', ' ')} is {value} at step {state.step}, lr {now['lr']:g}; "
                f"{f'the last good checkpoint is {good}' if good else 'no checkpoint yet'}: try a smaller learning rate"
            )
            write_file(run.directory / "diverged.json", json.dumps({"step": state.step, "message": message}))
            raise Diverged(message)


def end_epoch(
    run: Run,
    record: Recorder,
    screen: Screen,
    model: paddle.nn.Layer,
    state: State,
    epoch: int,
    held_out: Mapping[str, Mapping[str, float]],
) -> None:
    """Record the epoch, remember the best params, and empty the epoch's sums."""
    values = {"train_loss": state.loss / state.count, "train_accuracy": state.correct / state.count}
    values |= {f"{name}_{key}": value for name, scores in held_out.items() for key, value in scores.items()}
    record("epoch", state.step, epoch=epoch + 1, **values, **state.clocks())
    for name, value in model.named_parameters():
        if value.ndim > 1:
            record.histogram(f"weights/{name}", state.step, value.numpy())
    screen.line(f"epoch {epoch + 1}: " + ", ".join(f"{key.replace('_', ' ')} {v:.4f}" for key, v in values.items()))
    state.loss = state.correct = state.count = 0
    if "validation_accuracy" in values:
        if state.best is None or values["validation_accuracy"] > state.best:
            state.best, state.best_step, state.epochs_since_best = values["validation_accuracy"], state.step, 0
            checkpoint.save_params(model, best_params(run))
        else:
            state.epochs_since_best += 1


def best_params(run: Run) -> Path:
    """Where the params with the best validation accuracy lie."""
    return run.checkpoints / "best" / checkpoint.PARAMS


class Saver:
    """Writes a checkpoint when one is due, and ends the training when somebody asked for it."""

    def __init__(self, run: Run, model: paddle.nn.Layer, state: State, record: Recorder, stop: Stopper):
        self.run, self.model, self.state, self.record, self.stop = run, model, state, record, stop
        self.last = time.perf_counter()

    def __call__(self, optimizer: paddle.optimizer.Optimizer, now: bool = False) -> None:
        if not (now or self.stop.code or time.perf_counter() - self.last > CHECKPOINT_EVERY):
            return
        check(self.run, self.state, {"largest param": largest(self.model), "lr": optimizer.get_lr()})
        self.record.flush()
        checkpoint.save(self.run.checkpoints / str(self.state.step), self.model, optimizer, self.state)
        checkpoint.keep(self.run.checkpoints)
        self.last = time.perf_counter()
        if self.stop.code:
            where = f"{self.run.name} is saved at step {self.state.step:,}"
            raise Stopped(self.stop.code, f"{where}; the same command goes on from there")


def resume(run: Run, model: paddle.nn.Layer, phases: Sequence[Phase], spe: int) -> tuple[Any, State]:
    """Optimizer and state as the newest intact checkpoint has them; (None, State()) where there is none."""
    directory = checkpoint.latest(run.checkpoints)
    if directory is None:
        return None, State()
    phase, _ = phase_at(phases, (int(directory.name) - 1) // spe)  # the phase of the last update, not of the next
    optimizer = optimizers.build(phase.optimizer, model, **phase.settings)
    state, about = checkpoint.load_persistables(directory, model, optimizer)
    then, now = about["fingerprint"], runtime.fingerprint()
    if changed := [f"{key} {then.get(key)}, now {now[key]}" for key in now if now[key] != then.get(key)]:
        print(f"warning: {run.name} goes on with {'; '.join(changed)}: the last bits may differ", file=sys.stderr)
    return optimizer, state


def finish(run: Run, model: paddle.nn.Layer, state: State, patience: int) -> Result:
    """Mark the run as finished, and load the params that it ends with."""
    params = best_params(run) if patience else run.checkpoints / str(state.step) / checkpoint.PARAMS
    step = state.best_step if patience else state.step
    about = {"params": str(params.relative_to(run.directory)), "sha256": checkpoint.sha256(params), "step": step}
    write_file(run.directory / "result.json", json.dumps(about, indent=2))
    return ended(run, model)


def ended(run: Run, model: paddle.nn.Layer) -> Result | None:
    """The result of a finished run, its params in `model`; None where there is more to do.

    Raises:
        Diverged: the run ended so, and would again.
    """
    if (path := run.directory / "diverged.json").exists():
        raise Diverged(json.loads(path.read_text())["message"])
    if not (path := run.directory / "result.json").exists():
        return None
    about = json.loads(path.read_text())
    params = run.directory / about["params"]
    checkpoint.load_params(params, model)
    epochs = run.records("epoch")
    final = next(each for each in epochs if each["step"] == about["step"])
    return Result(run, epochs, final, params, about["sha256"])
