"""Which Chromium the tests drive."""

import os
import shutil

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
"""Debian's packages of one engine; the first has no window frame and costs a sixth of the time per page."""

START_MS = 180_000
"""So long it may take to start."""


def find() -> str:
    """The path of an installed Chromium, or of the one that CHROMIUM names; raises AssertionError."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert found, "no Chromium found: install the Debian package chromium, or name one in CHROMIUM"
    return found
