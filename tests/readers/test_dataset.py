import numpy as np
import paddle
import pytest
from paddle.io import DataLoader

from paddle_course.readers.dataset import ImageDataset
from paddle_course.readers.images import Images


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    return Images(rng.integers(0, 256, (10, 4, 6, 3), np.uint8), np.arange(10), tuple("abcdefghij"), "noise")


def test_an_item_is_a_float_picture_in_channel_order(images):
    dataset = ImageDataset(images)
    assert isinstance(dataset, paddle.io.Dataset) and len(dataset) == 10
    picture, label = dataset[7]
    assert picture.dtype == np.float32 and picture.shape == (3, 4, 6) and picture.flags.c_contiguous
    assert (picture * 255).round().astype(np.uint8).tolist() == images.images[7].transpose(2, 0, 1).tolist()
    assert label == 7 and label.dtype == np.int64
    assert len(list(dataset)) == 10  # ends with an IndexError, as iteration over it wants


@pytest.mark.parametrize("workers", [0, 2])
def test_paddles_loader_makes_batches_of_it(images, workers):
    batches = list(DataLoader(ImageDataset(images), batch_size=4, num_workers=workers))
    assert [tuple(x.shape) for x, _ in batches] == [(4, 3, 4, 6), (4, 3, 4, 6), (2, 3, 4, 6)]
    assert batches[0][0].dtype == paddle.float32 and batches[0][1].dtype == paddle.int64
    assert np.concatenate([y.numpy() for _, y in batches]).tolist() == list(range(10))
    np.testing.assert_array_equal(batches[1][0][0].numpy(), ImageDataset(images)[4][0])


def test_a_transform_replaces_the_default(images):
    dataset = ImageDataset(images, transform=lambda image, label: (image.sum(), label + 1))
    assert dataset[3] == (images.images[3].sum(), 4)
