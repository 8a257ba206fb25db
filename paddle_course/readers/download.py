"""The publishers' addresses -> files under data/, checked against their md5: `./run.sh data NAME`.

`./run.sh data dogs` is the exception: it makes files of others, CIFAR-10's or your own.

A broken-off download leaves NAME.part behind and goes on from there the next time, from whichever address answers.
Quick, Draw! has 20 GB and no md5: of it only the beginning of each file is fetched, by `first_lines`.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pooch
import requests
import urllib3
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from paddle_course import files, runtime
from paddle_course.readers.dogs import make_dogs
from paddle_course.readers.images import one_of
from paddle_course.readers.locate import data_root
from paddle_course.runtime import UserError

Done = TypeVar("Done")
TRIES = 3  # in a row without a single new byte, per address
PAUSE = 0.5  # seconds before going on; doubled with each of those tries
TIMEOUT = (5, 30)  # seconds to connect, and between two pieces


@dataclass(frozen=True)
class Remote:
    """One file: where it goes below the data root, its md5, and who has it."""

    place: str
    md5: str
    url: str  # the official address
    mirrors: tuple[str, ...] = ()


def _cifar(name: str, md5: str) -> tuple[Remote, ...]:
    official, mirror = "https://dataset.bj.bcebos.com/cifar/", "https://www.cs.toronto.edu/~kriz/"
    return (Remote(name, md5, official + name, (mirror + name,)),)


def _idx(folder: str, official: str, mirror: str, *md5s: str) -> tuple[Remote, ...]:
    names = [f"{half}-{what}-ubyte.gz" for half in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]
    return tuple(Remote(f"{folder}/{f}", m, official + f, (mirror + f,)) for f, m in zip(names, md5s, strict=True))


SOURCES = {
    "cifar10": _cifar("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),
    "cifar100": _cifar("cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85"),
    "mnist": _idx(
        "mnist",
        "https://dataset.bj.bcebos.com/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "9fb629c4189551a2d022fa330f9573f3",
        "ec29112dd5afa0611ce80d1b7f02629c",
    ),
    "fashion-mnist": _idx(
        "fashion-mnist",
        "https://dataset.bj.bcebos.com/fashion_mnist/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "25c81989df183df01b3e8a0aad5dffbe",
        "bef4ecab320f06d8554ea6380940ec79",
        "bb300cfdad3c16e7a12a480ee83cd310",
    ),
    "housing": (
        Remote(
            "housing.data",
            "d4accdce7a25600298819f8e28e8d593",
            "http://paddlemodels.bj.bcebos.com/uci_housing/housing.data",
            ("https://archive.ics.uci.edu/ml/machine-learning-databases/housing/housing.data",),
        ),
    ),
}


def fetch(name: str, root: str | Path, progress: bool = True, **part: int) -> Path:
    """Bring one data set ("all": those of SOURCES) under `root` and return what its reader takes: a file or a folder.

    A file that is there with the right md5 is not fetched again. If no address serves it, the UserError says how to
    bring it by hand. `part` are the `words` and `per_word` of doodles.
    """
    one_of("data set", name, (*SOURCES, "doodles", "all"))
    root = Path(root)
    if name == "doodles":
        from paddle_course.readers.first_lines import fetch_doodles

        return fetch_doodles(root, progress=progress, **part)
    if name == "all":
        for each in SOURCES:
            fetch(each, root, progress)
        return root
    for remote in SOURCES[name]:
        target = root / remote.place
        with files.alone_in(target.parent):
            _fetch_file(remote, target, progress)
    return root / Path(SOURCES[name][0].place).parts[0]


def _fetch_file(remote: Remote, target: Path, progress: bool) -> None:
    """pooch compares md5s and renames; `_download` does the rest, from one address after the other."""
    pooch.get_logger().setLevel("ERROR")
    part = target.with_name(target.name + ".part")
    addresses, failures = [remote.url, *remote.mirrors], []
    while addresses:
        url, resumed = addresses.pop(0), part.exists()
        try:
            pooch.retrieve(
                url,
                known_hash=f"md5:{remote.md5}",
                fname=target.name,
                path=target.parent,
                downloader=lambda url, file, _: _download(url, Path(file), part, progress),
            )
            return
        except (OSError, urllib3.exceptions.HTTPError) as error:
            if getattr(error, "errno", None) is not None:  # the disk's affair
                raise
            failures.append(f"{urlsplit(url).hostname}: {reason(error)}")
        except ValueError:
            failures.append(f"{urlsplit(url).hostname}: another md5")
            if resumed:  # what was left from the last time may be to blame; it is gone now
                addresses.insert(0, url)
    raise UserError(
        f"{target.name} cannot be downloaded ({'; '.join(failures)}): bring {remote.url} (md5 {remote.md5}) "
        f"to {target.parent} by hand, or use --data stand-in"
    )


def reason(error: Exception) -> str:
    """Why a download failed, in a few words."""
    if isinstance(error, requests.HTTPError):
        return f"status {error.response.status_code}"
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    # What remains of requests' is a proxy or a certificate that is set wrongly, and tells which.
    broken = isinstance(error, (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.HTTPError))
    return "broken off" if broken else str(error)


def _download(url: str, target: Path, part: Path, progress: bool) -> None:
    """Fill `part` from `url`, in as many goes as it takes while each brings something, and rename it to `target`."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not progress) as bar:
        task = bar.add_task(f"{part.stem} from {urlsplit(url).hostname}", total=None)
        patiently(lambda: _transfer(url, part, bar, task), part)
    part.replace(target)


def patiently(transfer: Callable[[], Done], part: Path) -> Done:
    """Call `transfer`, which fills `part`, again after a failure: while each call brings something, and twice more."""
    failures = 0
    while True:
        before = _size(part)
        try:
            return transfer()
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            failures = failures + 1 if _size(part) <= before else 0
            if failures == TRIES or _refused(error):
                raise
            time.sleep(PAUSE * 2**failures)


def _refused(error: Exception) -> bool:
    """Whether asking again is pointless: the address is wrong or closed (4xx), and it is not just too busy."""
    if isinstance(error, ValueError):  # of a proxy, say, that is of no known kind
        return True
    status = error.response.status_code if isinstance(error, requests.HTTPError) else 0
    return 400 <= status < 500 and status not in (408, 416, 429)


def _transfer(url: str, part: Path, bar: Progress, task: int) -> None:
    """One request: append to `part` what it lacks, or start over when the server does not do ranges."""
    have = _size(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        span = response.headers.get("Content-Range", "")
        if response.status_code == 416 and span == f"bytes */{have}":
            return  # it was complete already
        if response.status_code == 416 or (response.status_code == 206 and not span.startswith(f"bytes {have}-")):
            part.unlink()  # longer than the file, or a server that sends another piece: begin anew
            raise requests.HTTPError("range", response=response)
        response.raise_for_status()
        start = have if response.status_code == 206 else 0
        length = response.headers.get("Content-Length")
        bar.reset(task, total=start + int(length) if length else None, completed=start)
        with part.open("ab" if start else "wb") as file:
            # The raw bytes: some servers declare a .gz file to be gzip-encoded, and it would arrive unpacked.
            for piece in response.raw.stream(1 << 16, decode_content=False):
                file.write(piece)
                bar.advance(task, len(piece))
    if length and _size(part) < start + int(length):
        raise requests.ConnectionError("broken off")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./run.sh data", description="Download a data set and check it.")
    parser.add_argument(
        "name",
        choices=(*SOURCES, "doodles", "all", "dogs"),
        help="all: all but doodles, the largest; dogs: made of CIFAR-10 or of your pictures",
    )
    parser.add_argument("--data-root", default="", help="default: PADDLE_COURSE_DATA or data/")
    parser.add_argument("--words", type=int, help="doodles: how many, 1 to 345; default 340, those of Kaggle")
    parser.add_argument("--per-word", type=int, help="doodles: the first so many drawings of each; default 4000")
    parser.add_argument("--from", dest="source", default="", metavar="DIR", help="dogs: your own pictures")
    flags = parser.parse_args(argv)
    part = {key: value for key in ("words", "per_word") if (value := getattr(flags, key)) is not None}
    if part and flags.name != "doodles":
        parser.error("--words and --per-word go with doodles")
    if flags.source and flags.name != "dogs":
        parser.error(f"--from belongs to dogs; {flags.name} is downloaded")
    root = data_root(flags.data_root)
    if flags.name == "dogs":
        return runtime.run(lambda: print(make_dogs(root, flags.source)), "the same command begins anew")
    ended = "the same command goes on with the download"
    return runtime.run(lambda: print(fetch(flags.name, root, **part)), ended)


if __name__ == "__main__":
    sys.exit(main())
