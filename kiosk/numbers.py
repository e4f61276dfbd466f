"""Numbers of sittings alone: given here, because the line may be dead; they begin again every day."""

import json
from datetime import datetime
from pathlib import Path

from kiosk.outbox import write_private


def next_number(file: Path, kiosk_id: int) -> str:
    """E.g. K12-03: the kiosk, and which sitting of its day; given out once, whatever happens.  Raises OSError."""
    day = datetime.now().astimezone().date().isoformat()
    count = _given(file, day) + 1
    write_private(file, json.dumps({"day": day, "count": count}).encode())
    return f"K{kiosk_id}-{count:02d}"


def _given(file: Path, day: str) -> int:
    try:
        known = json.loads(file.read_bytes())
        return int(known["count"]) if known["day"] == day else 0
    except (OSError, ValueError, KeyError, TypeError):
        return 0
