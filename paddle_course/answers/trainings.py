"""A network's name and a number of epochs -> the network, trained on mirrored and shifted pictures in that time."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from paddle_course import batches, readers, training
from paddle_course.answers.homework import Lab
from paddle_course.answers.pieces import Trained

WHITENED = 5000  # pictures that the fast network's first convolution is worked out from


def augmented(lab: Lab, data: str, name: str, epochs: int, seed: int = 0, **settings: Any) -> Trained:
    """Train the model `name` on the data set `data` so that its rate has come down when `epochs` are over.

    The fast network gets the recipe that it was made with, the others the usual one of their kind; both end with the
    test pictures as they are. `settings` are the model's.
    """
    images, fast, net = lab.images(data, "train"), name == "fast", lab.model(name, seed, **settings)
    size = min(1024 if fast else 128, len(images) // 2)
    change = (partial(batches.alternating_flip, seed=seed), partial(batches.pad_crop, pad=2 if fast else 4))
    train = normalised(images, images, size, seed=seed, augment=change, drop_last=True)
    if fast:
        some = images.take(np.arange(min(WHITENED, len(images))))
        net.whiten(normalised(some, images, len(some), shuffle=False).batch(0, 0)[0])
    phase = (training.recipes.airbench if fast else training.recipes.one_cycle)(epochs, len(train), size)
    loss = partial(training.losses.cross_entropy, smoothing=0.2 if fast else 0.1)
    run = lab.run(f"{name}-{epochs}-epochs-{seed}")
    return Trained(net, training.fit(run, net, train, [phase], loss=loss, held_out={"test": tested(lab, data)}))


def six_views(lab: Lab, data: str, trained: Trained) -> float:
    """Test accuracy when the network looks at six views of each picture."""
    scores = training.evaluate(trained.net, tested(lab, data), training.losses.cross_entropy, batches.six_views)
    return scores["accuracy"]


def tested(lab: Lab, data: str) -> batches.Batches:
    """The test pictures, normalised as the training pictures are."""
    return normalised(lab.images(data, "test"), lab.images(data, "train"), 500, shuffle=False)


def normalised(images: readers.Images, like: readers.Images, size: int, **settings: Any) -> batches.Batches:
    """Batches of `images` in which each channel of `like` has mean 0 and standard deviation 1."""
    mean, std = batches.channel_statistics(like.images)
    return batches.Batches(images, size, mean=mean, std=std, **settings)
