"""Threads and seeds before Paddle, and how a command ends."""

from __future__ import annotations

import math
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paddle_course import machine, runtime

HW08 = str(runtime.ROOT / "homework/hw08_cifar10_camp.py")


def python(*words: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {
        key: value for key, value in os.environ.items() if key not in ("OMP_NUM_THREADS", "MKL_DEBUG_CPU_TYPE")
    }
    environment |= {"PYTHONPATH": str(runtime.ROOT)} | variables
    return subprocess.run([sys.executable, *words], env=environment, capture_output=True, text=True, timeout=60)


def test_importing_the_package_does_not_import_paddle() -> None:
    code = (
        "import sys, paddle_course; from paddle_course import readers, batches, models, training, answers; "
        "print('paddle' in sys.modules, 'numpy' in sys.modules)"
    )
    assert python("-c", code).stdout.split() == ["False", "False"]


def test_help_does_not_import_paddle() -> None:
    run = python("-X", "importtime", HW08, "--help")
    assert run.returncode == 0
    assert "--per-class" in run.stdout
    assert "paddle_course.answers" in run.stderr
    assert "| paddle\n" not in run.stderr
    assert " paddle.base" not in run.stderr


def test_threads_are_those_of_the_machine_unless_the_user_says_otherwise() -> None:
    code = "import os, paddle_course; print(os.environ['OMP_NUM_THREADS'])"
    assert python("-c", code).stdout.strip() == str(runtime.cores())
    assert python("-c", code, OMP_NUM_THREADS="1").stdout.strip() == "1"


def test_a_containers_quota_counts_like_missing_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for quota, cores in ((math.inf, 8), (64.0, 8), (2.5, 2), (1.0, 1), (0.5, 1)):
        monkeypatch.setattr(machine, "quota", lambda quota=quota: quota)
        assert runtime.cores() == cores


def test_paddle_starts_quietly_and_says_what_it_stands_on() -> None:
    run = python("-c", "from paddle_course import runtime; print(runtime.start())")
    # Other tests may run beside this one: then, and only then, there is a line to say so.
    assert [line for line in run.stderr.splitlines() if not line.startswith("the machine is busy")] == []
    assert run.stdout.startswith("Paddle 3.")
    assert f"{runtime.cores()} threads" in run.stdout


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("fma avx2 avx512f avx512bw avx512_bf16 amx_bf16", "AVX-512 with bfloat16"),
        ("fma avx2 avx512f avx512bw", "AVX-512"),
        ("fma avx2", "AVX2"),
        ("sse4_2", ""),
        (None, ""),
    ],
)
def test_the_instructions_of_the_processor(monkeypatch, flags, said) -> None:
    monkeypatch.setattr(runtime, "about_cpu", lambda: {} if flags is None else {"flags": flags})
    assert runtime.instructions() == said
    assert runtime.processor()


DENORMALS = """
from concurrent.futures import ThreadPoolExecutor
from paddle_course import onednn, runtime
runtime.start()
import numpy as np, paddle
raw = np.random.default_rng(0).integers(1, 1 << 23, 1 << 18, np.uint32).view(np.float32)
tiny, one = paddle.to_tensor(raw), paddle.ones([1 << 18])
def alive(values):
    return float((np.asarray(values).view(np.uint32) != 0).mean())
def gradient(layer, shape):
    x = one.reshape(shape).detach()
    x.stop_gradient = False
    layer(x).backward(tiny.reshape(shape))
    return x.grad
conv = paddle.nn.Conv2D(1, 1, 1, bias_attr=False)
conv.weight.set_value(paddle.ones([1, 1, 1, 1]))
fast = paddle.nn.Sequential(conv)
print(onednn.accelerate(fast, "f32").swapped, runtime.fingerprint()["denormals"])
with ThreadPoolExecutor(1) as pool:
    print("pool", alive(pool.submit(lambda: raw * np.float32(1)).result()))
print("scale", alive(tiny * 1))
print("vector", alive(tiny * one))
print("matmul", alive(tiny.reshape([512, 512]) @ paddle.eye(512)))
print("backward", alive(gradient(lambda x: x * one, [1 << 18])))
print("convolution", alive(fast(tiny.reshape([16, 1, 128, 128]))))
print("convolution's backward", alive(gradient(fast, [16, 1, 128, 128])))
for kind in "efdg":
    str(np.finfo(kind))
"""


def survivors(**variables: str) -> tuple[str, dict[str, float]]:
    """What the fingerprint says, and which share of denormals outlives a multiplication by 1, by where it is done."""
    # Each thread for itself: OpenMP must not hand the main thread's settings to its own with every piece of work.
    strict = {"KMP_INHERIT_FP_CONTROL": "0", "OMP_NUM_THREADS": "2"}
    run = python("-W", "error", "-W", "ignore:No ccache", "-c", DENORMALS, **strict, **variables)
    assert run.returncode == 0, run.stderr
    first, *lines = run.stdout.splitlines()
    return first.split()[-1], {name: float(share) for name, share in (line.rsplit(" ", 1) for line in lines)}


@pytest.mark.skipif(
    platform.machine() != "x86_64" or sys.platform != "linux", reason="only there denormals can be zero"
)
def test_denormals_count_as_zero_in_every_thread() -> None:
    said, shares = survivors()
    assert said == "flushed"
    assert shares == dict.fromkeys(shares, 0.0)
    said, shares = survivors(PADDLE_COURSE_DENORMALS="keep")
    assert said == "kept"
    assert min(shares[name] for name in ("pool", "scale", "vector", "matmul", "backward")) > 0.99


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--qestion", "1"], "--qestion"),
        (["--epochs", "many"], "many"),
        (["--seed", "-1"], "at least 0"),
        (["--seeds", "0"], "at least 1"),
        (["--per-class", "10", "--smoke", "--question", "9"], "questions 1, 2, 3"),
        (["--data", "fake"], "fake"),
        (["--question", "9"], "questions 1, 2, 3"),
        (["--device", "gpu"], "built for the CPU"),
        (["--smoke", "--publish", "--question", "3"], "stand-in"),
        (["--publish", "--epochs", "1", "--question", "3"], "do not tell --epochs"),
        (["--question", "3", "--data-root", "{tmp}", "--out", "{file}/x"], "cannot be written"),
        (["--question", "4", "--smoke", "--photos", "{tmp}/none"], "none"),
    ],
)
def test_mistakes_end_with_one_line_and_exit_code_2(words: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = [] if "--out" in words else ["--out", str(tmp_path / "run")]
    root = [] if "--data-root" in words else ["--data-root", str(tmp_path / "data")]
    run = python(HW08, *(word.format(tmp=tmp_path, file=tmp_path / "file") for word in words), *out, *root)
    assert run.returncode == 2, run.stderr
    assert "Traceback" not in run.stderr
    assert said in run.stderr.splitlines()[-1]


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    from paddle_course.answers.homework import alone

    with alone(tmp_path):
        run = python(HW08, "--smoke", "--question", "1", "--out", str(tmp_path))
    assert run.returncode == 2
    assert "in use by another process" in run.stderr


def test_downloads_do_without_locks_too() -> None:
    run = python("-c", "import sys; sys.modules['fcntl'] = None; from paddle_course.readers import download")
    assert run.returncode == 0, run.stderr


def test_a_copy_in_another_repository_does_not_take_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy, git = tmp_path / "copy", ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    copy.mkdir()
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "theirs"]):
        subprocess.run(git + words, check=True)
    monkeypatch.setattr(runtime, "ROOT", copy)
    assert runtime.commit.__wrapped__() == "unknown"
    monkeypatch.setattr(runtime, "ROOT", tmp_path)
    assert len(runtime.commit.__wrapped__()) == 7


def test_seeds_are_functions_of_their_parts_alone() -> None:
    assert runtime.seed_of("a", 1) != runtime.seed_of("a", 2) != runtime.seed_of("b", 2)
    code = "from paddle_course import runtime; print(runtime.seed_of('a', 1))"
    assert int(python("-c", code, PYTHONHASHSEED="7").stdout) == runtime.seed_of("a", 1)


def test_exit_codes() -> None:
    def raising(error: BaseException) -> int:
        def main() -> None:
            raise error

        return runtime.run(main)

    assert runtime.run(lambda: None) == 0
    assert raising(runtime.UserError("x")) == 2
    assert raising(runtime.Stopped(143, "x")) == 143
    assert raising(KeyboardInterrupt()) == 130
    assert raising(MemoryError()) == 2
    with pytest.raises(ZeroDivisionError):  # ours: the traceback stays, and Python ends with 1
        raising(ZeroDivisionError())


@pytest.mark.parametrize("start", ["", "runtime.start(); "])
def test_sigterm_ends_in_one_line_outside_of_a_training_too(start) -> None:
    code = (
        "import os, signal, sys, time\nfrom paddle_course import runtime\n"
        f"def main():\n    {start}os.kill(os.getpid(), signal.SIGTERM); time.sleep(5); print('still here')\n"
        "sys.exit(runtime.run(main))"
    )
    run = python("-c", code)
    assert (run.returncode, run.stdout) == (143, "")
    lines = [line for line in run.stderr.splitlines() if not line.startswith("the machine is busy")]
    assert lines == ["stopped: the same command goes on from the last checkpoint"]


def test_a_program_that_trains_nothing_says_so_when_it_is_stopped(capsys: pytest.CaptureFixture) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        assert runtime.run(lambda number=number: os.kill(os.getpid(), number), "nothing is lost") == 128 + number
        assert capsys.readouterr().err == "stopped: nothing is lost\n"


def test_after_fresh_the_command_goes_on_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for words, said in {
        "./run.sh hw08 --seed 1": "the same command",
        "./run.sh hw08 --fresh --out a\\ \\ b": "./run.sh hw08 --out a\\ \\ b",
        "./run.sh --fresh": "./run.sh",
        "./run.sh hw08 --out runs/--fresh": "the same command",
    }.items():
        monkeypatch.setenv("PADDLE_COURSE_COMMAND", words)
        assert runtime.again() == said


def test_the_language_is_what_the_first_variable_asks_for_that_is_not_empty(monkeypatch) -> None:
    for values, said in {
        ("C", "zh_CN.UTF-8", "zh_CN.UTF-8"): "en",
        ("", "zh_CN.UTF-8", "C"): "zh",
        ("", "", "zh_CN.UTF-8"): "zh",
        ("", "", ""): "en",
    }.items():
        for key, value in zip(("LC_ALL", "LC_MESSAGES", "LANG"), values, strict=True):
            monkeypatch.setenv(key, value)
        assert runtime.language() == said


def test_the_stopper_waits_for_the_second_signal() -> None:
    code = (
        "import os, signal, time\nfrom paddle_course.runtime import Stopper\n"
        "with Stopper() as stop:\n    os.kill(os.getpid(), signal.SIGTERM); print(stop.code, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGTERM); time.sleep(5); print('still here')"
    )
    start = time.monotonic()
    run = python("-c", code)
    assert run.stdout == "143\n"
    assert run.returncode == -15
    assert time.monotonic() - start < 4
