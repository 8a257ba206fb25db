"""A training as it goes on -> a progress bar on stderr, or plain lines where there is no terminal."""

from __future__ import annotations

import math
import sys
import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class Screen:
    """Within `with Screen(title, total, done) as screen`, shows images/s, loss, lr and the time left."""

    def __init__(self, title: str, total: int, done: int = 0, unit: str = "images"):
        console = Console(stderr=True)
        self._live = console.is_terminal
        self._title, self._total, self._done, self._unit = title, total, done, unit
        self._start, self._examples = time.perf_counter(), 0
        columns = "{task.description}", BarColumn(None), "{task.percentage:>3.0f} %", TimeRemainingColumn(compact=True)
        numbers = TextColumn("{task.fields[numbers]}", style="dim")
        self._progress = Progress(*columns, numbers, console=console, transient=True, disable=not self._live)
        self._said = -math.inf  # when an epoch was last spoken of
        self._task = self._progress.add_task(title, total=total, completed=done, numbers="")

    def __enter__(self) -> Screen:
        self._progress.start()
        if self._done:
            self.line(f"going on after step {self._done:,} of {self._total:,}")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def step(self, examples: int, loss: float, lr: float) -> None:
        """One more update is done, on so many examples."""
        self._done += 1
        self._examples += examples
        speed = f"{self._examples / (time.perf_counter() - self._start):,.0f} {self._unit}/s"
        self._progress.update(self._task, advance=1, numbers=f"{speed}  loss {loss:.3f}  lr {lr:.2g}")

    def epoch(self, text: str) -> None:
        """Say how an epoch ended, unless another was spoken of in the last second and more are to come."""
        if time.perf_counter() - self._said > 1 or self._done == self._total:
            self._said = time.perf_counter()
            self.line(text)

    def line(self, text: str) -> None:
        """Say something that stays: above the bar on a terminal, as a plain line elsewhere."""
        if self._live:
            self._progress.console.print(f"{self._title}: {text}", style="dim", highlight=False)
        else:
            print(f"{self._title}: {text}", file=sys.stderr, flush=True)
