import numpy as np
import pytest

from paddle_course import readers


@pytest.fixture
def pictures():
    """(n, side, channels) -> Images of noise, each with its own label, so that a label tells which picture it is."""

    def make(n=50, side=8, channels=3):
        images = np.random.default_rng(7).integers(0, 256, (n, side, side, channels), dtype=np.uint8)
        return readers.Images(images, np.arange(n), tuple(map(str, range(n))), "noise")

    return make
