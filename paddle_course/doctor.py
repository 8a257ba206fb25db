"""This machine -> what a run would find here: `./run.sh doctor`."""

from __future__ import annotations

import os
import platform
import shutil
import sys

from rich.console import Console
from rich.table import Table

from paddle_course import readers, runtime

DATA = ("cifar10", "cifar100", "mnist", "fundus", "pets", "doodles")


def findings() -> list[tuple[str, str]]:
    """Pairs of what was looked at and what was found."""
    found = [("Python", f"{platform.python_version()} ({sys.executable})")]
    try:
        found.append(("Paddle", runtime.start()))
    except runtime.UserError as error:
        found.append(("Paddle", str(error)))
    room = shutil.disk_usage(runtime.ROOT).free / 1e9
    found += [
        ("cores", f"{runtime.cores()}, of which {os.getloadavg()[0]:.1f} were busy in the last minute"),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB"),
        ("room on the disk", f"{room:.0f} GB" + (" - a long run may need more than that" if room < 2 else "")),
        ("commit", runtime.commit()),
    ]
    for name in DATA:
        place = readers.find(name)
        found.append((name, str(place) if place else f"not in {readers.data_root()}"))
    return found


def main() -> None:
    table = Table.grid(padding=(0, 3))
    for name, finding in findings():
        table.add_row(f"[bold]{name}[/]", finding)
    Console().print(table)


if __name__ == "__main__":
    sys.exit(runtime.run(main))
