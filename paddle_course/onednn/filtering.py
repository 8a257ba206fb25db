"""The size of a map -> the matrices of Winograd's filtering, F(m, 3) = A [(G w) * (B x)], for its rows or columns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

TAPS = 3
# By m, where the polynomials are evaluated. The usual points, 0, 1, -1, 2 and -2, lose more to rounding.
POINTS = {2: (0, 1, -1), 3: (-1.2, -0.4, 0.4, 1.2), 4: (0, 0.75, -0.75, 1.5, -1.5)}


class Axis(NamedTuple):
    """What happens to rows, or to columns: the numbers of tiles and of values in each, and the matrices.

    `spread` is B for all tiles, (tiles * values, size of the map), `gather` is A, (size of the result, tiles * values),
    and `weights` is G, (values, 3).
    """

    tiles: int
    values: int
    spread: np.ndarray
    gather: np.ndarray
    weights: np.ndarray


@lru_cache
def axis(size: int, places: int, before: int) -> Axis:
    """For `size` pixels behind a padding of `before`, and so many places of the result."""
    m = min(POINTS, key=lambda m: -(-places // m) * (m + TAPS - 1))
    tiles, values = -(-places // m), m + TAPS - 1
    a, g, b = matrices(m)
    spread, gather = np.zeros((tiles, values, size)), np.zeros((places, tiles, values))
    for tile in range(tiles):
        first = tile * m - before
        inside = np.arange(max(first, 0), min(first + values, size))
        spread[tile][:, inside] = b[:, inside - first]
        there = min(m, places - tile * m)
        gather[tile * m : tile * m + there, tile] = a[:there]
    return Axis(tiles, values, spread.reshape(-1, size), gather.reshape(places, -1), g)


def matrices(m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A (m, m + 2), G (m + 2, 3) and B (m + 2, m + 2) of F(m, 3).

    Two polynomials, u with m coefficients and w with 3, are multiplied by multiplying their values at m + 1 points and
    at infinity, U u and G w; the product's m + 2 coefficients are p = V^-1 [(G w) * (U u)], where V, `whole`, takes the
    same values of p. The p[i + j] are sums of u[i] w[j]; in a correlation the y[i] are sums of x[i + j] w[j], the
    transpose of what leads from u to p: y = U' [(G w) * (V^-1' x)]. So A = U' and B = V^-1'.
    """
    a, g, whole = (at_points(POINTS[m], terms) for terms in (m, TAPS, m + TAPS - 1))
    return a.T, g, np.linalg.inv(whole).T


def at_points(points: Sequence[float], terms: int) -> np.ndarray:
    """(points + 1, terms): what a polynomial's coefficients give at each point; at infinity, the last one alone."""
    return np.vstack([np.vander(points, terms, increasing=True), np.eye(terms)[-1]])
