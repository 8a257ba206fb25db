import os
import pickle
import pickletools

import numpy as np
import pytest

from paddle_course.readers.unpickle import unpickle
from paddle_course.runtime import UserError

BATCH = {b"data": np.arange(12, dtype=np.uint8).reshape(3, 4), b"labels": [1, 2, 3], b"batch_label": b"one \xff"}


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_bytes_lists_and_arrays_of_bytes_come_through(protocol):
    found = unpickle(pickle.dumps(BATCH, protocol), "batch")
    assert found[b"labels"] == [1, 2, 3] and found[b"batch_label"] == b"one \xff"
    assert found[b"data"].dtype == np.uint8
    np.testing.assert_array_equal(found[b"data"], BATCH[b"data"])


def test_column_major_arrays_keep_their_order():
    array = np.asfortranarray(BATCH[b"data"])
    np.testing.assert_array_equal(unpickle(pickle.dumps({b"data": array}, 2), "batch")[b"data"], array)


def test_python_2_pickles_give_bytes():
    """The head of the real files: protocol 2, SHORT_BINSTRING."""
    raw = b"\x80\x02}q\x01(U\x0bbatch_labelq\x02U\x03oneU\x06labels]q\x03(K\x06K\x09eu."
    assert unpickle(raw, "batch") == {b"batch_label": b"one", b"labels": [6, 9]}


class Evil:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_a_pickle_names_is_run(tmp_path, protocol):
    proof = tmp_path / "proof"
    evil = pickle.dumps({b"data": Evil(os.system, f"touch {proof}")}, protocol)
    with pytest.raises(UserError, match=r"^batch is no pickle of CIFAR \(it names (posix|nt)\.system"):
        unpickle(evil, "batch")
    assert not proof.exists()
    pickle.loads(evil)  # the same bytes, read the usual way, do run it: the test can fail
    assert proof.exists()


@pytest.mark.parametrize("name", ["eval", "exec", "getattr", "__import__", "open"])
def test_builtins_are_refused_too(name):
    raw = b"c__builtin__\n" + name.encode() + b"\n(V1\ntR."
    with pytest.raises(UserError, match=f"it names __builtin__.{name}|it names builtins.{name}"):
        unpickle(raw, "batch")


@pytest.mark.parametrize("name", ["numpy load", "numpy frombuffer", "numpy._core.multiarray scalar", "_codecs decode"])
def test_neighbours_of_the_admitted_names_are_refused(name):
    with pytest.raises(UserError, match="it names " + name.replace(" ", ".")):
        unpickle(b"c" + name.replace(" ", "\n").encode() + b"\n.", "batch")


def test_state_cannot_be_set_on_what_is_admitted():
    """BUILD with a dict sets attributes of the object on the stack, here of our own classes."""
    for name in (b"numpy\nndarray", b"numpy\ndtype", b"_codecs\nencode"):
        with pytest.raises(UserError):
            unpickle(b"\x80\x02c" + name + b"\n}U\x05arrayK\x01sb.", "batch")
    test_bytes_lists_and_arrays_of_bytes_come_through(2)


def test_arrays_of_anything_but_bytes_are_refused():
    for array in (np.arange(3), np.array([{}, None], object), np.zeros(3, "V8"), np.zeros(2, [("a", "u1")])):
        with pytest.raises(UserError, match="instead of bytes"):
            unpickle(pickle.dumps({b"data": array}, 2), "batch")


def test_an_array_whose_size_lies_is_refused():
    raw = pickle.dumps({b"data": np.zeros((2, 5), np.uint8)}, 2)
    assert raw.count(b"K\x02K\x05\x86") == 1
    with pytest.raises(UserError, match="batch is no pickle"):
        unpickle(raw.replace(b"K\x02K\x05\x86", b"K\x02K\x09\x86"), "batch")


def test_cut_and_garbled_pickles_are_refused_in_one_line():
    raw = pickle.dumps(BATCH, 2)
    ends = [position for _, _, position in pickletools.genops(raw)]
    for cut in (0, 1, *ends[1:], len(raw) - 1):
        with pytest.raises(UserError, match=r"^batch ") as caught:
            unpickle(raw[:cut], "batch")
        assert "\n" not in str(caught.value)
    rng = np.random.default_rng(0)
    for _ in range(300):
        garbled = bytearray(raw)
        garbled[rng.integers(len(raw))] ^= 1 << int(rng.integers(8))
        try:
            unpickle(bytes(garbled), "batch")
        except UserError as error:
            assert "\n" not in str(error)


def test_something_else_than_a_dict_is_refused():
    with pytest.raises(UserError, match="holds a list instead of a dict"):
        unpickle(pickle.dumps([1]), "batch")
