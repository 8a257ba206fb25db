"""The process -> a process that trains well: threads, quiet start, device, seeds, and how a command ends.

`prepare` runs when the package is imported and only sets environment variables; `start` imports Paddle. The order
matters because Paddle and its MKL read these variables once, at import.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import io
import os
import platform
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from paddle_course import machine

ROOT = Path(__file__).resolve().parents[1]


class UserError(Exception):
    """The user's mistake, in one line: what was wrong, where, and what to do. The command ends with exit code 2."""


class Stopped(Exception):
    """SIGINT or SIGTERM arrived and what can be saved is; `code` is 130 or 143, the message says what goes on."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


@functools.cache
def about_cpu() -> dict[str, str]:
    """What Linux tells of the processor, by name of the field; nothing elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}


def processor() -> str:
    """The processor's vendor and name ("AuthenticAMD AMD EPYC"); outside Linux what Python knows."""
    fields = about_cpu()
    told = " ".join(fields[key] for key in ("vendor_id", "model name") if key in fields)
    return told or platform.processor() or platform.machine()


def instructions() -> str:
    """The widest vector instructions of the processor that matter here; outside Linux, and of other kinds, ""."""
    flags = about_cpu().get("flags", "").split()
    wanted = {"avx512_bf16": "AVX-512 with bfloat16", "avx512bw": "AVX-512", "avx2": "AVX2"}
    return next((name for flag, name in wanted.items() if flag in flags), "")


def cores() -> int:
    """The cores this process may use, in a container no more than its quota pays for: at least one."""
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(mine, machine.quota())))


def prepare() -> None:
    """Set what Paddle reads when it is imported. What the user has set already stays."""
    if "paddle" in sys.modules:
        return
    os.environ.setdefault("OMP_NUM_THREADS", str(cores()))  # Paddle would set 1
    os.environ.setdefault("GLOG_minloglevel", "1")
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**27))  # its own limit lets a small file fill 3 GB
    if "AuthenticAMD" in processor():
        # Paddle's MKL takes its slowest path on AMD unless told otherwise; docs/cpu.md has what that costs.
        os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")


def start(device: str = "cpu") -> str:
    """Import Paddle quietly, choose the device ("cpu" or "gpu") and say in one line what the run stands on.

    Denormals count as zero from here on, unless PADDLE_COURSE_DENORMALS=keep. A second line, on stderr, tells when
    other processes keep the cores busy, for which the import is as good a time to watch as any.
    """
    before, handler = machine.reading(), signal.getsignal(signal.SIGTERM)
    with contextlib.redirect_stderr(io.StringIO()) as said, warnings.catch_warnings():
        # Two remarks no user can act on: the lack of ccache, and that more than one thread is unusual.
        warnings.filterwarnings("ignore", message="No ccache found")
        try:
            if os.environ.get("PADDLE_COURSE_DENORMALS") != "keep":
                machine.flush()
            machine.keep_memory()
            import paddle
        except ImportError as error:
            raise UserError(
                f"Paddle cannot be imported ({error}): run ./run.sh once, it installs what is needed"
            ) from None
    with contextlib.suppress(ValueError):  # Paddle's own answer to SIGTERM is a stack of C++ calls
        signal.signal(signal.SIGTERM, handler)
    for line in said.getvalue().splitlines():
        if not any(word in line for word in ("OMP_NUM_THREADS", "ccache", "warnings.warn(")):
            print(line, file=sys.stderr)
    if device == "gpu" and not paddle.is_compiled_with_cuda():
        raise UserError(
            "--device gpu: this Paddle is built for the CPU only; see requirements-gpu.txt, or use --device cpu"
        )
    warnings.filterwarnings("ignore", message="When training, we now always track")  # said of every batch norm
    paddle.set_device(device)
    if machine.flushes():
        machine.flush_mkl(Path(paddle.__file__).parent / "libs")
    threads = os.environ["OMP_NUM_THREADS"]
    count = int(threads) if threads.isdigit() else 1  # "2,1", a number for each level, is the user's own care
    if device == "cpu" and (line := machine.busy(before, machine.reading(), count, machine.quota())):
        print(line, file=sys.stderr)
    return f"Paddle {paddle.__version__} on {device}, {threads} threads, {processor()}"


def fingerprint() -> dict[str, str]:
    """What the last bits of a result depend on; a checkpoint keeps it, and a resume under another one says so."""
    import numpy
    import paddle

    return {
        "paddle": paddle.__version__,
        "numpy": numpy.__version__,
        "device": paddle.get_device(),
        "threads": os.environ.get("OMP_NUM_THREADS", "1"),
        "mkl_debug_cpu_type": os.environ.get("MKL_DEBUG_CPU_TYPE", ""),
        "denormals": "flushed" if machine.flushes() else "kept",
        "processor": processor(),
        "instructions": instructions(),
    }


@functools.cache
def commit() -> str:
    """The commit of this checkout ("abc1234", "abc1234-dirty" with changes on top), "unknown" outside of one."""
    words = ["git", "describe", "--always", "--dirty", "--abbrev=7", "--exclude=*"]
    if not (ROOT / ".git").exists():  # git would tell of whatever repository this copy lies in
        return "unknown"
    try:
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True).stdout.strip() or "unknown"
    except OSError:
        return "unknown"


def environment() -> dict[str, str]:
    """`fingerprint`, and where the run came from: Python, system, commit, command."""
    return fingerprint() | {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": str(cores()),
        "commit": commit(),
        "command": command(),
    }


def command() -> str:
    """The command as a person would type it again: `./run.sh hw08 --seed 1`."""
    return os.environ.get("PADDLE_COURSE_COMMAND") or " ".join(["python", *sys.argv])


def again() -> str:
    """What goes on where this command is stopped: "the same command", or it without --fresh, which would begin anew."""
    words = command().split(" ")
    return " ".join(each for each in words if each != "--fresh") if "--fresh" in words else "the same command"


def language() -> str:
    """ "zh" or "en", as the environment asks."""
    asked = next((os.environ[key] for key in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(key)), "")
    return "zh" if asked.lower().startswith("zh") else "en"


def seed_of(*parts: int | str) -> int:
    """A seed below 2**31 that is a function of `parts` alone, on every machine and in every process."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return int.from_bytes(digest[:4], "little") & 0x7FFFFFFF


class Stopper:
    """Within `with Stopper() as stop`, the first SIGINT or SIGTERM sets `stop.code`; a second one ends the process.

    Entered after Paddle's import, which replaces the SIGTERM handler.
    """

    def __enter__(self) -> Stopper:
        self.code = 0
        self._previous = {}
        with contextlib.suppress(ValueError):  # only the main thread may set handlers; elsewhere nobody stops us
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._first)
        return self

    def _first(self, number: int, _frame: object) -> None:
        self.code = 128 + number
        for each in self._previous:
            signal.signal(each, signal.SIG_DFL)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)


def run(main: Callable[[], None], ended: str = "") -> int:
    """Call `main` and return the exit code: 0 done, 2 the user's mistake, 1 ours, 130 or 143 stopped.

    `ended` is told when a signal arrives outside of a training; where it is empty, that the last checkpoint is kept.
    """
    ended = ended or f"{again()} goes on from the last checkpoint"

    def terminated(number: int, _frame: object) -> None:
        raise Stopped(128 + number, ended)

    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGTERM, terminated)
    try:
        main()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except Stopped as stopped:
        print(f"stopped: {stopped}", file=sys.stderr)
        return stopped.code
    except MemoryError:
        print("error: not enough memory: take smaller batches or fewer examples; what was saved stays", file=sys.stderr)
        return 2
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise
        print(
            f"error: {error.strerror}: make room, or name another place with --out or --data-root; what was saved "
            "stays",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print(f"stopped: {ended}", file=sys.stderr)
        return 130
    return 0


def check_port(port: int) -> None:
    """UserError where no server of this machine's own can be had at `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise UserError(f"port {port} cannot be used ({why}): take another one with --port") from None
