"""A model and its optimizer <-> files: params, persistables, and a resume that ends in the same bits.

A checkpoint is a directory:

    params.safetensors      weights and running statistics by structured name, `block1.conv.weight`
    optimizer.safetensors   the optimizer's accumulators, `block1.conv.weight/moment1`
    slow.safetensors        the averaged params, where the training averages them
    state.json              where the training stands, and the SHA-256 of these files; written last

Params alone are what another optimizer or another program wants; all together are the persistables. Paddle's own
names, `conv2d_0.w_0_moment1_0`, never enter a file: they change as soon as a second model is built.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from safetensors import SafetensorError
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save_file

from paddle_course import onednn, runtime
from paddle_course.files import replacing, write_file
from paddle_course.runtime import UserError

PARAMS, OPTIMIZER, SLOW = "params.safetensors", "optimizer.safetensors", "slow.safetensors"
STATE = "state.json"
Arrays = dict[str, np.ndarray]


@dataclass
class State:
    """Where a training stands after `step` updates. Everything else about the position follows from `step`."""

    step: int = 0
    loss: float = 0.0  # sums over the examples of this epoch so far
    correct: float = 0.0  # of the score: where it is the accuracy, the number of right ones
    count: int = 0
    best: float | None = None  # validation accuracy (with another score: minus the loss), and where it was
    best_step: int = 0
    epochs_since_best: int = 0
    data_seconds: float = 0.0  # waiting for batches
    step_seconds: float = 0.0  # everything between two batches

    def count_in(self, examples: int, loss: float, score: float) -> None:
        """One more update is done; `loss` and `score` are means over its examples."""
        self.step += 1
        self.loss += loss * examples
        self.correct += score * examples
        self.count += examples

    def clocks(self) -> dict[str, float]:
        """Seconds of training so far, and how many of them went into waiting for data."""
        return {"seconds": self.data_seconds + self.step_seconds, "data_seconds": self.data_seconds}


def param_arrays(model: paddle.nn.Layer) -> Arrays:
    """Weights and running statistics by structured name, as copies."""
    return {name: np.array(value.numpy(), order="C") for name, value in model.state_dict().items()}


def save_params(model: paddle.nn.Layer, path: Path | str) -> str:
    """Write the params to `path` and return their SHA-256."""
    return write_arrays(Path(path), param_arrays(model))


def write_arrays(path: Path, arrays: Arrays) -> str:
    """Write a safetensors file and return its SHA-256; safetensors 0.8 does so without a copy of the arrays."""
    with replacing(path) as temporary:
        temporary.touch()
        mode = temporary.stat().st_mode  # `save_file` leaves a file that only its owner can read
        try:
            save_file(arrays, temporary)
        except SafetensorError as error:
            if not (code := re.search(r"os error (\d+)", str(error))):
                raise
            raise OSError(int(code[1]), os.strerror(int(code[1]))) from None
        temporary.chmod(mode)
    return sha256(path)


def load_params(path: Path | str, model: paddle.nn.Layer) -> None:
    """Set the model's weights and running statistics from `path`; untouched unless all names, shapes and dtypes fit."""
    own = model.state_dict()
    for name, array in fitting(Path(path), own, type(model).__name__).items():
        own[name].set_value(array)


def fitting(path: Path, own: Mapping[str, paddle.Tensor], owner: str) -> Arrays:
    """The arrays of `path`; UserError unless names, shapes and dtypes are those of `own`, the tensors of `owner`."""
    arrays, forms = read_arrays(path), {name: _form(value.numpy()) for name, value in own.items()}
    problems = [f"{name} is missing" for name in forms if name not in arrays]
    problems += [f"{name} is one too many" for name in sorted(arrays) if name not in forms]
    problems += [
        f"{name} is {_form(arrays[name])}, not {form}"
        for name, form in forms.items()
        if name in arrays and _form(arrays[name]) != form
    ]
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        raise UserError(
            f"{path} does not fit this {owner}: {'; '.join(problems[:3])}{more}: "
            "build it with the settings it was saved with"
        )
    return arrays


def _form(array: np.ndarray) -> str:
    return f"{array.dtype} {array.shape}"


def sha256(path: Path) -> str:
    """The file's SHA-256, as `sha256sum` prints it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def read_arrays(path: Path) -> Arrays:
    """The arrays of a safetensors file."""
    try:
        return from_bytes(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): name a params.safetensors that exists") from None
    except (SafetensorError, KeyError) as error:  # a KeyError for bfloat16, which NumPy lacks
        raise UserError(f"{path} is damaged or no safetensors file ({error}): use another checkpoint") from None


def accumulator_names(model: paddle.nn.Layer, optimizer: paddle.optimizer.Optimizer) -> dict[str, str]:
    """Paddle's name of every accumulator -> ours, "conv2d_0.w_0_moment1_0" -> "conv1.weight/moment1"."""
    # Longest first, so that "w_1" is not taken for the start of "w_10_moment1_0".
    own = sorted(((value.name, name) for name, value in model.named_parameters()), key=lambda pair: -len(pair[0]))
    names = {}
    for key in optimizer.state_dict():
        for theirs, ours in own:
            if key.startswith(theirs + "_"):
                names[key] = f"{ours}/{re.sub(r'_[0-9]+$', '', key[len(theirs) + 1 :])}"
                break
    return names


def save(
    directory: Path,
    model: paddle.nn.Layer,
    optimizer: paddle.optimizer.Optimizer,
    state: State,
    slow: Arrays | None = None,
) -> str:
    """Write the persistables to `directory`, whole or not at all, and return the SHA-256 of the params."""
    accumulators = optimizer.state_dict()
    names = accumulator_names(model, optimizer)
    temporary = directory.with_name(f".{directory.name}.tmp")
    try:
        digests = {PARAMS: write_arrays(temporary / PARAMS, param_arrays(model))}
        arrays = {ours: np.array(accumulators[theirs].numpy(), order="C") for theirs, ours in names.items()}
        digests[OPTIMIZER] = write_arrays(temporary / OPTIMIZER, arrays)
        if slow:
            digests[SLOW] = write_arrays(temporary / SLOW, slow)
        about = {"optimizer": type(optimizer).__name__, "sha256": digests, "fingerprint": fingerprint(model)}
        write_file(temporary / STATE, json.dumps({"state": asdict(state)} | about, indent=2))
        shutil.rmtree(directory, ignore_errors=True)  # there only when damaged: an intact one would have been resumed
        temporary.replace(directory)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return digests[PARAMS]


def fingerprint(model: paddle.nn.Layer) -> dict[str, str]:
    """What the last bits of this training depend on."""
    return runtime.fingerprint() | {"convolutions": onednn.precision(model)}


def read_state(directory: Path) -> tuple[State, dict[str, Any]]:
    """The state of a checkpoint and the rest of its state.json, after checking its files against their SHA-256."""
    try:
        about = json.loads((directory / STATE).read_text(encoding="utf-8"))
        state = State(**about.pop("state"))
        for name, digest in about["sha256"].items():
            if sha256(directory / name) != digest:
                raise ValueError(f"{name} is not what was written")
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UserError(f"the checkpoint {directory} is damaged ({error}): use an earlier one or --fresh") from None
    return state, about


def steps(checkpoints: Path) -> list[Path]:
    """The checkpoint directories below `checkpoints`, newest first."""
    return sorted((p for p in checkpoints.glob("[0-9]*") if p.name.isdigit()), key=lambda p: -int(p.name))


def latest(checkpoints: Path) -> Path | None:
    """The newest intact checkpoint; a damaged one is named on stderr and passed over."""
    for directory in steps(checkpoints):
        try:
            read_state(directory)
            return directory
        except UserError as error:
            print(f"warning: {error}", file=sys.stderr)
    return None


def keep(checkpoints: Path, step: int, count: int = 2) -> None:
    """Remove all but the newest `count` checkpoints up to `step`, just saved, and what a kill left half-written.

    One of a later step is damaged: the training would have gone on from it.
    """
    later = [directory for directory in steps(checkpoints) if int(directory.name) > step]
    for directory in [*later, *steps(checkpoints)[len(later) + count :], *checkpoints.glob(".*.tmp")]:
        shutil.rmtree(directory, ignore_errors=True)


def load_persistables(
    directory: Path | str, model: paddle.nn.Layer, optimizer: paddle.optimizer.Optimizer
) -> tuple[State, dict[str, Any]]:
    """Set model and optimizer from a checkpoint and return its state.

    If anything does not fit, the model is untouched. So is the optimizer, unless it is its accumulators that do not:
    Paddle has to make them before anybody knows which there are.

    Raises:
        UserError: the checkpoint is damaged, belongs to another model, or was saved with another optimizer.
    """
    directory = Path(directory)
    state, about = read_state(directory)
    theirs, ours = about["optimizer"], type(optimizer).__name__
    arrays = read_arrays(directory / OPTIMIZER)
    if theirs != ours:
        kinds = sorted({name.rpartition("/")[2] for name in arrays})
        raise UserError(
            f"{directory} holds the persistables of {theirs} ({', '.join(kinds) or 'no accumulators'}), which {ours} "
            f"cannot use: load the params alone, training.load_params('{directory / PARAMS}', model)"
        )
    fitting(directory / PARAMS, model.state_dict(), type(model).__name__)
    names = materialise(model, optimizer, arrays)
    made = optimizer.state_dict()
    fitting(directory / OPTIMIZER, {name: made[key] for key, name in names.items()}, ours)
    load_params(directory / PARAMS, model)
    optimizer.set_state_dict({key: paddle.to_tensor(arrays[name]) for key, name in names.items()})
    return state, about


def materialise(model: paddle.nn.Layer, optimizer: paddle.optimizer.Optimizer, arrays: Arrays) -> dict[str, str]:
    """Make Paddle create the accumulators that `arrays` names and return `accumulator_names`.

    It creates them at the first step. This one has zero gradients, and the params are put back after it, for weight
    decay moves them even so.
    """
    wanted = {name.rpartition("/")[0] for name in arrays}
    touched = [p for name, p in model.named_parameters() if name in wanted]
    before = [p.numpy().copy() for p in touched]
    for parameter in touched:
        parameter.grad = paddle.zeros_like(parameter)
    if touched:
        optimizer.step()
        optimizer.clear_grad()
    for parameter, value in zip(touched, before, strict=True):
        parameter.set_value(value)
    return accumulator_names(model, optimizer)


def export(model: paddle.nn.Layer, path: Path | str, input_shape: tuple[int, ...]) -> None:
    """Write the model for inference (`paddle.jit.load`); `input_shape` is (C, H, W), the batch may have any size."""
    was_training = model.training
    model.eval()
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with contextlib.redirect_stderr(sys.stdout):
            paddle.jit.save(model, str(path), input_spec=[paddle.static.InputSpec([None, *input_shape], "float32")])
    finally:
        if was_training:
            model.train()
