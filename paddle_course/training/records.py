"""What happens in a training -> a run directory: config.json, environment.json, metrics.jsonl, vdl/, checkpoints/.

`metrics.jsonl` holds one object per record, in order, and is what the answers read. VisualDL shows the same numbers
while they come in. After a resume both go on as if nothing had happened: what came after the checkpoint is cut off.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import math
import shutil
import struct
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from visualdl import LogWriter
from visualdl.proto import record_pb2

from paddle_course import config, runtime
from paddle_course.files import write_file
from paddle_course.runtime import UserError

# One name for every resume: VisualDL shows only one file of a folder, and takes none without "vdlrecords" in its name.
VDL_FILE = "vdlrecords.run.log"


class Run:
    """The directory of one training; everything recorded about it lies below."""

    def __init__(self, directory: Path | str):
        self.directory = Path(directory)
        self.name = self.directory.name
        self.metrics = self.directory / "metrics.jsonl"
        self.vdl = self.directory / "vdl" / VDL_FILE
        self.checkpoints = self.directory / "checkpoints"

    def clear(self) -> None:
        """Forget everything: the next training starts from nothing."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def begin(self, plan: dict[str, Any]) -> None:
        """Note the plan, or check that an earlier start had the same one."""
        path = self.directory / "config.json"
        plan = json.loads(json.dumps(plan))  # tuples become lists, as they come back from the file
        if path.exists() and (changes := config.differences(config.load(path), plan)):
            raise UserError(
                f"{self.directory} was made with other settings ({'; '.join(changes[:3])}): "
                "start over with --fresh or name another place with --out"
            )
        write_file(path, json.dumps(plan, indent=2))

    def environment(self) -> dict[str, str]:
        """What the training ran on, by its last start."""
        return config.load(self.directory / "environment.json")

    def records(self, kind: str = "") -> list[dict[str, Any]]:
        """The records so far, or those of one `kind` ("train", "epoch", ...); a cut-off last line is left out."""
        if not self.metrics.exists():
            return []
        found = []
        for line in self.metrics.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return [each for each in found if not kind or each["kind"] == kind]

    def cut(self, step: int) -> None:
        """Drop what was recorded after `step`, in metrics.jsonl and for VisualDL; at step 0 everything."""
        if step == 0:
            self.metrics.unlink(missing_ok=True)
            shutil.rmtree(self.vdl.parent, ignore_errors=True)
            return
        kept = [json.dumps(each) + "\n" for each in self.records() if each["step"] <= step]
        write_file(self.metrics, "".join(kept))
        if self.vdl.exists():
            write_file(self.vdl, kept_vdl(self.vdl.read_bytes(), step))


def kept_vdl(data: bytes, step: int) -> bytes:
    """The VisualDL records of `data` up to `step`; each is a little-endian uint64 length and a protobuf message.

    A last record that a kill cut off goes too: VisualDL's server would not start over it.
    """
    kept, start = [], 0
    while start + 8 <= len(data):
        (length,) = struct.unpack_from("<Q", data, start)
        end = start + 8 + length
        if end > len(data):
            break
        record = record_pb2.Record.FromString(data[start + 8 : end])
        if all(value.id <= step for value in record.values):
            kept.append(data[start:end])
        start = end
    return b"".join(kept)


class Recorder:
    """Within `with Recorder(run, step) as record`, notes go to metrics.jsonl and to VisualDL."""

    def __init__(self, run: Run, step: int):
        run.cut(step)
        write_file(run.directory / "environment.json", json.dumps(runtime.environment(), indent=2))
        self._lines = run.metrics.open("a", encoding="utf-8")
        (run.directory / "vdl").mkdir(exist_ok=True)
        with contextlib.redirect_stdout(io.StringIO()):  # it announces every file that it goes on with
            self._vdl = LogWriter(str(run.vdl.parent), file_name=VDL_FILE, display_name=display_name(run.directory))

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()
        self._lines.close()
        self._vdl.close()

    def flush(self) -> None:
        """Everything noted so far is in the files."""
        self._lines.flush()
        self._vdl._get_file_writer().flush()

    def __call__(self, kind: str, step: int, **values: Any) -> None:
        """Note `values` at `step`; numbers also become the scalars "<kind>/<name>" of VisualDL."""
        self._lines.write(json.dumps({"kind": kind, "step": step} | config.describe(values)) + "\n")
        self._lines.flush()
        for name, value in values.items():
            if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
                self._vdl.add_scalar(f"{kind}/{name}", float(value), step)

    def images(self, tag: str, step: int, images: np.ndarray) -> None:
        """Show uint8 pictures (N, H, W, C) side by side under `tag`."""
        row = np.concatenate(list(images), axis=1)
        self._vdl.add_image(tag, np.repeat(row, 3, axis=2) if row.shape[2] == 1 else row.copy(), step)

    def histogram(self, tag: str, step: int, values: np.ndarray) -> None:
        """Show how `values`, of any shape, are distributed."""
        self._vdl.add_histogram(tag, values.reshape(-1), step)

    def settings(self, settings: dict[str, Any], scalars: list[str]) -> None:
        """Show this run's settings and the last of its `scalars` as a row of VisualDL's hyper-parameter page."""
        plain = config.describe(settings)  # VisualDL silently drops NumPy's numbers and booleans
        numbers = {key: value for key, value in plain.items() if type(value) in (int, float)}
        self._vdl.add_hparams({key: numbers.get(key, str(value)) for key, value in plain.items()}, scalars)

    def graph(self, model: paddle.nn.Layer, input_shape: Sequence[int]) -> None:
        """Show the network as VisualDL's dynamic graph; the note in metrics.jsonl says why where that fails."""
        try:
            # VisualDL knows only Paddle's old representation, and its conversion changes the net for good: a copy.
            fresh = copy.deepcopy(model)
            spec = paddle.static.InputSpec([None, *input_shape], "float32")
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), paddle.pir_utils.OldIrGuard():
                warnings.simplefilter("ignore")
                self._vdl.add_graph(model=fresh, input_spec=[spec])
        except Exception as error:  # whatever a foreign exporter raises, a missing picture stops no training
            self("note", 0, graph=f"not shown: {type(error).__name__}")


def display_name(directory: Path) -> str:
    """The run's name on VisualDL's pages: the last three folders, "hw08/real/camp-adam-0"."""
    return "/".join(directory.resolve().parts[-3:])
