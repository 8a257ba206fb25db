"""Which Python is chosen, when pip runs, and what the user reads when it cannot; a stub for Python, no network."""

import ast
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from paddle_course import install

# Answers as a Python of version $VERSION would, writes down what it was asked, and copies itself into .venv.
STUB = """#!/bin/sh
echo "$(basename "$0") $*" >> {log}
case "$*" in
    -c*) [ -n "$VERSION" ] || exit 1; echo "$VERSION"; exit 0;;
    "-m venv"*) [ ! -e {folder}/no-venv ] || exit 1
        mkdir -p "$4/bin"; rm -f "$4/bin/python"; cp "$0" "$4/bin/python"; echo "$VERSION" > "$4/pyvenv.cfg";;
    "-m pip --version") [ ! -e {folder}/no-pip ];;
    "-m ensurepip") rm {folder}/no-pip;;
    "-m pip install"*) echo "pip's own words"; [ ! -e {folder}/no-network ];;
    *) echo "handed over: $*"; exit 7;;
esac
"""


class World:
    """A project in an empty folder, a Python 3.11 that runs the installer, and nothing else on the PATH."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        self.folder, self.log = folder, folder / "log"
        self.root, self.path = folder / "project", folder / "path"
        self.root.mkdir()
        self.path.mkdir()
        self.venv = self.root / ".venv"
        self.requirements = self.root / "requirements.txt"
        self.requirements.write_text("paddlepaddle>=3.0,<4  # the framework\nno-such-package>=1  # a reason\n")
        self.running = self.python("running", "3 11 True")
        monkeypatch.setattr(install, "base", lambda: str(self.running))
        monkeypatch.setattr(install, "has", lambda module: False)
        monkeypatch.setenv("PATH", str(self.path))
        monkeypatch.delenv(install.OVERRIDE, raising=False)

    def python(self, name: str, version: str) -> Path:
        """A stub named `name` on the PATH that says `version` ("3 12 True": it has ensurepip) when asked."""
        path = self.path / name
        text = STUB.replace("$VERSION", version).replace("{log}", str(self.log)).replace("{folder}", str(self.folder))
        path.write_text(text.replace("#!/bin/sh\n", "#!/bin/sh\nPATH=/usr/bin:/bin\n"))
        path.chmod(0o755)
        return path

    def run(self, *flags: str) -> int:
        return install.main(list(flags), root=self.root)

    def asked(self, word: str) -> list[str]:
        """The commands with `word` in them since the last call."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return [line for line in lines if word in line]


@pytest.fixture
def world(tmp_path, monkeypatch):
    return World(tmp_path, monkeypatch)


def test_first_run_makes_the_environment_and_prints_only_its_path(world, capfd):
    assert world.run() == 0
    out, err = capfd.readouterr()
    assert out == f"{world.venv}/bin/python\n"
    assert "pip's own words" in err
    (line,) = world.asked("pip install")
    assert line.startswith("python -m pip install") and line.endswith(f"-r {world.requirements}")


def test_of_two_first_starts_the_second_waits_and_finds_everything(world, monkeypatch, capfd):
    monkeypatch.setattr(install, "pip", lambda *_: time.sleep(0.3))
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: world.run(), range(2))) == [0, 0]
    out, err = capfd.readouterr()
    assert out == f"{world.venv}/bin/python\n" * 2
    assert len(world.asked("venv --clear")) == 1
    assert err.count("Waiting for another start") == err.count("Installing requirements.txt") == 1


def test_without_locks_it_installs_all_the_same(world, monkeypatch):
    (world.root / ".venv.lock").mkdir()  # it cannot be opened
    assert world.run() == 0
    install.stamp(world.venv).unlink()
    monkeypatch.setitem(sys.modules, "fcntl", None)  # Windows
    assert world.run() == 0


def test_a_complete_environment_starts_no_process(world, monkeypatch, capfd):
    world.run()
    monkeypatch.setattr(subprocess, "Popen", None)
    assert world.run() == 0
    assert capfd.readouterr().out.splitlines() == [f"{world.venv}/bin/python"] * 2


def test_changed_requirements_are_installed_into_the_same_environment(world):
    world.run()
    world.asked("")
    world.requirements.write_text("numpy>=2  # arrays\n")
    assert world.run() == 0
    commands = world.asked("-m")
    assert [command for command in commands if "pip install" in command] and "venv" not in commands[0]
    assert world.run() == 0
    assert world.asked("") == []


def test_pip_that_fails_says_so_in_one_line_and_is_started_again(world, capfd):
    (world.folder / "no-network").touch()
    for _ in range(2):
        assert world.run() == 2
        out, err = capfd.readouterr()
        assert out == ""
        assert err.index("pip's own words") < err.index("error: pip could not install requirements.txt")
        assert err.count("error:") == 1 and "Traceback" not in err
        assert len(world.asked("pip install")) == 1
    (world.folder / "no-network").unlink()
    assert world.run() == 0
    commands = world.asked("-m")
    assert len([command for command in commands if "pip install" in command]) == 1
    assert not [command for command in commands if "venv --clear" in command]


def test_a_broken_off_update_is_not_taken_for_complete(world):
    world.run()
    before = world.requirements.read_text()
    world.requirements.write_text("numpy>=2\n")
    (world.folder / "no-network").touch()
    world.run()
    (world.folder / "no-network").unlink()
    world.requirements.write_text(before)
    world.asked("")
    assert world.run() == 0
    assert len(world.asked("pip install")) == 1


def test_an_environment_that_does_not_start_is_made_anew(world):
    world.run()
    (world.venv / "bin" / "python").unlink()
    (world.venv / "bin" / "python").symlink_to("/nowhere/python3.9")
    world.asked("")
    assert world.run() == 0
    assert world.asked("venv --clear") == [f"running -m venv --clear {world.venv}"]


def test_an_environment_without_pip_gets_it(world):
    (world.folder / "no-pip").touch()
    assert world.run() == 0
    assert len(world.asked("-m ensurepip")) == 1


def test_the_newest_suitable_python_makes_the_environment(world):
    world.python("python3.12", "3 12 True")
    world.python("python3.13", "")  # a shim that leads nowhere
    assert world.run() == 0
    assert world.asked("venv --clear") == [f"python3.12 -m venv --clear {world.venv}"]


def test_a_newer_python_without_ensurepip_gives_way(world):
    world.python("python3.13", "3 13 False")
    world.python("python3.10", "3 10 True")
    assert world.run() == 0
    assert world.asked("venv --clear") == [f"running -m venv --clear {world.venv}"]


@pytest.mark.parametrize("version", ["3 9 True", "3 14 True", "2 7 True"])
def test_no_suitable_python(world, version, capfd):
    world.python("running", version)
    for flags in ([], ["--python-only"]):
        assert world.run(*flags) == 2
        out, err = capfd.readouterr()
        assert out == "" and err.startswith("error: Paddle needs Python 3.10 to 3.13") and err.count("\n") == 1
    assert not world.venv.exists()


def test_no_virtual_environment_can_be_made(world, capfd):
    (world.folder / "no-venv").touch()
    assert world.run() == 2
    assert "install python3-venv" in capfd.readouterr().err


def test_python_only_installs_nothing(world, capfd):
    assert world.run("--python-only") == 0
    assert not world.venv.exists()
    (world.folder / "no-network").touch()
    world.run()
    capfd.readouterr()
    world.asked("")
    assert world.run("--python-only") == 0
    assert capfd.readouterr().out == f"{world.venv}/bin/python\n"
    assert world.asked("-m") == []


def test_a_python_with_paddle_is_used_as_it_is(world, monkeypatch, capfd):
    calls = []

    def pip(python, *arguments):
        calls.append((python, arguments, Path(arguments[1]).read_text()))
        return 0

    monkeypatch.setattr(install, "pip", pip)
    monkeypatch.setattr(install, "has", lambda module: module == "paddle")
    assert world.run("--python-only") == 0
    assert calls == []
    assert world.run() == 0
    ((python, arguments, constraints),) = calls
    assert capfd.readouterr().out.splitlines() == [sys.executable] * 2
    assert python == sys.executable
    assert arguments[2:] == ("no-such-package>=1",)  # and not paddlepaddle
    assert re.search(r"^numpy==\d", constraints, re.MULTILINE)
    assert not world.venv.exists()

    monkeypatch.setattr(install, "has", lambda module: True)
    assert world.run() == 0
    assert len(calls) == 1


def test_what_cannot_be_added_beside_paddle_is_named(world, monkeypatch, capfd):
    monkeypatch.setattr(install, "has", lambda module: module == "paddle")
    monkeypatch.setattr(install, "pip", lambda *_: 1)
    assert world.run() == 2
    assert f"error: pip could not add these to {sys.prefix}" in capfd.readouterr().err


def test_the_override_runs_the_installer(world, monkeypatch, capfd):
    monkeypatch.setenv(install.OVERRIDE, str(world.python("mine", "3 12 True")))
    assert world.run("--python-only") == 7
    assert capfd.readouterr().out == f"handed over: {install.__file__} --this-python --python-only\n"
    for name in ("/nowhere/python", "/bin/true", "/bin/ls"):
        monkeypatch.setenv(install.OVERRIDE, name)
        assert world.run() == 2
        assert f"error: {install.OVERRIDE}={name} is no Python that starts" in capfd.readouterr().err


def test_the_override_looks_for_no_other_python_and_remakes_anothers_environment(world):
    world.python("python3.13", "3 13 True")
    world.run()
    assert world.asked("venv --clear") == [f"python3.13 -m venv --clear {world.venv}"]
    assert world.run("--this-python") == 0
    assert world.asked("venv --clear") == [f"running -m venv --clear {world.venv}"]


def test_control_c(world, monkeypatch, capfd):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(install, "pip", interrupted)
    assert world.run() == 130
    assert capfd.readouterr().err.endswith("stopped: the same command goes on with the installation\n")


def test_a_folder_is_not_a_module(tmp_path, monkeypatch):
    (tmp_path / "not_a_package").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert not install.has("not_a_package")
    assert not install.has("no.such.module")
    assert install.has("google.protobuf")


def test_old_pythons_can_read_the_file():
    ast.parse(Path(install.__file__).read_text(), feature_version=(3, 7))


def test_nothing_is_missing_here():
    wanted = install.requirements(install.ROOT)
    assert "paddlepaddle" in wanted and "opencv-python-headless" in wanted
    assert [name for name in wanted if not install.has(install.MODULES.get(name, name.replace("-", "_")))] == []


def test_every_requirement_has_its_range_and_its_reason():
    for file in ("requirements.txt", "requirements-gpu.txt"):
        for line in (install.ROOT / file).read_text().splitlines():
            if line and not line.startswith(("#", "--")):
                assert re.fullmatch(r"[a-z0-9-]+>=[\d.]+,<\d+ +# .+", line), line


def test_as_a_script_it_prints_one_interpreter():
    done = subprocess.run(
        [sys.executable, install.__file__, "--python-only"],
        capture_output=True,
        text=True,
        env={key: value for key, value in os.environ.items() if key != install.OVERRIDE},
    )
    assert done.returncode == 0 and done.stderr == ""
    assert Path(done.stdout.strip()).exists() and done.stdout.count("\n") == 1
