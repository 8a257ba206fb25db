"""requirements.txt -> a Python that has them. Its path is all that stdout gets; progress and complaints go to stderr.

    python3 paddle_course/install.py                  install what is missing, print the interpreter to use
    python3 paddle_course/install.py --python-only    install nothing, print the interpreter as things stand

A python3 that can import Paddle already (AI Studio, a GPU installation) is used as it is: packages it lacks are added,
none that it has is changed. Otherwise the project gets `.venv`, made by the newest Python from 3.10 to 3.13; a stamp
in it says that it is complete. PADDLE_COURSE_PYTHON names the interpreter to do all this with.

Exit codes: 0 done, 2 the user must act, 130 stopped. Standard library only, and Python 3.7 can still read it.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OVERRIDE = "PADDLE_COURSE_PYTHON"
OLDEST, NEWEST = 10, 13  # the minor versions of Python 3 that Paddle has wheels for
MODULES = {  # requirements that are imported by another name
    "import-linter": "importlinter",
    "markdown-it-py": "markdown_it",
    "opencv-python-headless": "cv2",  # any of OpenCV's four wheels will do
    "paddlepaddle": "paddle",
    "protobuf": "google.protobuf",
    "pytest-xdist": "xdist",
    "scikit-learn": "sklearn",
}


class Trouble(Exception):
    """One line: what is wrong and what to do."""


def main(argv: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description="Prints the Python interpreter to use, installing what it lacks.")
    parser.add_argument("--python-only", action="store_true", help="install nothing")
    parser.add_argument("--this-python", action="store_true", help=f"look for no other Python; set by {OVERRIDE}")
    flags = parser.parse_args(argv)
    try:
        if os.environ.get(OVERRIDE) and not flags.this_python:
            return hand_over(os.environ[OVERRIDE], flags.python_only)
        print(interpreter(root, flags.python_only, flags.this_python))
    except Trouble as trouble:
        say(f"error: {trouble}")
        return 2
    except KeyboardInterrupt:
        say("stopped: the same command goes on with the installation")
        return 130
    return 0


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def hand_over(name: str, python_only: bool) -> int:
    """Run this file with the interpreter `name`, a path or a command, and return its exit code."""
    path = shutil.which(name)
    if path is None or not is_python(path):
        raise Trouble(f"{OVERRIDE}={name} is no Python that starts: name one of 3.{OLDEST} to 3.{NEWEST}, or unset it")
    return subprocess.call([path, __file__, "--this-python"] + ["--python-only"] * python_only)


def is_python(path: str) -> bool:
    try:
        said = subprocess.run([path, "-c", "import sys; print(*sys.version_info)"], capture_output=True).stdout
    except OSError:
        return False
    return said.startswith(b"3 ")


def interpreter(root: Path, python_only: bool = False, only_this: bool = False) -> str:
    """The interpreter that has, or with `python_only` may yet lack, everything in requirements.txt."""
    venv = root / ".venv"
    inside = Path(sys.prefix).resolve() == venv.resolve()
    if sys.version_info >= (3, OLDEST) and has("paddle") and not inside:
        if not python_only:
            complete(root)
        return sys.executable
    python = venv / "bin" / "python"
    if finished(root, venv, only_this):
        return str(python)
    if python_only:
        return str(python) if ours(venv, only_this) and probe(python) else newest(only_this)
    with alone(root / ".venv.lock"):
        if not finished(root, venv, only_this):  # by whom this one has waited for
            if not (ours(venv, only_this) and probe(python)):
                make(venv, newest(only_this))
            install(root, venv)
    return str(python)


def ours(venv: Path, only_this: bool) -> bool:
    """Whether `venv` may be used: with `only_this` it must be the running Python's own."""
    inside = Path(sys.prefix).resolve() == venv.resolve()
    return not only_this or inside or os.path.realpath(venv / "bin" / "python") == os.path.realpath(base())


def finished(root: Path, venv: Path, only_this: bool) -> bool:
    """Whether `venv` may be used and, as its stamp says, has all of requirements.txt."""
    there = ours(venv, only_this) and (venv / "bin" / "python").exists() and stamp(venv).is_file()
    return there and stamp(venv).read_text() == digest(root, venv)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Wait until no other start installs, by a lock on `path`; where none can be had, two are the user's own care."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # a folder that is read-only, or a drive without locks
            file = stack.enter_context(path.open("w"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("Waiting for another start, which is installing")
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def has(module: str) -> bool:
    """Whether this interpreter could import `module`. Nothing is imported but the packages around it."""
    try:
        spec = find_spec(module)
    except ImportError:
        return False
    return spec is not None and spec.origin is not None  # a folder that happens to bear the name has no origin


def base() -> str:
    """The Python this one's virtual environment was made from, else this one."""
    return getattr(sys, "_base_executable", None) or sys.executable


def probe(python: Path | str) -> tuple[bool, int] | None:
    """(whether it has ensurepip, minor version) of the interpreter at `python`; None if it will not start or suit."""
    code = "import sys, importlib.util as u; print(*sys.version_info[:2], u.find_spec('ensurepip') is not None)"
    try:
        said = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return None
    minor = int(said[1])
    return (said[2] == "True", minor) if said[0] == "3" and OLDEST <= minor <= NEWEST else None


def newest(only_this: bool) -> str:
    """The newest suitable interpreter: this one or, unless `only_this`, a python3.NN on the PATH."""
    names = [] if only_this else [f"python3.{minor}" for minor in range(NEWEST, OLDEST - 1, -1)]
    found = [(probe(path), path) for path in [base(), *map(shutil.which, names)] if path]
    suitable = [(able, path) for able, path in found if able is not None]
    if not suitable:
        raise Trouble(
            f"Paddle needs Python 3.{OLDEST} to 3.{NEWEST}, and {sys.executable} is {sys.version.split()[0]}: "
            f"install one (https://www.python.org/downloads/), or name one with {OVERRIDE}=/path/to/python"
        )
    return max(suitable, key=lambda each: each[0])[1]  # Debian's may lack ensurepip; among equals this one


def make(venv: Path, python: str) -> None:
    """A fresh virtual environment at `venv`; what may be there does not start, or belongs to another Python."""
    say(f"Making {venv} with {python}")
    if subprocess.call([python, "-m", "venv", "--clear", str(venv)], stdout=2):
        raise Trouble(
            f"{python} cannot make a virtual environment (its message is above): on Debian and Ubuntu install "
            f"python3-venv, or name another Python with {OVERRIDE}"
        )


def install(root: Path, venv: Path) -> None:
    """pip install -r requirements.txt, then the stamp. While there is none, every start runs pip again."""
    python = str(venv / "bin" / "python")
    if stamp(venv).exists():
        stamp(venv).unlink()
    if subprocess.call([python, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        subprocess.call([python, "-m", "ensurepip"], stdout=2)
    say("Installing requirements.txt into .venv (the first time about 400 MB to fetch, and a few minutes)")
    if pip(python, "-r", str(root / "requirements.txt")):
        raise Trouble(
            "pip could not install requirements.txt (its message is above): check network and disk, then run the "
            "same command again; a mirror may help: PIP_INDEX_URL=https://pypi.tuna.tsinghua.edu.cn/simple"
        )
    stamp(venv).write_text(digest(root, venv))


def stamp(venv: Path) -> Path:
    """The file that says with which requirements and which Python `venv` was completed."""
    return venv / "paddle_course.stamp"


def digest(root: Path, venv: Path) -> str:
    """SHA-256 of requirements.txt, pyvenv.cfg (it holds Python's version) and the path the interpreter links to."""
    files = [root / "requirements.txt", venv / "pyvenv.cfg"]
    parts = [each.read_bytes() for each in files if each.is_file()]  # conda environments have no pyvenv.cfg
    return hashlib.sha256(b"\0".join([*parts, os.fsencode(os.path.realpath(venv / "bin" / "python"))])).hexdigest()


def pip(python: str, *arguments: str) -> int:
    """pip install, its progress on stderr; returns its exit code."""
    return subprocess.call(
        [python, "-m", "pip", "install", "--disable-pip-version-check", "--prefer-binary", *arguments], stdout=2
    )


def complete(root: Path) -> None:
    """Add what the running environment lacks; what it has keeps its version, Paddle and its NumPy above all."""
    wanted = requirements(root).items()
    missing = [line for name, line in wanted if not has(MODULES.get(name, name.replace("-", "_")))]
    if not missing:
        return
    say(f"{sys.prefix} has Paddle and is used as it is; adding {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as folder:
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text("\n".join(installed()), "utf-8")
        failed = pip(sys.executable, "--constraint", str(constraints), *missing)
    if failed:
        raise Trouble(
            f"pip could not add these to {sys.prefix} (its message is above): add them by hand, or leave this "
            f"environment ({OVERRIDE}=/another/python) and .venv is made instead"
        )


def requirements(root: Path) -> dict[str, str]:
    """requirements.txt as {"numpy": "numpy>=1.26,<3", ...}, comments gone."""
    lines = (line.partition("#")[0].strip() for line in (root / "requirements.txt").read_text("utf-8").splitlines())
    return {re.split(r"[^A-Za-z0-9._-]", line)[0].lower(): line for line in lines if line}


def installed() -> list[str]:
    """Every package of the running environment as name==version, save versions that pip would refuse to read."""
    from importlib.metadata import distributions  # slow to import, and rarely needed

    versions = {each.metadata["Name"]: each.version for each in distributions()}
    plain = re.compile(r"\d+(\.\d+)*((a|b|rc|\.post|\.dev)\d+)*(\+[\w.]+)?")
    return sorted(f"{name}=={number}" for name, number in versions.items() if name and plain.fullmatch(number or ""))


if __name__ == "__main__":
    sys.exit(main())
