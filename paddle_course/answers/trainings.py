"""A recipe, plain data that a script changes field by field -> a network trained by it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from paddle_course import batches, models, readers, training
from paddle_course.answers.homework import Lab, slug
from paddle_course.answers.pieces import Trained

FAST, TOGETHER = ("fast", "fast-half"), 1000  # the networks made for speed, and their pictures per update
GROWTH = ((0.5, 28),)  # half of the epochs sees a random 28 x 28 pixels of each picture
WHITENED = 5000  # pictures that the fast network's first convolution is worked out from
FLIPS = ("", "random", "alternating")


@dataclass(frozen=True)
class Recipe:
    """A network, what happens to its pictures, and how its weights move.

    Attributes:
        model: its name in `models.MODELS`; `settings` are its settings.
        size: pictures per update.
        follows: a function of `training.recipes` that the weights move by; if none, the next four and `average` count.
        loss: a function of `training.losses`.
        falling: the rate goes up to `lr` and comes down to 0 in the time there is; otherwise it is `lr` throughout, or
            halved where `halvings` says: after a share of the training, below 1, or after so many updates.
        flip: one of FLIPS.
        turn: pictures are turned by up to so many degrees.
        crop: pictures are shifted by up to so many pixels.
        growth: shares of the epochs, the last one below 1, and sides of random squares that are shown of each picture
            until then; in the rest of the epochs it is the whole picture, shifted by up to `crop`.
        cutout: the side of a square that is covered.
        mixup: the alpha of the shares in which two pictures are blended.
        smoothing: the share of each label that is spread over all classes.
        average: the training ends with the average of its last weights.
        views: the function of `batches` that says what the trained network is shown of each picture.
    """

    model: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    size: int = 128
    follows: str = ""
    optimizer: str = "nesterov"
    lr: float = 0.1
    loss: str = "cross_entropy"
    falling: bool = False
    halvings: tuple[float, ...] = ()
    weight_decay: float = 0.0
    flip: str = ""
    turn: float = 0.0
    crop: int = 0
    growth: tuple[tuple[float, int], ...] = ()
    cutout: int = 0
    mixup: float = 0.0
    smoothing: float = 0.0
    average: bool = False
    views: str = "one_view"

    def __post_init__(self) -> None:
        if self.flip not in FLIPS:
            raise ValueError(f"flip {self.flip!r} is none of {FLIPS}")

    @classmethod
    def fast(cls, size: int = TOGETHER, **settings: Any) -> Recipe:
        """The fast network, and the recipe that was made with it."""
        return cls("fast", settings, size, "airbench", flip="alternating", crop=2, smoothing=0.2)

    @classmethod
    def sprint(cls, **settings: Any) -> Recipe:
        """The fast network, and what takes it to the same accuracy in fewer epochs that cost less."""
        return replace(cls.fast(**settings), follows="airbench_muon", growth=GROWTH)

    @classmethod
    def usual(cls, model: str, **settings: Any) -> Recipe:
        """The usual recipe of the other networks, its rate as one triangle."""
        return cls(model, settings, follows="one_cycle", flip="alternating", crop=4, smoothing=0.1)

    def phase(self, epochs: int, steps_per_epoch: int, size: int) -> training.Phase:
        """How the weights move in so many epochs, with batches of `size`."""
        if self.follows:
            return getattr(training.recipes, self.follows)(epochs, steps_per_epoch, size)
        steps, schedules = epochs * steps_per_epoch, training.schedules
        marks = tuple(round(each * steps) if each < 1 else each for each in self.halvings)
        schedule = partial(schedules.multi_step, lr=self.lr, milestones=marks, factor=0.5)
        if not marks:
            schedule = partial(schedules.constant, lr=self.lr)
        if self.falling:
            schedule = partial(schedules.triangle, peak=self.lr, steps=steps, end=0.0)
        average = partial(training.averaging.look_ahead, steps=steps) if self.average else None
        return training.Phase(epochs, self.optimizer, schedule, {"weight_decay": self.weight_decay}, average)

    def sides(self, epochs: int) -> tuple[int, ...]:
        """Of the squares that `growth` shows, for each epoch that sees some."""
        found: list[int] = []
        for share, side in self.growth:
            found += [side] * (round(share * epochs) - len(found))
        return tuple(found)

    def augment(self, seed: int, classes: int, epochs: int) -> tuple[batches.Augmentation, ...]:
        """What happens to the pictures in a training of so many epochs, in this order."""
        wanted = (
            self.flip == "random" and batches.flip,
            self.flip == "alternating" and partial(batches.alternating_flip, seed=seed),
            self.turn and partial(batches.rotate, degrees=self.turn),
            self.growth and partial(batches.growing, sides=self.sides(epochs), pad=self.crop),
            self.crop and not self.growth and partial(batches.pad_crop, pad=self.crop),
            self.cutout and partial(batches.cutout, side=self.cutout),
            self.mixup and partial(batches.mixup, alpha=self.mixup, classes=classes),
        )
        return tuple(filter(None, wanted))


def rate_of(recipe: Recipe, steps: int) -> tuple[list[int], list[float]]:
    """The learning rate of each of so many updates, as a curve."""
    schedule = recipe.phase(1, steps, recipe.size).schedule
    return list(range(steps)), [schedule(step) for step in range(steps)]


@lru_cache(maxsize=1)
def portions(lab: Lab, data: str, per_class: int, tested: int | None = None) -> dict[str, readers.Images]:
    """A data set cut to `per_class` training pictures of each class, if there are so many, and `tested` test pictures.

    "learn" are all of them, "half" is half of them; "fit" are four fifths and "validation" is the rest. The choice
    depends on the lab's seed; the same call gives the same objects.
    """
    images, test, seed = lab.images(data, "train"), lab.images(data, "test"), lab.config.seed
    count = min(per_class, int(np.bincount(images.labels, minlength=len(images.classes)).min()))
    learn, half = (images.take(readers.balanced(images, each, seed)) for each in (count, -(-count // 2)))
    fit, validation = (learn.take(part) for part in readers.stratified_split(learn.labels, 0.8, seed))
    return {"learn": learn, "half": half, "fit": fit, "validation": validation, "test": test.take(slice(tested))}


def train(
    lab: Lab,
    name: str,
    recipe: Recipe,
    images: readers.Images,
    held_out: Mapping[str, readers.Images],
    epochs: int,
    seed: int = 0,
    start: Trained | None = None,
) -> Trained:
    """Train on `images` by `recipe`; the run is called `name` with the seed behind it.

    `held_out` are evaluated after every epoch, as they are, normalised as `images`. The network begins with the weights
    of `start`, if any, but for a last layer that is of other classes.
    """
    classes, size = len(images.classes), min(recipe.size, len(images) // 2)
    net = lab.model(recipe.model, seed, **{"classes": classes, **recipe.settings})
    if start:
        models.transfer({key: value.numpy() for key, value in start.net.state_dict().items()}, net)
    data = normalised(images, images, size, seed=seed, augment=recipe.augment(seed, classes, epochs), drop_last=True)
    if recipe.model in FAST:
        some = images.take(np.arange(min(WHITENED, len(images))))
        net.whiten(normalised(some, images, len(some), shuffle=False).batch(0, 0)[0])
    phase = recipe.phase(epochs, len(data), size)
    loss = getattr(training.losses, recipe.loss)
    if recipe.loss == "cross_entropy":
        loss = partial(loss, smoothing=recipe.smoothing)
    held = {name: as_they_are(each, images) for name, each in held_out.items()}
    return lab.fit(f"{name}-{seed}", net, data, [phase], loss=loss, held_out=held)


def variants(
    lab: Lab,
    prefix: str,
    base: Recipe,
    changes: Mapping[str, Mapping[str, Any]],
    images: readers.Images,
    held_out: Mapping[str, readers.Images],
    epochs: int,
    forgiving: bool = False,
) -> dict[str, list[Trained]]:
    """`base` trained with each of the changes to its fields; what changes nothing is one run, <prefix>-base.

    The runs are called after the changes, which therefore need names of their own in a whole script. `forgiving`
    leaves out what diverges.
    """
    found = {}
    for name, change in changes.items():
        recipe = replace(base, **change)
        run = "base" if recipe == base else slug(name)
        try:
            found[name] = [train(lab, f"{prefix}-{run}", recipe, images, held_out, epochs, lab.config.seed)]
        except training.Diverged as diverged:
            if not forgiving:
                raise
            print(f"left out: {diverged}", file=sys.stderr)
    return found


def accuracies(
    trained: Trained, recipe: Recipe, images: readers.Images, held_out: Mapping[str, readers.Images]
) -> dict[str, float]:
    """The accuracy on each of `held_out` of a network that was trained on `images`, with the views of its recipe."""
    if recipe.views == "one_view":
        return {name: trained.result.final[f"{name}_accuracy"] for name in held_out}
    looks = {name: predicted(trained, each, images, recipe.views) for name, each in held_out.items()}
    return {name: training.metrics.accuracy(*look) for name, look in looks.items()}


def predicted(
    trained: Trained, images: readers.Images, like: readers.Images, views: str = "one_view"
) -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels of `images`, of which a network that was trained on `like` is shown these `views`."""
    return training.predict(trained.net, as_they_are(images, like), getattr(batches, views))


def augmented(lab: Lab, data: str, name: str, epochs: int, seed: int = 0, **settings: Any) -> Trained:
    """Train the model `name` on the data set `data` so that its rate has come down when `epochs` are over.

    The fast networks get the recipe that was made with them, the others the usual one of their kind; all end with the
    test pictures as they are. `settings` are the model's.
    """
    recipe = Recipe.usual(name, **settings)
    if name in FAST:
        recipe = replace(Recipe.sprint(**settings), model=name)
    images, test = lab.images(data, "train"), lab.images(data, "test")
    return train(lab, f"{name}-{epochs}-epochs", recipe, images, {"test": test}, epochs, seed)


def six_views(lab: Lab, data: str, trained: Trained) -> float:
    """Test accuracy when the network looks at six views of each picture."""
    return training.metrics.accuracy(
        *predicted(trained, lab.images(data, "test"), lab.images(data, "train"), "six_views")
    )


def on(images: readers.Images, test: readers.Images) -> str:
    """What a result was measured on: "CIFAR-100, 18,000 / 10,000"."""
    return f"{images.source.removesuffix(' train')}, {len(images):,} / {len(test):,}"


def as_they_are(images: readers.Images, like: readers.Images) -> batches.Batches:
    """`images` in their order, to be looked at by a network that was trained on `like`."""
    return normalised(images, like, 500, shuffle=False)


def normalised(images: readers.Images, like: readers.Images, size: int, **settings: Any) -> batches.Batches:
    """Batches of `images` in which each channel of `like` has mean 0 and standard deviation 1."""
    mean, std = statistics(like)
    return batches.Batches(images, size, mean=mean, std=std, **settings)


@lru_cache(maxsize=2)
def statistics(images: readers.Images) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel; counted once for all trainings of a ladder."""
    return batches.channel_statistics(images.images)
