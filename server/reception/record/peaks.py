"""How loud a file of a recording is over time, for the lanes of the correction page.

Decoding two hours of Opus takes some twenty seconds of a core.  So it is done once, when somebody first looks at a record,
one file at a time, by a process that gives way to every other; what was found is kept beside the recordings.
"""

import os
import subprocess
import sys
import threading
from pathlib import Path

import av
import numpy as np
import structlog

from server.durable import replace_file

log = structlog.get_logger()

STEP_S = 0.1
LOUDEST = 255
PATIENCE_S = 900.0
_one_at_a_time = threading.Lock()
_asked: set[Path] = set()
"""Files that wait or are at work in this program."""


def known(folder: Path, segment_id: str) -> bytes | None:
    """The loudest sample of each STEP_S from the start of the file, 0 to 255; None: that is not known yet."""
    kept = folder / segment_id
    return kept.read_bytes() if kept.exists() else None


def find_out(folder: Path, segment_id: str, path: Path) -> None:
    """See to it that it comes to be known, in a thread that the program need not wait for when it ends."""
    kept = folder / segment_id
    if kept not in _asked:
        _asked.add(kept)
        threading.Thread(target=_make, args=(kept, path), name="peaks", daemon=True).start()


def _make(kept: Path, path: Path) -> None:
    try:
        with _one_at_a_time:
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                command = [sys.executable, "-m", "server.reception.record.peaks", str(path), str(kept)]
                subprocess.run(command, check=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        log.warning("loudness not found out", exc_info=True)
    finally:
        _asked.discard(kept)


def loudness(path: Path) -> bytes:
    """As `known`, from the file itself; of a damaged file as much as can be read."""
    found = np.zeros(0, np.uint8)
    try:
        with av.open(str(path)) as sound:
            for frame in sound.decode(audio=0):
                found = _with(found, frame)
    except av.FFmpegError:
        pass
    return found.tobytes()


def _with(found: np.ndarray, frame: av.AudioFrame) -> np.ndarray:
    place = int((frame.time or 0.0) / STEP_S)
    if place >= len(found):
        found = np.concatenate([found, np.zeros(place + 1 - len(found), np.uint8)])
    loud = float(np.abs(frame.to_ndarray()).max(initial=0.0))
    found[place] = max(int(found[place]), min(LOUDEST, round(loud * LOUDEST)))
    return found


def main() -> None:
    """`python -m server.reception.record.peaks FILE KEPT`."""
    os.nice(19)
    path, kept = map(Path, sys.argv[1:])
    replace_file(kept, loudness(path))


if __name__ == "__main__":
    main()
