"""This machine -> what a run would find here: `./run.sh doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from paddle_course import readers, runtime
from paddle_course.readers import locate


def findings() -> list[tuple[str, str]]:
    """Pairs of what was looked at and what was found."""
    found = [("Python", f"{platform.python_version()} ({sys.executable})")]
    try:
        found.append(("Paddle", runtime.start()))
    except runtime.UserError as error:
        found.append(("Paddle", str(error)))
    runs, data = room(runtime.ROOT), room(readers.data_root())
    found += [
        ("cores", f"{runtime.cores()}, of which {os.getloadavg()[0]:.1f} were busy in the last minute"),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB"),
        ("room for runs", f"{runs:.0f} GB" + (" - a long run may need more than that" if runs < 2 else "")),
        ("room for data", f"{data:.0f} GB" + (" - doodles may need more than that" if data < 2 else "")),
        ("commit", runtime.commit()),
    ]
    for name in locate.PLACES:
        place = readers.find(name)
        found.append((name, str(place) if place else f"not in {readers.data_root()}"))
    return found


def room(folder: Path) -> float:
    """The GB that are free on the disk of `folder`, which need not be there yet."""
    while not folder.exists():
        folder = folder.absolute().parent
    return shutil.disk_usage(folder).free / 1e9


def main() -> None:
    table = Table.grid(padding=(0, 3))
    for name, finding in findings():
        table.add_row(f"[bold]{name}[/]", finding)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(runtime.run(main, "the same command looks again"))
