"""Small files in the true formats, and a file server that misbehaves on demand."""

from __future__ import annotations

import contextlib
import io
import pickle
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from paddle_course.readers.cifar_names import CIFAR10, COARSE, COARSE_OF_FINE, FINE


class Cifar:
    """Random pixels as the publisher would pack them; `train` and `test` hold what a reader must return."""

    def __init__(self, classes: int):
        rng = np.random.default_rng(classes)
        self.batches = {}
        names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"] if classes == 10 else ["train", "test"]
        for name in names:
            labels = rng.permutation(classes)[:7]
            self.batches[name] = (rng.integers(0, 256, (7, 32, 32, 3), np.uint8), labels)
        self.classes = classes

    def expected(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        found = [pair for name, pair in self.batches.items() if name.startswith("test") == (split == "test")]
        return tuple(np.concatenate(each) for each in zip(*found, strict=True))

    def contents(self) -> dict[str, dict]:
        """File name -> what its pickle holds."""
        files = {}
        for name, (images, labels) in self.batches.items():
            files[name] = {b"data": images.transpose(0, 3, 1, 2).reshape(7, 3072)}
            if self.classes == 10:
                files[name][b"labels"] = labels.tolist()
            else:
                files[name] |= {
                    b"fine_labels": labels.tolist(),
                    b"coarse_labels": np.array(COARSE_OF_FINE)[labels].tolist(),
                }
        if self.classes == 10:
            files["batches.meta"] = {b"label_names": [name.encode() for name in CIFAR10]}
        else:
            files["meta"] = {
                b"fine_label_names": [n.encode() for n in FINE],
                b"coarse_label_names": [n.encode() for n in COARSE],
            }
        return files

    def folder(self, place: Path, protocol: int = 2) -> Path:
        place.mkdir(exist_ok=True)
        for name, contents in self.contents().items():
            (place / name).write_bytes(pickle.dumps(contents, protocol=protocol))
        return place

    def tar(self, path: Path) -> Path:
        with tarfile.open(path, "w:gz") as archive:
            for name, contents in sorted(
                self.contents().items(), reverse=True
            ):  # the official archive is in no order either
                raw = pickle.dumps(contents, protocol=2)
                member = tarfile.TarInfo(f"cifar/{name}")
                member.size = len(raw)
                archive.addfile(member, io.BytesIO(raw))
        return path

    def bins(self, place: Path) -> Path:
        place.mkdir()
        for name, (images, labels) in self.batches.items():
            columns = [labels] if self.classes == 10 else [np.array(COARSE_OF_FINE)[labels], labels]
            rows = [np.array(columns, np.uint8).T, images.transpose(0, 3, 1, 2).reshape(7, 3072)]
            np.concatenate(rows, axis=1).tofile(place / f"{name}.bin")
        return place


@pytest.fixture
def cifar10_files() -> Cifar:
    return Cifar(10)


@pytest.fixture
def cifar100_files() -> Cifar:
    return Cifar(100)


class Server:
    """Serves `files` at `url`; the lists below say what goes wrong, one entry per request, then all goes well."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.ranges = True  # whether Range is obeyed
        self.cut: list[int] = []  # close the connection after so many bytes
        self.status: list[int] = []  # answer with this status
        self.headers: dict[str, str] = {}
        self.requests: list[tuple[str, str]] = []  # (path, Range header)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        span = request.headers.get("Range", "")
        self.requests.append((request.path, span))
        data = self.files.get(request.path.lstrip("/"))
        status = self.status.pop(0) if self.status else 200 if data is not None else 404
        if status != 200:
            request.send_error(status)
            return
        first, last = span.removeprefix("bytes=").split("-") if span and self.ranges else ("", "")
        start, end = int(first or 0), min(int(last or len(data)) + 1, len(data))
        if start and start >= len(data):
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(data)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(206 if first else 200)
        if first:
            request.send_header("Content-Range", f"bytes {start}-{end - 1}/{len(data)}")
        request.send_header("Content-Length", str(end - start))
        for name, value in self.headers.items():
            request.send_header(name, value)
        request.end_headers()
        sent = data[start : start + self.cut.pop(0)] if self.cut else data[start:end]
        with contextlib.suppress(ConnectionError):  # who has enough hangs up
            request.wfile.write(sent)

    def close(self) -> None:
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def mirror():
    server = Server()
    yield server
    server.close()
