"""`make demo`: sets up an office, holds a reception and goes on serving.

Environment: ONCE=1 also confirms, signs and files, prints one line of JSON last and ends; DIALOGUE=folder takes
another dialogue (petitioner.opus, leader.opus, reference.json; land, wage and free-land are here); KILL=web, media or
transcriber kills that program in mid-talk, to show what the record says then; JIETAN_DATA_DIR takes another folder than
demo-data, empty or an earlier demo's.

The server is started first: while it does, the demo's own part (walk.py) is loaded.
"""

import os
import signal
import sys
from pathlib import Path

from serving import ROOT, DemoFailed, Serving, demo_settings, fresh_data_dir

HERE = Path(__file__).parent
PROGRAMS = ("web", "media", "transcriber")


def _dialogue(named: str) -> Path:
    """A folder, or one of the demo's own by its name."""
    own = HERE / named
    return own if own.is_dir() and not Path(named).is_dir() else Path(named)


def choices() -> tuple[Path, bool, str]:
    """DIALOGUE, ONCE and KILL.  Raises DemoFailed for what cannot be used."""
    dialogue = _dialogue(os.environ.get("DIALOGUE") or "land").resolve()
    missing = [n for n in ("petitioner.opus", "leader.opus", "reference.json") if not (dialogue / n).exists()]
    if missing:
        raise DemoFailed(f"DIALOGUE={dialogue}: no {', '.join(missing)} there")
    kill = os.environ.get("KILL", "")
    if kill and kill not in PROGRAMS:
        raise DemoFailed(f"KILL={kill}: one of {', '.join(PROGRAMS)}")
    return dialogue, os.environ.get("ONCE", "") not in ("", "0"), kill


def main() -> int:
    """Exit status 0 only if every step led where it should."""
    for end in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # all as Ctrl-C does: the programs that were started end, too
        signal.signal(end, signal.default_int_handler)  # in the background of a shell Ctrl-C's would be left out
    try:
        dialogue, once, kill = choices()
        folder = Path(os.environ.get("JIETAN_DATA_DIR") or ROOT / "demo-data").resolve()
        fresh_data_dir(folder)
        serving = Serving(demo_settings(folder))
    except DemoFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    try:
        import walk

        return walk.run(serving, dialogue, once, kill)
    except KeyboardInterrupt:
        return 0
    finally:
        serving.stop()


if __name__ == "__main__":
    sys.exit(main())
