import numpy as np

from paddle_course.readers.drawings import coloured_shapes, eye, face, segment_digits


def test_shapes_have_their_hue_and_their_form():
    rng = np.random.default_rng(0)
    shapes, hues = np.repeat(np.arange(5), 40), np.zeros(200)
    images = coloured_shapes(shapes, hues, rng)
    assert images.dtype == np.uint8 and images.shape == (200, 32, 32, 3)
    middle = images[shapes == 0][:, 13:19, 13:19].mean(axis=(0, 1, 2))  # hue 0 is red
    assert middle[0] > 1.5 * middle[1:].max()
    ring, disc = (images[shapes == s][:, 14:18, 14:18, 0].mean() for s in (3, 0))
    assert disc > ring + 30  # a ring is hollow
    assert not (images[0] == images[1]).all()


def test_an_eight_lights_more_than_a_one():
    digits = segment_digits(np.repeat(np.arange(10), 30), np.random.default_rng(0))
    assert digits.dtype == np.uint8 and digits.shape == (300, 28, 28)
    light = digits.reshape(10, -1).mean(axis=1)
    assert light.argmax() == 8 and light.argmin() == 1


def test_faces_differ_by_kind_and_fill_their_size():
    cat, dog = (face(kind, 120, 160, np.random.default_rng(3)) for kind in ("cat", "dog"))
    assert cat.shape == dog.shape == (120, 160, 3) and cat.dtype == np.uint8
    assert (abs(cat.astype(int) - dog) > 20).mean() > 0.02


def test_a_sick_eye_is_paler_than_a_healthy_one_and_both_lie_in_the_dark():
    rng = np.random.default_rng(0)
    eyes = {kind: np.stack([eye(kind, 120, rng) for _ in range(20)]) for kind in "NHP"}
    assert all(each.shape == (20, 120, 120, 3) and not each[:, :8, :8].any() for each in eyes.values())
    pale = {kind: (each.min(-1) > 60).mean() for kind, each in eyes.items()}
    assert pale["P"] > 1.5 * pale["H"] > 1.5 * 0.8 * pale["N"] > 0
