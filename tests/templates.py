"""Databases that are filled once for a whole run of the tests, however many processes share it: copying one is far
quicker than migrating and filling another."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

RUN = "JIETAN_TEST_TEMPLATES"
"""Folder of this run; the first process makes it (conftest.py), those that it starts inherit its name."""


def begin() -> bool:
    """Whether this process is the one to call `end`."""
    if RUN in os.environ:
        return False
    os.environ[RUN] = tempfile.mkdtemp(prefix="jietan-templates-")
    return True


def end() -> None:
    shutil.rmtree(os.environ.pop(RUN), ignore_errors=True)


def template(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of this name, made by whoever comes first; the others wait for it."""
    folder = Path(os.environ[RUN]) / name
    with (folder.with_suffix(".lock")).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            making = folder.with_suffix(".part")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            make(making)
            making.rename(folder)
    return folder
