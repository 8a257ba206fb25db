"""A model's name -> what is to be trained, and the jobs that measure it."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping

from benchmarks.measure import OURS, Trial, batch_size
from benchmarks.rounds import Job, Measured, short
from paddle_course import answers, models, runtime
from paddle_course.runtime import UserError

# What a process does not inherit that is to find Paddle or PyTorch as they come: `runtime.prepare` has set it here.
OURS_TO_SET = ("OMP_NUM_THREADS", "MKL_DEBUG_CPU_TYPE", "GLOG_minloglevel")


@dataclasses.dataclass(frozen=True)
class Subject:
    """A model to be trained on random pictures, with its trainable parameters and the MACs of one picture."""

    name: str
    batch: int
    trainable: int
    macs: int

    @classmethod
    def of(cls, name: str, batch: int = 0) -> Subject:
        """Batch size 0 is the model's own."""
        shape = models.MODELS[name].input_shape
        trainable, _, macs = answers.counts(models.build(name), shape)
        return cls(name, batch or batch_size(name, shape), trainable, macs)

    @property
    def data(self) -> str:
        return f"random pictures, {' x '.join(map(str, models.MODELS[self.name].input_shape))}, batch {self.batch}"

    def job(
        self, column: str, seconds: float, python: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> Job:
        """The training of a column of benchmarks/measure.py; only ours begins with the variables of this process."""
        entry = models.MODELS[self.name]
        trial = Trial(column, self.name, self.batch, entry.input_shape, entry.classes, seconds, runtime.cores())
        given = {} if column in OURS else dict.fromkeys(OURS_TO_SET)
        return Job("measure", "measure", vars(trial), given | dict(environment or {}), python)

    def told(self, column: str, measured: Measured) -> str:
        """The speed in words. A column that trains another number of parameters trains another network: UserError."""
        if (trainable := measured["trainable"]) != self.trainable:
            raise UserError(
                f"{self.name}, {column}: {trainable:,} trainable parameters instead of {self.trainable:,}: "
                "that is another network, and its speed says nothing"
            )
        return f"{short(measured['rate'])} images/s"
