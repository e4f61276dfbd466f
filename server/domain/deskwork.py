"""What correcting a record took, and whether what was marked as doubtful was wrong: from the log of edits alone.

Both are figures of a record.  They are shown to the clerk who corrected it, and of an office only together, never of a
person (reception/deskwork.py).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from difflib import SequenceMatcher

from server.domain.linewords import ALIGN_LIMIT, TimedWord

PAUSE = timedelta(minutes=3)
"""So long without an edit is a pause: nothing of it counts.  Typing is saved every two seconds and every line that was
heard is an edit, so that whoever works is seen; whoever listens for longer without a key is not."""


def work_seconds(edits: Iterable[tuple[int, datetime]]) -> float:
    """Time at work in a log of (who, when): from each person's edit to their next one, unless that was a pause.

    What went before a first edit is not known and not counted.
    """
    last: dict[int, datetime] = {}
    total = timedelta()
    for who, when in sorted(edits, key=lambda edit: edit[1]):
        since = when - last.get(who, when)
        total += since if since < PAUSE else timedelta()
        last[who] = when
    return total.total_seconds()


def marked_places(text: str, words: Sequence[TimedWord], weak: float) -> list[tuple[int, int]]:
    """(first, after the last) character of each place that the desk underlines: words less probable than `weak` with a
    character on either side, what touches being one place.  Words that the text does not have are passed over."""
    places: list[tuple[int, int]] = []
    at = 0
    for word in words:
        wanted = word.text.strip()
        found = text.find(wanted, at) if wanted else -1
        if found < 0:
            continue
        at = found + len(wanted)
        if word.probability >= weak or not any(character.isalnum() for character in wanted):
            continue
        first, last = max(found - 1, 0), min(at + 1, len(text))
        if places and places[-1][1] >= first:
            places[-1] = (places[-1][0], last)
        else:
            places.append((first, last))
    return places


def changed_places(before: str, after: str, places: Sequence[tuple[int, int]]) -> int:
    """How many of these places of `before` were changed on the way to `after`."""
    if before == after or not places:
        return 0
    if max(len(before), len(after)) > ALIGN_LIMIT:
        return sum(before[first:last] not in after for first, last in places)
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changes = [(a0, a1) for tag, a0, a1, _, _ in codes if tag != "equal"]
    return sum(any(_touches(change, place) for change in changes) for place in places)


def _touches(change: tuple[int, int], place: tuple[int, int]) -> bool:
    """What was put in touches the places on either side of it."""
    if change[0] == change[1]:
        return place[0] <= change[0] <= place[1]
    return change[0] < place[1] and place[0] < change[1]
