"""The networks of `models` -> one table: year, depth, parameters, multiplications, and the idea of each in a line.

Nothing in it is typed in but the year and the idea, which stand in the registry: the rest is counted on the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paddle_course import models
from paddle_course.answers.analysis import counts, depth
from paddle_course.answers.comparison import times
from paddle_course.answers.pieces import Table
from paddle_course.models import Family


@dataclass(frozen=True)
class Catalogue:
    """By name the depth, the trainable parameters and the multiply-accumulates for one picture of the network's size.

    `families` are the kinds of networks that occur, the oldest first, with the names of theirs.
    """

    depth: dict[str, int]
    parameters: dict[str, int]
    macs: dict[str, int]
    families: list[tuple[str, Family, list[str]]]
    pieces: Sequence[Table]


def catalogue(names: Sequence[str]) -> Catalogue:
    """Build each of the networks and count. The largest ones take some 2 seconds and 0.6 GB, one after the other."""
    deep, parameters, macs = {}, {}, {}
    families: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: models.MODELS[name].family.year or 9999):
        entry, net = models.MODELS[name], models.build(name)
        parameters[name], _, macs[name] = counts(net, entry.input_shape)
        deep[name] = depth(net, entry.input_shape)
        families.setdefault(entry.model, []).append(name)
    rows = []
    for name, layers in deep.items():
        entry = models.MODELS[name]
        size = times(entry.input_shape)
        year = entry.family.year and str(entry.family.year)  # a number would be set as 1,998
        rows.append((name, year, layers, parameters[name], macs[name], size, entry.family.idea[1]))
    header = ("network", "year", "depth", "parameters", "MACs", "picture", "idea")
    sources = {kind: models.FAMILIES[kind].source for kind in families}
    note = "; ".join(f"{kind}: {source}" for kind, source in sources.items())
    found = [(kind, models.FAMILIES[kind], mine) for kind, mine in families.items()]
    return Catalogue(deep, parameters, macs, found, [Table("The networks of models/", header, tuple(rows), note + ".")])
