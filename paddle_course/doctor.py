"""This machine -> what a run would find here: `./run.sh doctor`."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from paddle_course import machine, readers, runtime
from paddle_course.readers import locate


def findings(root: Path) -> list[tuple[str, str]]:
    """Pairs of what was looked at and what was found; `root` is where the data lies."""
    found = [("Python", f"{platform.python_version()} ({sys.executable})")]
    try:
        found.append(("Paddle", runtime.start()))
    except runtime.UserError as error:
        found.append(("Paddle", str(error)))
    runs, data = room(runtime.ROOT), room(root)
    found += [
        ("cores", f"{runtime.cores()}, of which {os.getloadavg()[0]:.1f} were busy in the last minute"),
        ("memory", f"{machine.memory():.1f} GB"),
        ("room for runs", f"{runs:.0f} GB" + (" - a long run may need more than that" if runs < 2 else "")),
        ("room for data", f"{data:.0f} GB" + (" - doodles may need more than that" if data < 2 else "")),
        ("commit", runtime.commit()),
    ]
    for name in locate.PLACES:
        place = readers.find(name, root)
        found.append((name, str(place) if place else f"not in {root}"))
    return found


def room(folder: Path) -> float:
    """The GB that are free on the disk of `folder`, which need not be there yet."""
    while not folder.exists():
        folder = folder.absolute().parent
    return shutil.disk_usage(folder).free / 1e9


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="./run.sh doctor", description="What this machine has.")
    parser.add_argument("--data-root", default="", help="default: PADDLE_COURSE_DATA or data/")
    root, table = readers.data_root(parser.parse_args(argv).data_root), Table.grid(padding=(0, 3))
    table.add_column()
    table.add_column(overflow="fold")
    for name, finding in findings(root):
        table.add_row(Text(name, "bold"), Text(finding))  # no markup: a path may hold brackets
    Console().print(table)


if __name__ == "__main__":
    sys.exit(runtime.run(main, "the same command looks again"))
