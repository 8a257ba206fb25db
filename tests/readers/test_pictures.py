import struct
import zlib

import cv2
import numpy as np
import pytest

from paddle_course.readers.pictures import centre_crop, pictures, read_picture, resize
from paddle_course.runtime import UserError


def save(path, image):
    cv2.imencode(path.suffix, image[..., ::-1])[1].tofile(path)
    return path


@pytest.fixture
def image():
    """Red on the left, blue on the right, 20 high and 30 wide."""
    image = np.zeros((20, 30, 3), np.uint8)
    image[:, :15, 0], image[:, 15:, 2] = 255, 255
    return image


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "猫 и кот.png"])
def test_a_picture_is_read_as_rgb(tmp_path, image, name):
    np.testing.assert_array_equal(read_picture(save(tmp_path / name, image)), image)


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_lossy_formats_come_close(tmp_path, image, name):
    back = read_picture(save(tmp_path / name, image))
    assert back.shape == image.shape and abs(back[10, [2, 27]].astype(int) - image[10, [2, 27]]).max() < 12


def test_grey_and_transparent_pictures_have_three_channels(tmp_path):
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((4, 5), 7, np.uint8))
    cv2.imwrite(str(tmp_path / "clear.png"), np.full((4, 5, 4), 7, np.uint8))
    for name in ("grey.png", "clear.png"):
        assert read_picture(tmp_path / name).tolist() == np.full((4, 5, 3), 7).tolist()


def test_a_picture_in_grey(tmp_path, image):
    assert read_picture(save(tmp_path / "a.png", image), grey=True)[10, [2, 27], 0].tolist() == [76, 29]
    assert read_picture(tmp_path / "a.png", grey=True).shape == (20, 30, 1)


def test_pictures_come_in_the_order_of_their_names(tmp_path, image):
    for name in ("b.PNG", "a.jpg", "c.webp", "._a.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    for name in ("b.PNG", "a.jpg", "c.webp"):
        save(tmp_path / name, image)
    (tmp_path / "more").mkdir()
    found = pictures(tmp_path)
    assert [path.name for path, _ in found] == ["a.jpg", "b.PNG", "c.webp"]
    assert all(picture.shape == (20, 30, 3) for _, picture in found)


@pytest.mark.parametrize("raw", [b"", b"<html>", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"])
def test_an_unreadable_picture_is_named(tmp_path, image, raw, capfd):
    save(tmp_path / "a.png", image)
    (tmp_path / "b.jpg").write_bytes(raw)
    with pytest.raises(UserError, match=r"b\.jpg cannot be read as a picture; take it out"):
        pictures(tmp_path)


def test_half_a_picture_is_none(tmp_path, image, capfd):
    noise = np.random.default_rng(0).integers(0, 256, (80, 80, 3), np.uint8)
    path = save(tmp_path / "a.png", noise)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(UserError, match="cannot be read"):
        read_picture(path)


def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path):
    """400 million grey pixels in a file of 50 kB."""
    rows, lines = zlib.compressobj(1), b"\0" + bytes(20_000 // 8)
    data = b"".join([rows.compress(lines * 100) for _ in range(200)] + [rows.flush()])
    header = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    png = b"".join(struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + png)
    with pytest.raises(UserError, match="cannot be read as a picture"):
        read_picture(tmp_path / "a.png")


def test_empty_and_missing_folders(tmp_path):
    with pytest.raises(UserError, match=r"holds no pictures; put some in it \(.bmp, .jpeg"):
        pictures(tmp_path)
    with pytest.raises(UserError, match="nowhere is no folder"):
        pictures(tmp_path / "nowhere")
    with pytest.raises(UserError, match="cannot be read"):
        read_picture(tmp_path / "nowhere.jpg")


def test_the_middle_is_cropped(image):
    crop = centre_crop(image)
    assert crop.shape == (20, 20, 3)
    np.testing.assert_array_equal(crop, image[:, 5:25])
    np.testing.assert_array_equal(centre_crop(image.transpose(1, 0, 2)), image.transpose(1, 0, 2)[5:25])
    np.testing.assert_array_equal(centre_crop(crop), crop)


def test_shrinking_averages_areas_and_squashes(image):
    checks = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    assert set(resize(checks, 8).ravel()) <= {127, 128}  # nothing aliases
    small = resize(image, 10)
    assert small.shape == (10, 10, 3) and small[5, 0].tolist() == [255, 0, 0] and small[5, 9].tolist() == [0, 0, 255]
    assert resize(image, 40).shape == (40, 40, 3)
    assert resize(checks[..., None], 8).shape == (8, 8, 1)
    np.testing.assert_array_equal(resize(image[:, :20], 20), image[:, :20])


def test_the_real_pets(real_data):
    if not (real_data / "pets").is_dir():
        return
    found = pictures(real_data / "pets")
    assert len(found) == 240 and all(resize(centre_crop(picture), 32).shape == (32, 32, 3) for _, picture in found)
