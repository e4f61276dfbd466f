"""How the lines of a talk did, for the office: shares of time, and when a line was bad.

What is kept tells of about half a minute at a time, by its worst moment (server/media/line.py): shares are of such
stretches, not of seconds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy.orm import Session

from server.clock import OFFICE_ZONE
from server.domain import terms
from server.domain.gaps import clock_time
from server.protocol.base import Role
from server.protocol.lines import BadStretch, KioskLine, LineBar, LineReport
from server.protocol.signalling import LineWord
from server.reception.matter.cases import require_talk
from server.reception.record.records import require
from server.store import receptions
from server.store.access import Actor
from server.store.models import Kiosk, StoredLine

ORDER = tuple(LineWord)
"""From good to lost."""
WORDS = {LineWord.GOOD: "好", LineWord.FAIR: "一般", LineWord.POOR: "差", LineWord.LOST: "常断"}
"""Of a line over a whole talk."""
MOST_STRETCHES = 20
JOIN_S = 1.0
"""Bad stretches that are no further apart are one."""
BARS = 120
"""A course has no more of them, however long the talk was."""
MOSTLY = 0.9
"""A line as a whole is as good as it was for so much of the time."""


def of_case(session: Session, actor: Actor, case_id: int) -> list[LineReport]:
    """How each participant's line did in the talk of a case; raises NotFound where the actor may not see it."""
    record = require(session, actor, require_talk(session, actor, case_id).talk_record_id)
    reception = record.reception
    started_at = _in_office(reception.started_at)
    return [
        report(person.id, f"{terms.ROLE[Role(person.role)]} {person.name}", started_at, lines)
        for person in reception.participants
        if (lines := [one for one in receptions.lines_of(session, reception.id) if one.participant_id == person.id])
    ]


def of_kiosks(session: Session, actor: Actor) -> list[KioskLine]:
    """How the line of each of the administrator's kiosks did in its last talk, or does in the one that runs; nothing of
    whom or what it is about."""
    found = receptions.last_kiosk_lines(session, actor)
    talking = receptions.kiosks_talking(session, [kiosk.id for kiosk, _, _ in found])
    return [_of_kiosk(kiosk, began, seats, kiosk.id in talking) for kiosk, began, seats in found]


def _of_kiosk(kiosk: Kiosk, began: datetime | None, seats: receptions.Seats, talking: bool) -> KioskLine:
    own = [line for (role, _), lines in seats.items() if role is Role.PETITIONER for line in lines]
    others = [(role, lines) for (role, _), lines in seats.items() if role is not Role.PETITIONER]
    at = _in_office(began)
    return KioskLine(
        kiosk_id=kiosk.id, kiosk=kiosk.name, organization=kiosk.organization.name, talked_at=began, talking=talking,
        report=report("", kiosk.name, at, own) if own else None, bars=bars(own),
        others=tuple(report("", terms.ROLE[role], at, lines) for role, lines in others),
    )  # fmt: skip


def _in_office(moment: datetime | None) -> datetime | None:
    return moment.astimezone(OFFICE_ZONE) if moment else None


# --- the summary, from what is kept ------------------------------------------------------------------------------


def report(participant_id: str, name: str, started_at: datetime | None, lines: Sequence[StoredLine]) -> LineReport:
    """The line of one seat; `lines` in order of time."""
    shares = shares_of(lines)
    bad = stretches(lines, started_at)
    worst = sorted(bad, key=lambda one: (-ORDER.index(one.word), one.start - one.end))[:MOST_STRETCHES]
    word = overall(shares)
    return LineReport(
        participant_id=participant_id,
        name=name,
        word=word,
        shares=shares,
        text=_sentence(name, word, bad),
        bad=tuple(sorted(worst, key=lambda one: one.start)),
        more=len(bad) - len(worst),
        **_numbers(lines),
    )


def shares_of(lines: Iterable[StoredLine]) -> dict[LineWord, float]:
    """Share of the measured time for each word, 0 to 1; all 0 where nothing was measured."""
    seconds = dict.fromkeys(ORDER, 0.0)
    for line in lines:
        seconds[LineWord(line.word)] += line.end - line.start
    total = sum(seconds.values())
    return {word: round(known / total, 3) if total else 0.0 for word, known in seconds.items()}


def overall(shares: Mapping[LineWord, float]) -> LineWord:
    """The word that the line was at least as good as for MOSTLY of the time."""
    so_far = 0.0
    for word in ORDER:
        so_far += shares[word]
        if so_far >= MOSTLY:
            return word
    return LineWord.GOOD if not so_far else LineWord.LOST


def stretches(lines: Sequence[StoredLine], started_at: datetime | None) -> list[BadStretch]:
    """When the line was poor or lost, in order of time; neighbours are joined."""
    joined: list[list[StoredLine]] = []
    for line in lines:
        if ORDER.index(LineWord(line.word)) < ORDER.index(LineWord.POOR):
            continue
        if joined and line.start - joined[-1][-1].end <= JOIN_S:
            joined[-1].append(line)
        else:
            joined.append([line])
    return [_stretch(together, started_at) for together in joined]


def _stretch(lines: Sequence[StoredLine], started_at: datetime | None) -> BadStretch:
    start, end = lines[0].start, lines[-1].end
    word = _worst(lines)
    what = ["时断时续" if word is LineWord.LOST else "线路差"]
    loss, still = _loss(lines), sum(line.frozen_s or 0 for line in lines)
    what += [f"最多丢了 {loss:.0%}"] if loss >= 0.01 else []
    what += [f"画面停了 {still:.0f} 秒"] if still >= 1 else []
    text = f"{clock_time(started_at, start)} 到 {clock_time(started_at, end)}，{'，'.join(what)}。"
    return BadStretch(start=start, end=end, word=word, text=text)


def _sentence(name: str, word: LineWord, bad: Sequence[BadStretch]) -> str:
    if not bad:
        return f"{name}的线路{WORDS[word]}，没有差的时候。"
    minutes = max(1, round(sum(one.end - one.start for one in bad) / 60))
    return f"{name}的线路总的来说{WORDS[word]}，有 {len(bad)} 次不好，一共约 {minutes} 分钟。"


def _worst(lines: Iterable[StoredLine]) -> LineWord:
    return max((LineWord(line.word) for line in lines), key=ORDER.index)


def _loss(lines: Iterable[StoredLine]) -> float:
    return max((max(line.loss_up or 0, line.loss_down or 0) for line in lines), default=0.0)


def _numbers(lines: Sequence[StoredLine]) -> dict[str, float | None]:
    """The worst of delay, loss and jitter, the loudest moment, the mean of the rates, all of the frozen time."""
    most = {name: _fold(lines, name, max) for name in ("round_trip_ms", "loss_up", "loss_down", "jitter_ms", "level")}
    mean = {name: _fold(lines, name, lambda known: sum(known) / len(known)) for name in ("up_kbps", "down_kbps")}
    return most | mean | {"frozen_s": _fold(lines, "frozen_s", sum)}


def _fold(lines: Sequence[StoredLine], name: str, fold: Callable[[list[float]], float]) -> float | None:
    known = [value for line in lines if (value := getattr(line, name)) is not None]
    return round(fold(known), 3) if known else None


def bars(lines: Sequence[StoredLine]) -> tuple[LineBar, ...]:
    """The course of a line in at most BARS pieces, each with its worst moment."""
    per_bar = -(-len(lines) // BARS) or 1
    grouped = groupby(enumerate(lines), lambda numbered: numbered[0] // per_bar)
    return tuple(_bar([line for _, line in group]) for _, group in grouped)


def _bar(lines: Sequence[StoredLine]) -> LineBar:
    return LineBar(
        start=lines[0].start,
        end=lines[-1].end,
        word=_worst(lines),
        loss=round(_loss(lines), 3),
        round_trip_ms=_fold(lines, "round_trip_ms", max),
    )
