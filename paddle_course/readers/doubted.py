"""MNIST's test digits -> those whose label people doubt.

Northcutt, Athalye and Mueller 2021 (arXiv:2103.14749) had a network pick a hundred suspects and showed each to five
people. Listed are the fifteen of which at most two said what the label says: position in the test set, label.
https://github.com/cleanlab/label-errors, mturk/mnist_mturk.json
"""

from __future__ import annotations

import numpy as np

from paddle_course.readers.images import Images

LABELS = {
    **{947: 8, 1621: 0, 1901: 9, 2130: 4, 2462: 2, 2597: 5, 2654: 6, 3520: 6, 3558: 5, 5937: 5, 6651: 0, 6783: 1},
    **{8527: 4, 9679: 6, 9729: 5},
}


def doubted(images: Images) -> np.ndarray:
    """Their positions in `images`, int64 and ascending; none where `images` are not the test digits in their order."""
    places = np.array(list(LABELS))
    known = len(images) == 10_000 and not images.synthetic
    return places if known and images.labels[places].tolist() == list(LABELS.values()) else places[:0]
