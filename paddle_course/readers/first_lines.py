"""Google's Quick, Draw! -> the first drawings of each word, under data/quickdraw/simplified: `./run.sh data doodles`.

All 50 million drawings are over 20 GB, 4,000 of each of 340 words a fortieth of that. Each word is a file of lines, so
its beginning is asked for by HTTP range, a bit more than the lines still wanted should take, and cut behind the last of
them. What is there already, whole or broken off, is the beginning of more.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from urllib.parse import quote, urlsplit

import requests
import urllib3
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from paddle_course.files import alone_in, write_file
from paddle_course.readers import download
from paddle_course.readers.doodle_words import KAGGLE, WORDS
from paddle_course.readers.quickdraw import WANTED, whole
from paddle_course.runtime import UserError

ADDRESS = "https://storage.googleapis.com/quickdraw_dataset/full/simplified/"
LINE = 500  # bytes that a drawing takes, as long as nothing better is known


def fetch_doodles(root: str | Path, words: int = 340, per_word: int = 4000, progress: bool = True) -> Path:
    """Bring the first `per_word` drawings of `words` words below `root` and return their folder.

    Up to 340 words are the first of Kaggle's by the alphabet; with more they are the first of Google's 345.
    """
    if not 1 <= words <= len(WORDS) or per_word < 1:
        raise UserError(f"{words} words, {per_word} drawings of each: ask for 1 to {len(WORDS)} words, and 1 or more")
    chosen = (KAGGLE if words <= len(KAGGLE) else WORDS)[:words]
    folder = Path(root) / "quickdraw" / "simplified"
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with (
        alone_in(folder),
        Progress(*columns, console=Console(stderr=True), disable=not progress) as bar,
    ):
        wanted = "".join(f"{word}\n" for word in chosen)
        if not whole(folder):  # one that can be used stays so, should there be no network
            write_file(folder / WANTED, wanted)
        task = bar.add_task("words from Google", total=len(chosen))
        for word in chosen:
            target, url = folder / f"{word}.ndjson", f"{ADDRESS}{quote(word)}.ndjson"
            try:
                first_lines(url, target, per_word)
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                why = f"{urlsplit(url).hostname}: {download.reason(error)}"
                raise UserError(
                    f"{target.name} cannot be downloaded ({why}): the same command goes on from here; or bring {url} "
                    f"to {folder} by hand, or use --data stand-in"
                ) from None
            bar.advance(task)
        write_file(folder / WANTED, wanted)
    return folder


def first_lines(url: str, target: Path, count: int) -> None:
    """Make `target` the first `count` lines of what `url` holds, or all if it has fewer; more than that may stay."""
    part = target.with_name(target.name + ".part")
    if target.exists():
        if lines_of(target) >= count:
            return
        if not part.exists() or part.stat().st_size < target.stat().st_size:
            shutil.copyfile(target, part)
    while not download.patiently(lambda: more(url, part, count), part):
        pass
    with part.open("r+b") as file:
        drawings = file.read(1) == b"{"
        file.seek(0)
        for _ in range(count):
            file.readline()
        file.truncate()
    if not drawings:
        part.unlink()
        raise UserError(f"{url} holds no drawings: is a page to log in at in the way? Try again later")
    part.replace(target)


def more(url: str, part: Path, count: int) -> bool:
    """One request for what `part` lacks to `count` lines, reckoned by those it has; whether it has them now, or all.

    A server that does not do ranges sends everything from the beginning, and is left as soon as it is enough.
    """
    known = part.read_bytes() if part.exists() else b""
    have, lines, at_line = len(known), known.count(b"\n"), known.endswith(b"\n")
    if lines >= count:
        return True
    last = have + int(1.05 * (count - lines) * (have / lines if lines else LINE)) + LINE
    headers = {"Accept-Encoding": "identity", "Range": f"bytes={have}-{last}"}
    with requests.get(url, headers=headers, stream=True, timeout=download.TIMEOUT) as response:
        first, total = span_of(response)
        if response.status_code == 416 and total == have > 0:
            return True  # it was all there
        if response.status_code == 416 or (response.status_code == 206 and first != have):
            part.unlink(missing_ok=True)  # longer than the file, or a server that sends another piece: begin anew
            raise requests.HTTPError("range", response=response)
        response.raise_for_status()
        lines, have = (lines, have) if response.status_code == 206 else (0, 0)
        with part.open("ab" if have else "wb") as file:
            for piece in response.raw.stream(1 << 16, decode_content=False):
                if have and at_line and not piece.startswith(b"{"):
                    part.unlink()  # what is there is not the beginning of this file: begin anew
                    raise requests.HTTPError("range", response=response)
                at_line = False
                file.write(piece)
                lines, have = lines + piece.count(b"\n"), have + len(piece)
                if lines >= count:
                    return True
    if have < min(total, last + 1 if response.status_code == 206 else total):
        raise requests.ConnectionError("broken off")
    return have >= total


def span_of(response: requests.Response) -> tuple[int, int]:
    """Where in the file an answer begins, and how long the file is (0 = the server does not say)."""
    found = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+)", response.headers.get("Content-Range", ""))
    if found:
        return int(found[1] or 0), int(found[2])
    return 0, int(response.headers.get("Content-Length") or 0)


def lines_of(path: Path) -> int:
    """How many lines a file has; 0 where there is none."""
    return path.read_bytes().count(b"\n") if path.exists() else 0
