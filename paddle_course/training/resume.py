"""A training <-> its run directory: when a checkpoint is written, where a start goes on, what a finished run shows."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import paddle

from paddle_course import config, runtime
from paddle_course.files import write_file
from paddle_course.runtime import Stopped, Stopper, UserError
from paddle_course.training import checkpoint, health, optimizers
from paddle_course.training.averaging import SlowWeights
from paddle_course.training.checkpoint import State
from paddle_course.training.plan import Phase, Result, freeze, phase_at
from paddle_course.training.records import Recorder, Run

CHECKPOINT_EVERY = 30.0  # seconds


def best_params(run: Run) -> Path:
    """Where the params with the best validation accuracy lie."""
    return run.checkpoints / "best" / checkpoint.PARAMS


class Saver:
    """Writes a checkpoint when one is due, and ends the training when somebody asked for it."""

    def __init__(self, run: Run, model: paddle.nn.Layer, state: State, record: Recorder, stop: Stopper):
        self.run, self.model, self.state, self.record, self.stop = run, model, state, record, stop
        self.last = time.perf_counter()

    def __call__(
        self, optimizer: paddle.optimizer.Optimizer, slow: SlowWeights | None = None, now: bool = False
    ) -> None:
        if not (now or self.stop.code or time.perf_counter() - self.last > CHECKPOINT_EVERY):
            return
        health.check(self.run, self.state, {"largest param": health.largest(self.model), "lr": optimizer.get_lr()})
        self.record.flush()
        arrays = slow and slow.arrays()
        checkpoint.save(self.run.checkpoints / str(self.state.step), self.model, optimizer, self.state, arrays)
        checkpoint.keep(self.run.checkpoints, self.state.step)
        self.last = time.perf_counter()
        if self.stop.code:
            where = f"{self.run.name} is saved at step {self.state.step:,}"
            raise Stopped(self.stop.code, f"{where}; {runtime.again()} goes on from there")


def resume(
    run: Run, model: paddle.nn.Layer, phases: Sequence[Phase], spe: int
) -> tuple[Any, SlowWeights | None, State]:
    """Optimizer, slow weights and state as the newest intact checkpoint has them; None, None, State() without one."""
    directory = checkpoint.latest(run.checkpoints)
    if directory is None:
        return None, None, State()
    phase, first = phase_at(phases, (int(directory.name) - 1) // spe)  # the phase of the last update, not of the next
    freeze(model, phases, first)
    optimizer = optimizers.build(phase.optimizer, model, **phase.settings)
    state, about = checkpoint.load_persistables(directory, model, optimizer)
    then, now = about["fingerprint"], checkpoint.fingerprint(model)
    if changed := [f"{key} {then.get(key, 'unknown')}, now {now[key]}" for key in now if now[key] != then.get(key)]:
        print(f"warning: {run.name} goes on with {'; '.join(changed)}: the last bits may differ", file=sys.stderr)
    slow = SlowWeights(model, checkpoint.read_arrays(directory / checkpoint.SLOW)) if phase.average else None
    return optimizer, slow, state


def finish(run: Run, model: paddle.nn.Layer, state: State, patience: int) -> Result:
    """Mark the run as finished, and load the params that it ends with; gradients are not kept."""
    model.clear_gradients(set_to_zero=False)
    params = best_params(run) if patience else run.checkpoints / str(state.step) / checkpoint.PARAMS
    step = state.best_step if patience else state.step
    about = {"params": str(params.relative_to(run.directory)), "sha256": checkpoint.sha256(params), "step": step}
    write_file(run.directory / "result.json", json.dumps(about, indent=2))
    print(f"{run.name}: SHA-256 of its params.safetensors {about['sha256']}", file=sys.stderr)
    return ended(run, model)


def ended(run: Run, model: paddle.nn.Layer) -> Result | None:
    """The result of a finished run, its params in `model`; None where there is more to do.

    Raises:
        Diverged: the run ended so, and would again.
    """
    if (path := run.directory / "diverged.json").exists():
        raise health.Diverged(json.loads(path.read_text())["message"])
    if not (path := run.directory / "result.json").exists():
        return None
    about = config.load(path)
    if not {"params", "sha256", "step"} <= about.keys():
        raise UserError(f"{path} is not what this version writes: use --fresh to train again")
    params = run.directory / about["params"]
    if not params.exists() or checkpoint.sha256(params) != about["sha256"]:
        raise UserError(
            f"{params} is not what {run.name} ended with: it is damaged or gone, use --fresh to train again"
        )
    checkpoint.load_params(params, model)
    epochs = run.records("epoch")
    final = next((each for each in epochs if each["step"] == about["step"]), None)
    if final is None:
        raise UserError(
            f"{run.directory}: metrics.jsonl lacks the last epoch of {run.name}, use --fresh to train again"
        )
    return Result(run, epochs, final, params, about["sha256"])


def keep_params_only(result: Result) -> None:
    """Delete what only a resume needs of a finished training: Adam's accumulators are twice as large as the params."""
    for directory in checkpoint.steps(result.run.checkpoints):
        for path in directory.iterdir():
            if path != result.params:
                path.unlink()
        if directory != result.params.parent:
            directory.rmdir()
