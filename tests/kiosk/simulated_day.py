"""A day of one kiosk, accelerated: the real web program, the real copy program and the real scripts of the page, with
everything that happens to them.

    python -m tests.kiosk.simulated_day --hours 24        (make kiosk-day)

Every ten minutes of the day somebody tells their matter alone, or talks while the page keeps its copy.  Meanwhile the line
is cut, also between the last word to the office and its answer, or somebody else answers in the office's place; the kiosk's
program, its page or the office's program are killed (kill -9) in the middle of anything; the disk takes no more; camera and
microphone are unplugged; somebody walks away.  At the end every sitting is at the office exactly once, byte for byte what was
said, or the record says what is missing; one line of JSON.  Timers of the kiosk's program run FACTOR times as fast; the
office's far side of talks is written into its store.
"""

import argparse
import asyncio
import contextlib
import hashlib
import itertools
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.domain.alone import NOTICE, QUESTIONS, AloneEnding
from server.domain.states import Channel, CopyState, ReceptionState
from server.protocol.recording import Manifest
from server.reception.account import accounts
from server.reception.kiosk import copies
from server.reception.kiosk.alone import reception_id_of
from server.reception.record import records
from server.reception.record.recordings import verify_folder
from server.signing_key import load
from server.store import copies as copy_store
from server.store import papers, papersfiles
from server.store.access import Actor
from server.store.models import AloneSitting, KioskCopy, Participant, Reception, StoredUtterance, VisitRecord
from server.store.querycodes import new_query_code
from tests.browser.kiosk_office import KioskOffice, free_port
from tests.kiosk.day_parts import LONGEST_WAIT_S, Gone, Kept, Line, Page, Program, Sounds, packets
from tests.office import root_actor
from tests.reception.programs import Transcriber

FACTOR = 240.0
EVERY_MIN = 10
QUIET_S, LONGEST_QUIET_S = 0.7, 20.0
"""After each sitting nobody is there for so long at least, and at most: then the program sends."""
SLICES = 12
"""Pieces of a run of the recorder."""
WARM_UP_H = 2
MOST_GROWTH_KB = 4096
"""Of the kiosk's program from the first to the last quarter of the hours in which nobody killed it."""
LONGEST_CUT = 16
"""Sittings that a long cut lasts."""
NAME_DRAWN = [[[0.2 + n * 0.02, 0.2 + n % 2 * 0.1, n * 10, 0.5] for n in range(30)]]
FORM = {"version": QUESTIONS.version, "notice": NOTICE, "questions": [one.model_dump() for one in QUESTIONS.questions]}
LOST_WORDS = {"camera": "摄像头断开", "microphone": "话筒断开", "disk": "硬盘满"}
LOST_GAPS = {"microphone": "microphone_lost", "disk": "disk_full"}
"""What the record says between its lines; where only the picture is missing no word is."""


@dataclass
class Take:
    """A run of the recorder: what it gave, and how much of that went to the page."""

    path: Path
    fed: int = 0


@dataclass
class Told:
    """What the page knows of one sitting or copy, to be compared with what the office has."""

    kind: str
    fates: set[str]
    id: str = ""
    refused: bool = False
    """The kiosk said at the beginning that it has no room."""
    complete: bool = False
    """The page said its last word."""
    how: str = ""
    number: str = ""
    query: str = ""
    takes: dict[int, Take] = field(default_factory=dict)
    typed: list[str] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    """SHA-256 of those that the page took."""
    unplugged: set[str] = field(default_factory=set)
    kept: Kept = field(default_factory=Kept)
    """At least so much was on the disk."""


class Day:
    """Who comes, what happens to them, and what of it the office has."""

    def __init__(self, office: KioskOffice, program: Program, line: Line, sounds: Sounds, seed: int) -> None:
        self.office, self.program, self.line, self.sounds = office, program, line, sounds
        self.random = random.Random(seed)
        self.told: list[Told] = []
        self.rss: list[tuple[float, int]] = []
        self.page = Page(program)
        self.talk = Told("", set())
        """Copies that the office was told to expect."""
        self.cut_for = 0
        self.abandoned = False
        """A page is gone that the program still waits for."""
        self.office_kills = 0
        self.answers_lost = 0
        self.dangerous = True
        """The kiosk's program is killed; not in the second half, so that what its memory does can be seen."""
        self._restarting: asyncio.Task[None] | None = None
        line.finishing = self._finishing

    # --- the day ---

    async def run(self, hours: float, progress: Callable[[str], None]) -> None:
        await self.page.open()
        began, sittings = time.monotonic(), round(hours * 60 / EVERY_MIN)
        for number in range(sittings):
            hour, now = number * EVERY_MIN / 60, time.monotonic()
            self.dangerous = number < sittings / 2
            self._line_happens()
            told = Told("alone" if number % 3 else "talk", self._fates())
            self.told.append(told)
            killer = asyncio.create_task(self._kill_some_time())
            await self._sit_down(told)
            await killer
            await self._nobody_is_there(now + EVERY_MIN * 60 / FACTOR)
            self.rss.append((hour, self.program.rss_kb()))
            if (number + 1) % (60 // EVERY_MIN) == 0 or number + 1 == sittings:
                progress(self._so_far(number + 1, time.monotonic() - began))

    def _so_far(self, number: int, seconds: float) -> str:
        line = "cut" if self.line.cut else "well"
        return (
            f"{number * EVERY_MIN // 60:02d}:{number * EVERY_MIN % 60:02d}  {number} sittings, {len(self.program.held())} at the kiosk, line {line}, "
            f"{self.program.kills} kills, {self.office_kills} of the office, {self.rss[-1][1] // 1024} MB, {seconds:.0f} s"
        )

    async def _nobody_is_there(self, until: float) -> None:
        """Until the next sitting; minutes in which all that waits can be sent, if the line is well."""
        until, latest = max(until, time.monotonic() + QUIET_S), time.monotonic() + LONGEST_QUIET_S
        while (now := time.monotonic()) < until or (now < latest and self.program.held() and not self.line.cut):
            if self.abandoned and await self.program.answers():
                self._somebody_is_there()
            await asyncio.sleep(0.05)

    async def _sit_down(self, told: Told) -> None:
        try:
            await (self._alone(told) if told.kind == "alone" else self._talk(told))
            told.kept = self.page.kept.pop(told.id, Kept())
        except Gone:
            self.abandoned = True
            await self.page.power_off()
            told.kept = self.page.kept.pop(told.id, Kept())
            self.page = await Page(self.program).open()
        self.program.room_again()

    def _fates(self) -> set[str]:
        """What happens in the middle of this sitting."""
        kinds = ["", "", "camera", "full", "microphone", "left", "camera full"]
        if self.dangerous:
            kinds += ["killed", "power", "killed", "power", "camera killed", "microphone killed", "full killed", "full power"]
        return set(self.random.choice(kinds).split())

    def _line_happens(self) -> None:
        self.cut_for -= 1
        if self.line.cut:
            if self.cut_for <= 0:
                self.line.set_cut(False)
        elif self.random.random() < 0.3:
            self.cut_for = self.random.choice((1, 1, 2, 3, LONGEST_CUT if self.random.random() < 0.5 else 4))
            self.line.portal = self.random.random() < 0.3
            self.line.set_cut(True)
        elif self.random.random() < 0.3:
            self.line.break_off()

    async def _kill_some_time(self) -> None:
        """Somewhere in this sitting, the program is killed in the middle of whatever it does."""
        if self.dangerous and self.random.random() < 0.25:
            await asyncio.sleep(self.random.random() * EVERY_MIN * 60 / FACTOR)
            self.program.kill()

    def _finishing(self) -> bool:
        """The last word of a sitting goes to the office: where what happens now must neither lose nor double it."""
        chance = self.random.random()
        if chance < 0.15:
            self.answers_lost += 1
            return True
        if chance < 0.25 and self.dangerous:
            asyncio.get_running_loop().call_later(self.random.random() * 0.3, self.program.kill)
        elif chance < 0.30:
            asyncio.get_running_loop().call_later(self.random.random() * 0.3, self._kill_office)
        return False

    def _kill_office(self) -> None:
        if self._restarting is None or self._restarting.done():
            self.office_kills += 1
            assert self.office.process is not None
            self.office.process.kill()
            self._restarting = asyncio.create_task(asyncio.to_thread(self._office_again))

    def _office_again(self) -> None:
        assert self.office.process is not None
        self.office.process.wait()
        self.office.start()

    # --- a sitting alone ---

    async def _alone(self, told: Told) -> None:
        if not await self._begin(told):
            return
        at = 1.0
        for number, question in enumerate(QUESTIONS.questions[:3]):
            await self.page.do("at", seconds=at)
            await self.page.do("ask", question=question.model_dump())
            if number == 2 and "microphone" in told.fates:
                await self.page.do("plug", device="microphone", plugged=True)
            await self._speak(told, question.id, in_the_middle=number == 1)
            at += 60
        if "left" in told.fates:
            await self._end(told, "left", at)
            return
        await self.page.do("at", seconds=at)
        told.typed.append(f"{told.id} 的要求：请给我一个答复。")
        await self.page.do("type", question="asked", words=told.typed[-1])
        for _ in range(2):
            photo = self.sounds.photo()
            if (await self.page.do("photo", question="asked", file=str(photo)))["taken"]:
                told.photos.append(hashlib.sha256(photo.read_bytes()).hexdigest())
        await self.page.do("knows", person={"name": "王桂兰", "phone": "13800001234"})
        signs = self.random.random() < 0.8
        if signs:
            await self.page.do("sign", drawn={"strokes": NAME_DRAWN, "aspect": 0.3})
        await self._end(told, "signed" if signs else "unsigned", at + 5)

    async def _begin(self, told: Told) -> bool:
        """Whether it begins; a program that is being started again is waited for, as the person would try again."""
        until = time.monotonic() + LONGEST_WAIT_S
        while time.monotonic() < until:
            answer = await self.page.do("alone", door=self.program.door, form=FORM, consent="audio_video")
            told.id, told.number, told.query = answer["id"], answer["number"], answer["query"]
            told.refused = answer["code"] == "no_room"
            if not answer["code"] or told.refused:
                self._somebody_is_there()
                return not told.refused
            assert answer["code"] == "no_program", answer
            await asyncio.sleep(0.2)
        raise TimeoutError("the kiosk's program does not answer")

    def _somebody_is_there(self) -> None:
        """The program answers; whoever was here before the power was cut is not waited for any more."""
        if self.abandoned:
            self.program.minutes_pass()
        self.abandoned = False

    async def _speak(self, told: Told, question: str, *, in_the_middle: bool) -> None:
        given = await self.page.do("speak", question=question)
        if given["take"] < 0:  # no microphone, or no room for sound: the screen says so
            return
        take = Take(self.sounds.take(filmed=given["filmed"]))
        told.takes[given["take"]] = take
        await self._record(told, take, in_the_middle)
        await self.page.do("stop")

    async def _record(self, told: Told, take: Take, in_the_middle: bool) -> None:
        """The recorder gives a piece after the other, until the page stops it; in the middle it happens."""
        size = take.path.stat().st_size
        places = [size * n // SLICES for n in range(SLICES + 1)]
        for number, (start, end) in enumerate(itertools.pairwise(places)):
            if in_the_middle and number == SLICES // 2:
                await self._it_happens(told)
            if not (await self.page.do("record", file=str(take.path), **{"from": start, "to": end}))["taken"]:
                break
            take.fed = end
        if in_the_middle and "full" in told.fates:
            await self._notice_full(told, take)

    async def _it_happens(self, told: Told) -> None:
        if "full" in told.fates:
            self.program.full(told.id, self.random.choice((0, self.random.randrange(200_000))))
        for what in sorted({"camera", "microphone"} & told.fates):
            if told.kind == "alone":
                told.unplugged.add(what)
                await self.page.do("plug", device=what, plugged=False)
        if {"killed", "power"} & told.fates:
            await asyncio.sleep(self.random.choice((0.0, 0.05, 0.3)))
            self.program.kill()
        if "power" in told.fates:
            raise Gone

    async def _notice_full(self, told: Told, take: Take) -> None:
        """Until the page knows, or all was taken; then whoever looks after the kiosk makes room."""
        until = time.monotonic() + LONGEST_WAIT_S
        while not (kept := self.page.kept[told.id]).full and sum(kept.sound.values()) < sum(one.fed for one in told.takes.values()):
            assert time.monotonic() < until, "nobody is told that the disk is full"
            await asyncio.sleep(0.02)
        self.program.room_again()

    async def _end(self, told: Told, how: str, at: float) -> None:
        await self.page.do("at", seconds=at)
        await self.page.do("end", how=how)
        told.complete, told.how = True, how

    # --- the copy of a talk ---

    async def _talk(self, told: Told) -> None:
        self.talk = told
        name = self._far_side()
        until = time.monotonic() + LONGEST_WAIT_S
        while not (begun := await self.page.do("talk", door=self.program.door, reception=name, participant=f"p-{name}"))["begun"]:
            assert time.monotonic() < until, "the kiosk's program does not answer"
            await self.page.do("hang_up")
            await asyncio.sleep(0.2)
        self._somebody_is_there()
        told.id = begun["id"]
        take = Take(self.sounds.take(filmed=True))
        told.takes[0] = take
        if "full" in told.fates:
            await self._until_open(told)
        await self._record(told, take, in_the_middle=True)
        take.fed = (await self.page.do("hang_up"))["fed"]
        told.complete = True

    async def _until_open(self, told: Told) -> None:
        """A disk gets full at the earliest when there is a file."""
        until = time.monotonic() + LONGEST_WAIT_S
        while not (self.program.folder / "outbox" / told.id / "sealed").exists():
            assert time.monotonic() < until, "the copy is not begun"
            if self.page.kept[told.id].full:
                break
            await asyncio.sleep(0.02)

    def _far_side(self) -> str:
        """A talk as the office knows it: its reception.  By the time that the copy comes it is over."""
        now = datetime.now(UTC)
        name = f"r-{self.random.randbytes(6).hex()}"
        with self.office.store.write() as session:
            kiosk = accounts.store.kiosks_under(session, "/")[0]
            reception = Reception(
                id=name, organization_id=kiosk.organization_id, kiosk_id=kiosk.id, number="A01", state=ReceptionState.CLOSED,
                consent="audio_video", petitioner_name="王桂兰", query_code=new_query_code(), asked_at=now, started_at=now,
                ended_at=now + timedelta(hours=12), left_kiosk_at=now,
            )  # fmt: skip
            reception.participants.append(Participant(id=f"p-{name}", position=0, role="petitioner", name="王桂兰"))
            session.add(reception)
        return name

    # --- at the end ---

    async def until_all_is_sent(self) -> None:
        """The line is well again, and nothing is killed any more."""
        await self.page.power_off()
        self.line.finishing = lambda: False
        self.line.set_cut(False)
        if self._restarting is not None:
            await self._restarting
        await self._until(self._all_sent, "something is still at the kiosk")
        await self._until(lambda: not self._unclosed(), "a sitting has no record")

    def _all_sent(self) -> bool:
        self.program.minutes_pass()
        return not self.program.held()

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + LONGEST_WAIT_S
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(what)
            await asyncio.sleep(0.2)

    def _unclosed(self) -> int:
        with self.office.store.read() as session:
            closed = session.scalar(select(func.count()).select_from(VisitRecord).join(VisitRecord.reception).where(
                Reception.channel == Channel.ALONE, Reception.state == ReceptionState.CLOSED))  # fmt: skip
            return int(session.scalar(select(func.count()).select_from(AloneSitting)) or 0) - int(closed or 0)


class Verdict:
    """Whether every sitting is at the office once and whole, or says what is missing."""

    def __init__(self, day: Day) -> None:
        self._day, self._office = day, day.office
        self.counts: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        """Sittings that arrived and say so, by what they say is missing."""
        self.faults: list[str] = []
        with self._office.store.write() as session:
            # Two minutes of the office's clock after the talk: what the kiosk does not hold then will not come.
            kiosk_id = self._office.ids["kiosk"]
            copy_store.note_missing(session, kiosk_id, [], datetime.now(UTC) + timedelta(days=1))
        with self._office.store.read() as session:
            for told in day.told:
                found = [] if told.refused else list(self._alone(session, told) if told.kind == "alone" else self._talk(session, told))
                self.faults += [f"{told.id} ({told.kind}, {sorted(told.fates)}): {fault}" for fault in found]
            self.faults += self._more_than_told(session)

    # --- sittings alone ---

    def _alone(self, session: Session, told: Told) -> Iterator[str]:
        sitting = session.get(AloneSitting, told.id)
        if sitting is None:
            # Whoever was cut off before the first word was on the disk had not begun.
            if told.complete or sum(told.kept.sound.values()):
                self.counts["lost"] += 1
                yield "is not at the office"
            else:
                self.counts["not_begun"] += 1
            return
        self.counts["arrived"] += 1
        reception = session.get_one(Reception, reception_id_of(self._office.ids["kiosk"], told.id))
        if (reception.number, reception.query_code) != (told.number, told.query):
            yield "has another number or code than its slip"
        yield from self._sounds(reception, told)
        said = session.scalars(select(StoredUtterance).where(StoredUtterance.reception_id == reception.id).order_by(StoredUtterance.start)).all()
        yield from _between("typed answers", [one.text for one in said if one.measures["source"] == "typed"], told.typed, told.kept.typed)
        yield from _between("photographs", self._photos(session, reception), told.photos, told.kept.photos)
        signed = told.how == "signed"
        ending = AloneEnding(told.how) if told.complete else AloneEnding.CUT_OFF
        if sitting.ending != ending or (sitting.signature is not None) != signed:
            yield f"its ending is told wrongly: {sitting.ending}"
        yield from self._says_what_is_missing(session, told, sitting, reception)

    def _sounds(self, reception: Reception, told: Told) -> Iterator[str]:
        """Every packet that was on the kiosk's disk is in the recording, and none that was not said."""
        manifest = Manifest.model_validate(reception.manifest)
        folder = self._office.settings.recordings_dir / reception.id
        files = {(int(one.file.split(f"-{one.kind}-")[1][:3]) - 1, str(one.kind)): folder / one.file for one in manifest.segments}
        if not set(files) <= {(take, kind) for take in told.takes for kind in ("audio", "video")}:
            yield "has a run of the recorder that nobody made"
        for number, take in told.takes.items():
            whole = take.path.read_bytes()[: take.fed]
            kept = take.fed if told.complete and not told.kept.full else told.kept.sound.get(str(number), 0)
            for kind in ("audio", "video"):
                path = files.get((number, kind))
                found = packets(path.read_bytes(), kind) if path else []
                yield from _between(f"packets of {kind} {number}", found, packets(whole, kind), len(packets(whole[:kept], kind)))
        if wrong := verify_folder(self._office.store, folder, load(self._office.settings).public):
            yield f"its recording does not verify: {wrong}"

    def _photos(self, session: Session, reception: Reception) -> list[str]:
        folder = self._office.settings.papers_dir
        sets = papers.handed_over(session, reception.id)
        files = [papersfiles.page_path(folder, one, number + 1) for one in sets for number in range(len(one.pages))]
        return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]

    def _says_what_is_missing(self, session: Session, told: Told, sitting: AloneSitting, reception: Reception) -> Iterator[str]:
        record = session.scalars(select(VisitRecord).where(VisitRecord.reception_id == reception.id)).all()
        if len(record) != 1:
            yield f"has {len(record)} records"
            return
        causes = {gap.cause for gap in records.view(session, self._clerk(session), record[0]).gaps}
        lost = (told.unplugged | ({"disk"} if told.kept.full else set())) if told.complete else set()
        for what in sorted(lost):
            if not any(LOST_WORDS[what] in one for one in sitting.missing):
                yield f"does not say that it lacks the {what}"
            if LOST_GAPS.get(what, "") not in causes | {""}:
                yield f"the record has no gap for the {what}"
        for cut in {"left", "cut_off"} & {sitting.ending}:
            lost.add(cut)
            if cut == "cut_off" and cut not in causes:
                yield "the record does not say that it was cut off"
        if len(sitting.missing) < len(lost) or (not lost and sitting.missing):
            yield f"says {len(sitting.missing)} times that something is missing, which is {sorted(lost)}"
        self.missing.update(lost)
        self.counts["incomplete"] += bool(lost)

    def _clerk(self, session: Session) -> Actor:
        return root_actor(accounts.store.organization(session, self._office.ids["county"]))

    # --- copies of talks ---

    def _talk(self, session: Session, told: Told) -> Iterator[str]:
        copy = session.get(KioskCopy, told.id)
        kept = told.kept.sound.get("0", 0)
        if copy is None or copy.state != CopyState.STORED:
            state = copy.state if copy is not None else "not heard of"
            if kept:
                self.counts["lost"] += 1
                yield f"its copy is {state}, of which {kept} bytes were kept"
            elif state == CopyState.EXPECTED:
                yield "its copy is waited for, of which nothing was kept"
            else:
                self.counts["incomplete"] += 1
                self.missing["copy"] += 1
            return
        path = self._office.settings.copies_dir / copy.reception_id / f"{copy.id}.webm"
        self.counts["arrived"] += 1
        found, whole = path.read_bytes(), told.takes[0].path.read_bytes()[: told.takes[0].fed]
        least = len(whole) if told.complete and not told.kept.full else kept
        if not (least <= len(found) and found == whole[: len(found)]):
            yield "its copy is not what was kept"
        if copy.sha256 != hashlib.sha256(found).hexdigest():
            yield "its copy has another hash"
        if len(found) < len(whole):
            self.counts["incomplete"] += 1
            self.missing["copy's end"] += 1

    # --- all together ---

    def _more_than_told(self, session: Session) -> Iterator[str]:
        alone = {told.id for told in self._day.told if told.kind == "alone"}
        there = Counter(session.scalars(select(AloneSitting.id)))
        receptions = session.scalars(select(Reception).where(Reception.channel == Channel.ALONE)).all()
        for name in set(there) - alone:
            yield f"{name}: nobody sat there"
        self.counts["doubled"] = len(receptions) - len(there)
        if self.counts["doubled"]:
            yield f"{len(receptions)} receptions of {len(there)} sittings"
        for name, many in Counter(one.number for one in receptions).items():
            if many > 1:
                yield f"the number {name} was given {many} times"
        stored = set(session.scalars(select(KioskCopy.id).where(KioskCopy.state == CopyState.STORED)))
        for name in stored - {told.id for told in self._day.told}:
            yield f"{name}: a copy of nobody's"
        left = [path.name for path in self._office.settings.copies_dir.rglob("*") if path.suffix in (".part", ".sealed", ".new", ".lock")]
        if left:
            yield f"left at the office: {left}"


def _between(what: str, found: Sequence[Any], whole: Sequence[Any], least: int) -> Iterator[str]:
    """`found` is the beginning of `whole`, and at least so many of it."""
    if list(found) != list(whole[: len(found)]):
        yield f"{what}: not as they were given"
    elif len(found) < least:
        yield f"{what}: {len(found)}, of which {least} were on the kiosk's disk"


def report(day: Day, verdict: Verdict, hours: float, seed: int, seconds: float) -> dict[str, Any]:
    """The figures of a day."""
    first, last, slope = _memory(day, hours)
    fates = Counter(fate for told in day.told for fate in told.fates)
    return {
        "hours": hours, "seed": seed, "seconds": round(seconds), "sittings": len(day.told),
        "alone": sum(one.kind == "alone" for one in day.told), "talks": sum(one.kind == "talk" for one in day.told),
        "refused_for_room": sum(one.refused for one in day.told), "not_begun": verdict.counts["not_begun"],
        "arrived_once": verdict.counts["arrived"], "incomplete": verdict.counts["incomplete"], "missing": dict(verdict.missing),
        "lost": verdict.counts["lost"], "doubled": verdict.counts["doubled"], "faults": len(verdict.faults),
        "line_cuts": day.line.cuts, "answers_lost": day.answers_lost, "kills": day.program.kills, "office_kills": day.office_kills,
        "power_cuts": fates["power"], "full_disks": sum(bool(told.kept.full) for told in day.told),
        "unplugged": fates["camera"] + fates["microphone"], "rss_kb_first": first, "rss_kb_last": last, "rss_kb_per_hour": slope,
    }  # fmt: skip


def _memory(day: Day, hours: float) -> tuple[int, int, float]:
    """Medians of the first and last quarter of the hours in which nobody killed it, and the slope."""
    alive = [(hour, kb) for hour, kb in day.rss if hour >= hours / 2 + min(WARM_UP_H, hours / 8)]
    if len(alive) < 4:
        return 0, 0, 0.0
    part = max(1, len(alive) // 4)
    first, last = (int(np.median([kb for _, kb in some])) for some in (alive[:part], alive[-part:]))
    return first, last, round(float(np.polyfit(*zip(*alive, strict=True), 1)[0]), 1)


async def simulate(
    folder: Path, hours: float, seed: int, progress: Callable[[str], None] = lambda _: None
) -> tuple[dict[str, Any], list[str]]:
    """The day in a fresh folder: its figures, and what was wrong."""
    began = time.monotonic()
    sounds = Sounds(folder / "sounds")
    transcriber = Transcriber()
    office = KioskOffice(folder / "office", disk_reserve_mb=0, transcriber_url=transcriber.url)
    office.start_s = LONGEST_WAIT_S
    try:
        await asyncio.to_thread(office.start)
        line = Line(office.url)
        async with line.laid() as port:
            program = Program(folder / "kiosk", f"http://127.0.0.1:{port}", free_port(), FACTOR)
            program.folder.mkdir()
            await asyncio.to_thread(enrol, office, program)
            program.start()
            try:
                day = Day(office, program, line, sounds, seed)
                await day.run(hours, progress)
                progress("waiting for what is still at the kiosk")
                await day.until_all_is_sent()
            finally:
                await day.page.power_off()
                program.stop()
        verdict = Verdict(day)
        figures = report(day, verdict, hours, seed, time.monotonic() - began)
        if figures["rss_kb_last"] - figures["rss_kb_first"] > MOST_GROWTH_KB:
            verdict.faults.append("the kiosk's program grows")
        return figures, verdict.faults
    finally:
        office.close()
        transcriber.stop()


def enrol(office: KioskOffice, program: Program) -> None:
    """With a one-time code, by the real command."""
    with office.store.write() as session:
        code = copies.agent_code(session, accounts.store.kiosks_under(session, "/")[0]).code
    script = "import asyncio, sys; from kiosk import agent; from kiosk.settings import KioskSettings; asyncio.run(agent.enrol(KioskSettings(), sys.argv[1]))"
    subprocess.run([sys.executable, "-c", script, code], env=program.environment, check=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", help="a new folder for everything that both programs write; left out: a temporary one")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # and its programs with it
    with contextlib.ExitStack() as stack:
        folder = Path(asked.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="jietan-kiosk-day-")))
        folder.mkdir(exist_ok=True)
        figures, faults = asyncio.run(simulate(folder, asked.hours, asked.seed, lambda told: print(told, file=sys.stderr, flush=True)))
    for fault in faults:
        print(fault, file=sys.stderr)
    print(json.dumps({"kiosk_day": figures}, ensure_ascii=False))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
