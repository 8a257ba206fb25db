import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from paddle.io import DataLoader

from paddle_course.batches import Batches, EpochDataset, alternating_flip, loader, mixup, pad_crop, rotate
from paddle_course.runtime import ROOT, UserError

# Python 3.12 and later warn at every fork of a process with threads, which is how Paddle's loader starts its workers.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")


HARD = (alternating_flip, partial(pad_crop, pad=2), partial(rotate, degrees=9))
SOFT = (*HARD, partial(mixup, alpha=1.0, classes=50))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("augment", [HARD, SOFT])
def test_the_loader_gives_the_batches_of_the_plain_loop_bit_for_bit(pictures, workers, augment):
    batches = Batches(pictures(), size=12, seed=2, augment=augment)
    for epoch, start in ((0, 0), (1, 3)):
        plain = list(batches.epoch(epoch, start))
        loaded = list(DataLoader(EpochDataset(batches, epoch, start), batch_size=None, num_workers=workers))
        assert len(loaded) == len(plain) == len(batches) - start
        for ours, theirs in zip(plain, loaded, strict=True):
            for a, b in zip(ours, theirs, strict=True):
                assert np.array_equal(a, b.numpy()) and a.dtype == b.numpy().dtype


@pytest.mark.parametrize("workers", [0, 1])
def test_loader_is_the_same_in_one_call(pictures, workers):
    batches = Batches(pictures(), size=12, augment=(alternating_flip,))
    for (images, labels), (x, y) in zip(batches.epoch(3, 1), loader(batches, 3, 1, workers), strict=True):
        assert np.array_equal(images, x.numpy()) and np.array_equal(labels, y.numpy())


def fail(batch, rng):
    if 33 in batch.index:
        raise UserError("picture 33 is upside down")
    return batch


def test_an_error_in_a_worker_arrives_in_the_loop(pictures):
    seen = []
    with pytest.raises(UserError, match="picture 33 is upside down"):
        for _, labels in loader(Batches(pictures(), 12, augment=(fail,), shuffle=False), 0, workers=2):
            seen += labels.tolist()
    assert seen == list(range(24))


def test_an_error_without_workers_arrives_too():
    """In a process of its own, because what it guards against is a hang that nothing in this one could end."""
    code = "\n".join(
        [
            "import numpy as np",
            "from paddle_course import batches, readers",
            "images = np.zeros((4, 8, 8, 3), np.uint8)",
            "data = readers.Images(images, np.zeros(4, np.int64), ('one',), 'black')",
            "list(batches.loader(batches.Batches(data, 2, augment=(lambda batch, rng: None,)), 0))",
        ]
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert (
        "RuntimeError" in done.stderr and "AttributeError: 'NoneType' object has no attribute 'images'" in done.stderr
    )
