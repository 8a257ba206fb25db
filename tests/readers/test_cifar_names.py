import numpy as np

from paddle_course.readers.cifar import cifar10, cifar100
from paddle_course.readers.cifar_names import CIFAR10, COARSE, COARSE_OF_FINE, FINE


def test_a_hundred_names_in_twenty_families_of_five():
    assert len(set(CIFAR10)) == 10 and len(set(FINE)) == 100 and len(set(COARSE)) == 20
    assert np.bincount(COARSE_OF_FINE).tolist() == [5] * 20
    assert (FINE[0], FINE[99], COARSE[COARSE_OF_FINE[FINE.index("whale")]]) == ("apple", "worm", "aquatic_mammals")


def test_they_are_the_publishers(real_data):
    if (real_data / "cifar-10-batches-py").is_dir():
        assert cifar10(real_data / "cifar-10-batches-py", "test").classes == CIFAR10
    if (real_data / "cifar-100-python").is_dir():
        fine, coarse = (cifar100(real_data / "cifar-100-python", "test", kind) for kind in ("fine", "coarse"))
        assert (fine.classes, coarse.classes) == (FINE, COARSE)
        assert (np.array(COARSE_OF_FINE)[fine.labels] == coarse.labels).all()
