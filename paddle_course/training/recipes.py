"""A number of epochs -> a phase that makes the most of them: how networks are trained here when minutes count.

Both are for batches with mean losses, and scale the learning rate with the batch size (Goyal et al. 2017,
arXiv:1706.02677, section 2.1).
"""

from __future__ import annotations

from functools import partial

from paddle_course.training import averaging, schedules
from paddle_course.training.plan import Phase


def airbench(epochs: int, steps_per_epoch: int, size: int) -> Phase:
    """What the fast network learns with (airbench94: Jordan 2024, arXiv:2404.00498), for batches of `size`.

    It goes with label smoothing 0.2, alternating flips and crops after a padding of 2. The author's rates are for the
    sum of a batch's losses and for "kilosteps"; for their mean they are, at 1,024 pictures, 1.5 at the peak and a decay
    of 1.33e-3. The shifts of batch norm learn 64 times as fast, and the shift of the whitening for three epochs only.
    """
    steps, decay = epochs * steps_per_epoch, 1.33e-3
    shifts = {"*norm?.bias": {"learning_rate": 64.0, "weight_decay": decay / 64}}
    return Phase(
        epochs,
        "nesterov",
        partial(schedules.triangle, peak=1.5 * size / 1024, steps=steps),
        {"momentum": 0.85, "weight_decay": decay, "groups": shifts},
        average=partial(averaging.look_ahead, steps=steps),
        freeze={"*.whiten.bias": 3},
    )


def airbench_muon(epochs: int, steps_per_epoch: int, size: int) -> Phase:
    """A later recipe for the fast network, with Muon: airbench94_muon of github.com/KellerJordan/cifar10-airbench.

    It goes with the same labels, flips and crops as `airbench`. Filters move at 0.24 at first, all other parameters by
    Nesterov's momentum; their rates are the author's for sums of a batch's losses, here for the mean. The last layer's
    is smaller here because its result is divided by 9 and not by 256. All rates go straight down to 0; the shift of the
    whitening learns for three epochs only.
    """
    steps, filters, shifts, last = epochs * steps_per_epoch, 0.24, 0.053 * size, 0.67 * (9 / 256) ** 2 * size
    decay = 2e-6 * size  # of each step, whatever the rate
    apart = {"*.bias": shifts, "fc.weight": last}
    groups = {
        name: {"learning_rate": rate / filters, "weight_decay": decay / rate, "momentum": 0.85}
        for name, rate in apart.items()
    }
    return Phase(
        epochs,
        "muon",
        partial(schedules.triangle, peak=filters, steps=steps, rise=0.0, end=0.0),
        {"momentum": 0.6, "groups": groups},
        freeze={"*.whiten.bias": 3},
    )


def one_cycle(epochs: int, steps_per_epoch: int, size: int) -> Phase:
    """The usual training of VGG and ResNet on CIFAR, its rate as one triangle so that it ends in time.

    Nesterov momentum 0.9, 0.1 at the peak for batches of 128 and a weight decay of 5e-4, as in Zagoruyko and Komodakis
    2016, arXiv:1605.07146; up and down again as in Smith and Topin 2018, arXiv:1708.07120.
    """
    schedule = partial(schedules.triangle, peak=0.1 * size / 128, steps=epochs * steps_per_epoch, end=0.0)
    return Phase(epochs, "nesterov", schedule, {"momentum": 0.9, "weight_decay": 5e-4})
