"""Steps of a run, each with a folder of its own that exists only once it is whole."""

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

Make = Callable[[Path], None]


def make_step(folder: Path, name: str, make: Make, resume: bool = False) -> Path:
    """The whole output of a step; `make` fills a folder that takes the step's name when it is full.

    A step that is there already is not made again.  What a broken run left is thrown away, or with `resume`
    handed to `make`, which then has to judge each file in it by itself.
    """
    whole, part = folder / name, folder / f"{name}.part"
    if whole.is_dir():
        say(f"{name}: there already")
        return whole
    if not resume:
        shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    say(f"{name}: begins")
    make(part)
    os.replace(part, whole)
    say(f"{name}: {time.monotonic() - begun:.0f} s")
    return whole


def write_whole(path: Path, content: str) -> None:
    """A file that is there whole or not at all."""
    part = path.with_name(path.name + ".part")
    part.write_text(content, "utf-8")
    keep(part, path)


def keep(part: Path, path: Path) -> None:
    """Give a whole file its name once it is on the disk: a power cut leaves no name without its content."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, path)


def say(line: str) -> None:
    """Progress, for whoever waits."""
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)
