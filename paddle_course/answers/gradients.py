"""Trainings of networks with the same layers -> the norm of each layer's gradients: curves, a table, numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from paddle_course import config, training
from paddle_course.answers.figures import Chart, curves, panels
from paddle_course.answers.homework import Lab
from paddle_course.answers.pieces import Figure, Table, Trained
from paddle_course.answers.trainings import slug


@dataclass(frozen=True)
class Gradients:
    """Training -> layer -> the norm of its gradients, from the input on: at the `first` step that was recorded, and
    the median over the first epoch, `early`."""

    first: dict[str, dict[str, float]]
    early: dict[str, dict[str, float]]
    pieces: Sequence[Table | Figure]

    @property
    def layers(self) -> list[str]:
        """From the input to the output."""
        return list(next(iter(self.early.values())))

    def ratio(self, name: str, when: str = "early") -> float:
        """How many times as large the gradients of the last layer are as those of the first, `early` or at `first`."""
        norms = list(getattr(self, when)[name].values())
        return norms[-1] / norms[0] if norms[0] else float("inf")

    def uneven(self, name: str, when: str = "early") -> tuple[bool, str]:
        """Whether those of the last layer are the larger ones, and how many times: "1,876", "25.2", "8.02"."""
        ratio = self.ratio(name, when)
        times = ratio if ratio >= 1 else 1 / ratio if ratio else float("inf")
        return ratio >= 1, f"{times:,.{0 if times >= 99.95 else 1 if times >= 9.995 else 2}f}"


def layer_gradients(runs: Mapping[str, Trained], caption: str = "Norm of each layer's gradients") -> Gradients:
    """Compare trainings by the L2 norm of the gradients of each layer, weight and bias together."""
    norms = {name: _norms(trained) for name, trained in runs.items()}
    early = {
        name: {
            layer: float(
                np.median([y for x, y in zip(*points, strict=True) if x <= runs[name].result.epochs[0]["step"]])
            )
            for layer, points in layers.items()
        }
        for name, layers in norms.items()
    }
    first = {name: {layer: points[1][0] for layer, points in layers.items()} for name, layers in norms.items()}
    rows = tuple((layer, *(early[name][layer] for name in runs)) for layer in next(iter(early.values())))
    charts = [Chart(layers, "step", "norm of the gradients", name, logy=True) for name, layers in norms.items()]
    return Gradients(
        first,
        early,
        [
            Table(f"{caption}, median over the first epoch", ("layer", *runs), rows),
            panels("gradients", f"{caption} while training", charts, columns=2),
        ],
    )


def finished(lab: Lab, homework: str, arms: Iterable[str]) -> dict[str, Trained]:
    """Of every arm of another homework the training with the lowest seed that has ended: its records, and no network.

    Those of the arm "centred sigmoid" lie beside this run, in runs/<homework>/, as centred-sigmoid-0, ...; an arm
    without any is left out. If they learnt from synthetic data, the lab's answers are synthetic, too.
    """
    here, found = lab.directory.resolve(), {}
    folder = here.parent.parent / homework / here.name
    for arm in arms:
        prefix = f"{slug(arm)}-"
        seeds = (path.name.removeprefix(prefix) for path in folder.glob(f"{prefix}*"))
        runs = (training.Run(folder / f"{prefix}{seed}") for seed in sorted(map(int, filter(str.isdigit, seeds))))
        run = next((each for each in runs if (each.directory / "result.json").exists()), None)
        if run and run.records("gradients"):
            epochs, about = run.records("epoch"), config.load(run.directory / "result.json")
            result = training.Result(run, epochs, epochs[-1], run.directory / about["params"], about["sha256"])
            found[arm] = Trained(None, result)
            lab.synthetic = lab.synthetic or result.plan["train"]["synthetic"]
    return found


def _norms(trained: Trained) -> dict[str, tuple[list[int], list[float]]]:
    """The curve of every layer over the steps; its name without that of the part of the network that holds it."""
    records = trained.result.run.records("gradients")
    layers = [name for name in records[0] if name not in ("kind", "step")]
    steps = [each["step"] for each in records]
    return {layer.rpartition(".")[2]: (steps, [each[layer] for each in records]) for layer in layers}


@dataclass(frozen=True)
class Depths:
    """The norm of each convolution's gradient at the first step, from the input on, those of shortcuts left out."""

    norms: dict[str, list[float]]

    @property
    def spread(self) -> dict[str, float]:
        """How many times as large the largest is as the smallest."""
        return {name: max(each) / min(each) for name, each in self.norms.items()}

    @property
    def pieces(self) -> list[Figure]:
        series = {name: (list(range(1, 1 + len(each))), each) for name, each in self.norms.items()}
        caption = "Norm of each convolution's gradient at the first step"
        return [curves("depths", caption, series, "convolution, from the input on", "norm", logy=True)]


def by_depth(runs: Mapping[str, Trained]) -> Depths:
    """Compare networks of any depth by the gradients that reach their convolutions before anything is learned."""
    first = {name: trained.result.run.records("gradients")[0] for name, trained in runs.items()}
    return Depths(
        {
            name: [v for key, v in each.items() if "conv" in key and "shortcut" not in key]
            for name, each in first.items()
        }
    )
