"""What all tests share: Paddle started as the homework starts it, and the real data where it lies."""

from __future__ import annotations

import gc
import os
import signal
from pathlib import Path

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:  # a worker for each core: with more threads they would wait for each other
    os.environ["OMP_NUM_THREADS"] = "1"  # the process that started this one has set all cores

from paddle_course import runtime
from tests.browser import browser  # noqa: F401  a fixture


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The homework comes first: where its tests, by far the longest, come last, one core waits for the other."""
    items.sort(key=lambda item: "tests/homework/" not in item.nodeid)


def pytest_collection_finish() -> None:
    """What is imported now stays to the end: the garbage collector need not go through it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def paddle_started() -> None:
    """Import Paddle before the first test: what its import says on stderr must not fall into a test's output."""
    runtime.start()


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_counts() -> None:
    """Some tests press it, and a shell has all that it starts in the background ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the publishers' data, which is not in the repository: such a test has a twin on stand-ins."""
    return Path(os.environ.get("PADDLE_COURSE_DATA", runtime.ROOT / "data"))
