"""A homework script's questions -> its report: parse the flags, call the questions, write and print the answers.

A script hands over its `Config`, its title and a function for each question; the function's docstring is the question,
Chinese in the first line and English in the second, and it returns an `Answer`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import json
import re
import sys
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_course import config as configuration
from paddle_course import files, machine, models, onednn, readers, runtime, training
from paddle_course.answers import console, index, page, results
from paddle_course.answers.pieces import Answer, Question, Result, Trained
from paddle_course.config import RunConfig
from paddle_course.runtime import ROOT, UserError

if TYPE_CHECKING:
    from paddle import nn


class Lab:
    """What a question works with: the settings, the data, and trainings by name below the run directory."""

    def __init__(self, config: RunConfig, directory: Path):
        self.config, self.directory = config, directory
        self.synthetic = False
        self.begun: set[str] = set()
        self._known: set[Hashable] = set()
        self.images, self.rows = functools.cache(self._images), functools.cache(self._rows)
        self.drawings = functools.cache(self._drawings)

    def _images(self, name: str, split: str, **settings: Any) -> readers.Images:
        found = readers.load(name, split, readers.data_root(self.config.data_root), self.config.data, **settings)
        self.synthetic = self.synthetic or found.synthetic
        return found

    def _rows(self, name: str) -> readers.Rows:
        found = readers.load_rows(name, root := readers.data_root(self.config.data_root), self.config.data)
        if found.synthetic and self.config.data == "real" and not readers.find(name, root):
            print(f"{readers.advice(name, root)}; until then a made-up one takes its place", file=sys.stderr)
        self.synthetic = self.synthetic or found.synthetic
        return found

    def _drawings(self, nrows: int | None = None, words: tuple[str, ...] = ()) -> readers.Drawings:
        found = readers.load_drawings(readers.data_root(self.config.data_root), self.config.data, nrows, words)
        self.synthetic = self.synthetic or found.synthetic
        return found

    def contest(self) -> readers.Drawings | None:
        """The drawings that Kaggle wants guesses of; None where they are not there."""
        return readers.load_contest(readers.data_root(self.config.data_root), self.config.data)

    def model(self, name: str, seed: int | None = None, **settings: Any) -> nn.Layer:
        """A new model from `models.build`, on the fast path unless --accelerate off; a slim one in a smoke run."""
        seed = self.config.seed if seed is None else seed
        net = models.build(name, seed, slim=self.config.smoke, **settings)
        if self.config.accelerate != "off":
            report = str(onednn.accelerate(net, self.config.accelerate))
            if self.first(name):
                print(f"{name}: {report}", file=sys.stderr)
        return net

    def first(self, what: Hashable) -> bool:
        """Whether `what` is asked about for the first time: what is worth saying or drawing is so once."""
        new = what not in self._known
        self._known.add(what)
        return new

    def run(self, name: str) -> training.Run:
        """The directory of the training `name`; emptied first under --fresh."""
        run = training.Run(self.directory / name)
        if self.config.fresh and name not in self.begun:
            run.clear()
        self.begun.add(name)
        return run

    def fit(self, name: str, net: nn.Layer, *what: Any, **settings: Any) -> Trained:
        """Train as `training.fit` does, in the directory of the training `name`.

        Of networks with the same layers only the first is drawn, which takes as long as a short training; in a smoke
        run only the very first.
        """
        layers = () if self.config.smoke else (type(net), *(path for path, _ in net.named_sublayers()))
        return Trained(net, training.fit(self.run(name), net, *what, graph=self.first(layers), **settings))

    def costs(self, names: Iterable[str]) -> list[Result]:
        """How long these trainings took together, waiting for data included and evaluation not, and the most memory
        that their processes held; nothing for none."""
        epochs = (training.Run(self.directory / name).records("epoch") for name in sorted(names))
        last = [each[-1] for each in epochs if each]  # none in one that diverged before
        took = [Result(index.TRAINED, "minutes", sum(each["seconds"] for each in last) / 60)] if last else []
        held = [each["memory"] / 1024 for each in last if each["memory"]]
        return took + ([Result(f"{index.TRAINED}, memory", "GB", max(held))] if held else [])

    def epochs(self, usual: int, smoke: int = 1, full: int = 0) -> int:
        """The epochs of a training that `usual`ly has so many and with --full, if that is told, so many others."""
        config = self.config
        return config.epochs or (smoke if config.smoke else full if full and config.full else usual)

    @property
    def seeds(self) -> range:
        """The seeds of a setting that is run several times."""
        return range(self.config.seed, self.config.seed + (1 if self.config.smoke else self.config.seeds))


def homework(
    config_type: type[RunConfig],
    title: tuple[str, str],
    questions: Mapping[int, Callable[[Lab], Answer]],
    argv: Sequence[str] | None = None,
) -> None:
    """Answer the questions that the command line asks for and write report.html and answers.md.

    `title` is Chinese, English. The script's name is the homework's, its docstring the text of --help, and
    words/<name>.md.j2 beside it holds the sentences.
    """
    script = inspect.getmodule(next(iter(questions.values())))
    path = Path(script.__file__)
    config = configuration.parse(config_type, argv, script.__doc__)
    if config.smoke:
        config = dataclasses.replace(config, data="stand-in")
    if config.full and not config.longer:
        print(f"--full: {path.stem} has no longer settings", file=sys.stderr)
        config = dataclasses.replace(config, full=False)  # the same run, in the same directory
    if config.publish and config.data == "stand-in":
        raise UserError("--publish: results from stand-in data stay out of docs/results.json")
    if config.publish and config.epochs:
        raise UserError("--publish: the names of results do not tell --epochs; publish without it")
    asked = config.question or tuple(questions)
    if unknown := set(asked) - set(questions):
        raise UserError(f"--question {min(unknown)}: {path.stem} has the questions {', '.join(map(str, questions))}")
    print(runtime.start(config.device), file=sys.stderr)
    short = path.stem.partition("_")[0]
    directory = Path(config.out) if config.out else ROOT / "runs" / short / place(config)
    with alone(directory):
        lab, start = Lab(config, directory), time.perf_counter()
        files.write_file(directory / "config.json", json.dumps(configuration.describe(config), indent=2))
        files.write_file(directory / "environment.json", json.dumps(runtime.environment(), indent=2))
        answered, trained = {}, {}
        for number in asked:
            chinese, english = index.asked(questions[number])
            print(f"question {number}: {english}", file=sys.stderr)
            before = set(lab.begun)
            answered[number] = Question(chinese, english, questions[number](lab))
            trained[number] = lab.begun - before
        minutes = (time.perf_counter() - start) / 60
        words = path.parent / "words" / f"{path.stem}.md.j2"
        report = page.write(directory, title, answered, words, lab.synthetic, facts(config, minutes))[0]
        console.terminal(title, answered, words, lab.synthetic)
        if config.publish:
            publish(short, lab, answered, trained)
        print(f"\nreport: {report}\nto paste: {report.with_name('answers.md')}")


def place(config: RunConfig) -> str:
    """The name of the run directory: settings under which trainings are others have one of their own.

    Those are --full, or what the homework names in `apart`: real-side-32-width-64.
    """
    if config.smoke:
        return "smoke"
    apart = (each for each in dataclasses.fields(config) if each.name in config.apart)
    values = {each.name: value for each in apart if (value := getattr(config, each.name)) != each.default}
    named = (name if value is True else f"{name} {configuration.shown(value)}" for name, value in values.items())
    return slug(" ".join([config.data, *named]).replace("_", " "))


def slug(name: str) -> str:
    """A name of a run that every file system takes: "3 x 3 stem" is 3-x-3-stem."""
    return re.sub(r"[^a-z0-9.]+", "-", name.lower())


def facts(config: RunConfig, minutes: float) -> dict[str, Any]:
    """How the run was made, for the foot of the report."""
    about = runtime.environment()
    return {
        "command": about["command"],
        "machine": f"{about['cores']} cores, {about['processor']}",
        "minutes": f"{minutes:.1f}",
        "memory": "" if (most := machine.peak_memory()) is None else f"{most / 1024:.1f} GB at most",
        "commit": about["commit"],
        "versions": f"Python {about['python']}, Paddle {about['paddle']}, NumPy {about['numpy']}",
        "threads": about["threads"],
        "settings": configuration.describe(config),
    }


def publish(short: str, lab: Lab, answered: Mapping[int, Question], trained: Mapping[int, set[str]]) -> None:
    """Enter the results into docs/results.json, and what the trainings of each question took.

    `trained` names them, each at the question that came first to it. Where --networks left some out, those minutes
    are not told.
    """
    if lab.synthetic:  # found in the place of the real ones
        raise UserError(f"--publish: the data in {lab.config.data_root or 'data/'} is synthetic")
    now = runtime.commit()
    for name in sorted(lab.begun):
        then = training.Run(lab.directory / name).environment()["commit"]
        if then != now:
            raise UserError(f"--publish: {name} was trained by commit {then}, this is {now}: use --fresh")
    made, some = results.origin(), getattr(lab.config, "networks", ())
    entries = [
        {"homework": short, "question": number} | dataclasses.asdict(result) | made
        for number, question in answered.items()
        for result in [*question.answer.results, *lab.costs(() if some else trained[number])]
    ]
    results.record(ROOT / "docs" / "results.json", entries)


@contextlib.contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Keep a second process out of the run directory; the lock goes with the process, however it ends."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / ".lock").touch()
    except OSError as error:
        raise UserError(f"{directory} cannot be written ({error.strerror}): name another place with --out") from None
    with files.locked(directory / ".lock", wait=False) as free:
        if not free:
            raise UserError(f"{directory} is in use by another process: wait for it or use --out")
        yield
