"""Trains the toy in a process of its own and dies by `how` once `step` updates are done.

python -m tests.training.killed DIRECTORY KIND STEP HOW        KIND: as toy.chain has it; HOW: kill | term | no
"""

from __future__ import annotations

import os
import signal
import sys

from paddle_course import runtime

runtime.start()

from paddle_course import training  # noqa: E402
from paddle_course.training import resume, screen  # noqa: E402
from tests.training import toy  # noqa: E402

directory, kind, step, how = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
resume.CHECKPOINT_EVERY = 0.0  # after every step, so that the kill falls between any two of them
done = 0


def dying(self: screen.Screen, *numbers: float) -> None:
    global done
    done += 1
    if done == step and how != "no":
        os.kill(os.getpid(), signal.SIGKILL if how == "kill" else signal.SIGTERM)


screen.Screen.step = dying
code = runtime.run(
    lambda: print(
        training.fit(
            training.Run(directory),
            toy.toy_model(extra=step % 3),
            toy.toy_batches(),
            toy.chain(kind),
            held_out={"test": toy.toy_batches()},
        ).sha256
    )
)
sys.exit(code)
