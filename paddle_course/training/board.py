"""runs/ -> VisualDL in the browser: `./run.sh board [DIR] [--port N]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from paddle_course import runtime
from paddle_course.runtime import ROOT, UserError


def arguments(directory: Path, port: int, language: str) -> list[str]:
    """VisualDL's command line. Without a language it answers 500; with telemetry its page loads a tracker."""
    if not any(directory.rglob("*vdlrecords*")):
        raise UserError(f"{directory} holds no records of VisualDL yet: run a homework first, for example ./run.sh")
    runtime.check_port(port)  # a taken one VisualDL would call running, and hang
    words = ["visualdl", "--logdir", str(directory), "--host", "127.0.0.1", "--port", str(port)]
    return [*words, "--language", language, "--cache-timeout", "2", "--disable-telemetry"]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="./run.sh board", description="Show the curves of all runs in VisualDL.")
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "runs", help="default: runs/")
    parser.add_argument("--port", type=int, default=8040, help="default: 8040")
    given = parser.parse_args(argv)
    sys.argv = arguments(given.directory, given.port, runtime.language())
    print(f"VisualDL: http://127.0.0.1:{given.port}/app/scalar   (Ctrl-C ends it)", file=sys.stderr)
    from visualdl.server import app  # only now: it is the server, with Flask and all

    app.main()


if __name__ == "__main__":
    sys.exit(runtime.run(main, "the same command shows the curves again"))
