"""The house rules that a program can check: imports point one way, ruff is content, the pages tell the truth."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paddle_course import config
from paddle_course.runtime import ROOT

PAGES = [ROOT / name for name in ("README.md", "README.zh-CN.md", "homework/README.md")]


def tool(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, timeout=120)


def test_ruff_is_content() -> None:
    for words in (["check", "."], ["format", "--check", "."]):
        run = tool("ruff", *words, "--no-cache")
        assert run.returncode == 0, run.stdout


def test_imports_point_one_way() -> None:
    code = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout
    assert "kept" in run.stdout


def test_tables_come_from_the_results_file() -> None:
    run = tool("paddle_course.answers.results", "--check")
    assert run.returncode == 0, run.stdout + run.stderr


def commands() -> list[str]:
    """Every ./run.sh line of the pages."""
    lines = [line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines()]
    return sorted({line.partition("  ")[0].partition("#")[0].strip() for line in lines if line.startswith("./run.sh")})


@pytest.mark.parametrize("line", commands())
def test_the_commands_on_the_pages_exist(line: str) -> None:
    name, *flags = (*line.split()[1:], "tour")[:1] + tuple(line.split()[2:])
    known = re.findall(r"^    ([a-z]+)\) ", (ROOT / "run.sh").read_text(), re.MULTILINE)
    scripts = {script.stem.partition("_")[0]: script for script in (ROOT / "homework").glob("*.py")}
    assert name in known or name in scripts
    if name in scripts and "NN" not in line:
        spec = importlib.util.spec_from_file_location(scripts[name].stem, scripts[name])
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        config.parse(module.Config, [flag for flag in flags if flag != "--help"])


@pytest.mark.parametrize("page", [*PAGES, *sorted((ROOT / "docs").glob("*.md"))], ids=lambda page: page.name)
def test_links_and_pictures_of_the_pages_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_every_homework_is_in_the_index() -> None:
    index = (ROOT / "homework/README.md").read_text(encoding="utf-8")
    for script in (ROOT / "homework").glob("*.py"):
        assert script.name in index


def test_run_sh_takes_any_folder_keeps_the_users_pythonpath_and_tells_the_command_as_it_was_typed(
    tmp_path: Path,
) -> None:
    here, path = tmp_path / "a [1] *", tmp_path / "path"
    for folder in (here / "homework", here / "paddle_course", path):
        folder.mkdir(parents=True)
    shutil.copy(ROOT / "run.sh", here)
    (path / "python3").symlink_to(sys.executable)
    (here / "paddle_course/install.py").write_text(f"print({sys.executable!r})")
    said = "import os; print(os.environ['PYTHONPATH'], os.environ['PADDLE_COURSE_COMMAND'], sep='; ')"
    (here / "homework/hw08_some.py").write_text(said)
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{path}:{os.environ['PATH']}"}
    for mine, wanted in (({"PYTHONPATH": "/mine"}, f"{here}:/mine"), ({"PYTHONPATH": ""}, f"{here}")):
        words = ["bash", str(here / "run.sh"), "hw08", "--question", "1,4", "--out", "my runs"]
        run = subprocess.run(words, env=environment | mine, capture_output=True, text=True, timeout=60)
        command = r"OMP_NUM_THREADS=1 ./run.sh hw08 --question 1,4 --out my\ runs"
        assert run.stdout == f"{wanted}; {command}\n", run.stderr


@pytest.mark.skipif(sys.version_info < (3, 11), reason="PYTHONSAFEPATH came with Python 3.11")
def test_run_sh_imports_nothing_from_the_folder_one_stands_in(tmp_path: Path) -> None:
    for name in ("random", "flask", "paddle_course"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a file of the student')")
    words = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 60}
    run = subprocess.run(["bash", str(ROOT / "run.sh"), "data", "--help"], **words)
    assert run.returncode == 0 and "usage: ./run.sh data" in run.stdout, run.stderr


def test_run_sh_without_python_says_so(tmp_path: Path) -> None:
    for name in ("bash", "dirname", "readlink"):
        (tmp_path / name).symlink_to(shutil.which(name))
    run = subprocess.run(
        [str(tmp_path / "bash"), str(ROOT / "run.sh"), "doctor"], env={"PATH": str(tmp_path)}, capture_output=True
    )
    assert (run.returncode, run.stderr) == (2, b"error: there is no python3 here: install Python 3.10 to 3.13\n")


def test_run_sh_works_through_a_link_and_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "link.sh").symlink_to(ROOT / "run.sh")
    words = {"cwd": tmp_path, "capture_output": True, "text": True, "timeout": 60}
    run = subprocess.run(["bash", str(tmp_path / "link.sh"), "hw77"], **words)
    assert run.returncode == 2
    assert "no homework is called hw77" in run.stderr
    run = subprocess.run(["bash", str(tmp_path / "link.sh"), "--help"], **words)
    assert run.returncode == 0
    assert "./run.sh board" in run.stdout
