"""A day of one kiosk, accelerated: the real web program and the real copy program, with everything that happens to them.

    python -m tests.kiosk.simulated_day --hours 24        (make kiosk-day)

Every ten minutes of the day somebody tells their matter alone, or a talk leaves its copy.  Meanwhile the line is cut, the
program is killed (kill -9) with the page or without it, the disk takes no more, the camera is unplugged.  At the end every
sitting is at the office exactly once, and whole, or it says what is missing; one JSON line.  The page is played: it sends
what js/kiosk/alone sends, and keeps what was not confirmed.  Timers of the program run FACTOR times as fast; the office's
far side of talks is written into its store.
"""

import argparse
import asyncio
import contextlib
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from sqlalchemy import func, select
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.domain.alone import QUESTIONS
from server.domain.states import CopyState, ReceptionState
from server.protocol import alone
from server.protocol.base import Message
from server.protocol.copies import Open, OpenAlone
from server.protocol.recording import Manifest
from server.reception import accounts, copies
from server.reception.alone import reception_id_of
from server.store.models import AloneSitting, KioskCopy, Participant, Reception, StoredUtterance
from server.store.querycodes import new_query_code
from tests.browser.kiosk_office import KioskOffice, free_port
from tests.reception.copied_talk import make_copy, make_recording

FACTOR = 480.0
EVERY_MIN = 10
SLICE = 16_000
WARM_UP_H = 2
LONGEST_WAIT_S = 120.0
NAME_DRAWN = tuple((0.2 + n * 0.02, 0.2 + n % 2 * 0.1, n * 10, 0.5) for n in range(30))
PHOTO = b"\xff\xd8\xff\xe0" + random.Random(1).randbytes(60_000)


@dataclass
class Told:
    """What the page knows of one sitting, to be compared with what the office has."""

    id: str
    kind: str
    fates: set[str]
    complete: bool = False
    """The page said its last word."""
    refused: bool = False
    """The kiosk said at the beginning that it has no room."""
    runs: list[tuple[int, bool]] = field(default_factory=list)
    """Each run of the recorder, and whether all of it was taken."""
    typed: list[str] = field(default_factory=list)
    photos: int = 0
    signed: bool = False
    sha256: str = ""


class Line:
    """Between kiosk and office: bytes both ways, until somebody cuts it."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._to = (place.hostname or "", place.port or 0)
        self.cut = False
        self.cuts = 0
        self._open: set[asyncio.StreamWriter] = set()

    @contextlib.asynccontextmanager
    async def laid(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._pass, "127.0.0.1", 0)
        async with server:
            yield int(server.sockets[0].getsockname()[1])
            self.break_off()

    def break_off(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    def set_cut(self, cut: bool) -> None:
        self.cuts += cut and not self.cut
        self.cut = cut
        if cut:
            self.break_off()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        self._open |= {writer, far_writer}
        await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        self._open -= {writer, far_writer}

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        writer.close()


class Program:
    """The copy program as its own process."""

    def __init__(self, folder: Path, server: str, port: int) -> None:
        self.folder, self.port = folder, port
        values = {"SERVER": server, "DATA_DIR": folder, "AGENT_PORT": port, "DISK_RESERVE_MB": 0, "SCREENS_PORT": free_port()}
        self.environment = os.environ | {f"JIETAN_KIOSK_{name}": str(value) for name, value in values.items()}
        self.environment["JIETAN_DATA_DIR"] = str(folder)
        self.process: subprocess.Popen[bytes] | None = None
        self.kills = 0

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.kiosk.hasty_agent", str(FACTOR)]
        with (self.folder.parent / "agent.log").open("ab") as output:
            # The limit that stands for a full disk would hit its log, too.
            self.process = subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=output)

    def kill(self) -> None:
        assert self.process is not None
        self.kills += 1
        self.process.kill()
        self.process.wait()

    def full(self, on: bool) -> None:
        """The disk takes no longer file than there is, or takes them again."""
        assert self.process is not None
        sealed = [file.stat().st_size for file in self.folder.glob("outbox/*/sealed")]
        limit = max([4096, *sealed]) if on else resource.RLIM_INFINITY
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def rss_kb(self) -> int:
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])


class Gone(Exception):
    """The power was cut: this page will not come back."""


class Page:
    """The kiosk's page in one sitting: keeps what was not confirmed, comes back to a program that was started again."""

    def __init__(self, program: Program, secret: str, origin: str, opening: Message) -> None:
        self._program, self._secret, self._origin, self._opening = program, secret, origin, opening
        self._socket: ClientConnection | None = None
        self.next = 0
        self.number = ""

    async def open(self) -> str:
        """Empty, or the code by which it is refused; waits for a program that is being started."""
        until = time.monotonic() + LONGEST_WAIT_S
        while True:
            try:
                self._socket = await connect(f"ws://127.0.0.1:{self._program.port}/", origin=self._origin, compression=None)  # type: ignore[arg-type]
                await self._socket.send(self._opening.model_dump_json())
                told = json.loads(await self._socket.recv())
                self.next, self.number = told.get("next", 0), told.get("number", "")
                return "" if told["type"] == "kept" else str(told["code"])
            except (OSError, ConnectionClosed):
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(0.05)

    async def keep(self, data: bytes, *, give_up: bool) -> bool:
        """Whether it is on the disk; a full one is waited for unless the page gives this piece up."""
        until = time.monotonic() + LONGEST_WAIT_S
        wanted = self.next
        while time.monotonic() < until:
            code = await self._send(wanted, data)
            if not code:
                return True
            if code == "full" and give_up:
                return False
            await asyncio.sleep(0.05)
        raise TimeoutError

    async def _send(self, number: int, data: bytes) -> str:
        try:
            assert self._socket is not None
            await self._socket.send(number.to_bytes(4) + data)
            told = json.loads(await self._socket.recv())
        except ConnectionClosed:
            await self.open()
            return "" if self.next > number else "again"
        if told["type"] == "refused":
            return str(told["code"])
        self.next = told["next"]
        return ""

    async def end(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            assert self._socket is not None
            await self._socket.send('{"type":"end"}')
            await self._socket.recv()
        await self.close()

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()


class Day:
    """Who comes, what happens to them, and what of it the office has."""

    def __init__(self, office: KioskOffice, program: Program, line: Line, sounds: tuple[bytes, bytes], seed: int) -> None:
        self.office, self.program, self.line, self.sounds = office, program, line, sounds
        self.random = random.Random(seed)
        self.told: list[Told] = []
        self.rss: list[tuple[float, int]] = []
        self.secret = (program.folder / "agent.key").read_text().split()[1]

    # --- the day ---

    async def run(self, hours: float) -> None:
        for number in range(round(hours * 60 / EVERY_MIN)):
            hour, began = number * EVERY_MIN / 60, time.monotonic()
            await self._something_happens(hour / hours)
            fates = self._fates(hour / hours)
            told = Told(f"s{number:04d}-{self.random.randbytes(4).hex()}", "alone" if number % 3 else "talk", fates)
            self.told.append(told)
            with contextlib.suppress(Gone):
                await (self._alone(told) if told.kind == "alone" else self._talk(told))
            await self._mend()
            await asyncio.sleep(max(0.0, EVERY_MIN * 60 / FACTOR - (time.monotonic() - began)))
            self.rss.append((hour, self.program.rss_kb()))

    def _fates(self, of_day: float) -> set[str]:
        """What happens in the middle of this sitting; the program is left to live in the second half of the day, so that
        what its memory does can be seen."""
        kinds = ["", "", "camera", "full", "microphone"]
        if of_day < 0.5:
            kinds += ["killed", "power", "killed", "camera killed"]
        return set(self.random.choice(kinds).split())

    async def _something_happens(self, of_day: float) -> None:
        if self.random.random() < 0.25:
            self.line.set_cut(not self.line.cut)
        elif self.line.cut and self.random.random() < 0.3:
            self.line.set_cut(False)
        elif self.random.random() < 0.2:
            self.line.break_off()

    async def _mend(self) -> None:
        """Whoever looks after the kiosk does; a program that died is started again by its computer."""
        self.program.full(False)

    def _kill(self) -> None:
        self.program.kill()
        self.program.start()

    # --- a sitting alone ---

    async def _alone(self, told: Told) -> None:
        opening = OpenAlone(secret=self.secret, sitting_id=told.id, begun_at=datetime.now(UTC))
        page = Page(self.program, self.secret, self._origin(), opening)
        if code := await page.open():
            told.refused = code == "no_room"
            assert told.refused, code
            return
        await self._words(page, told, alone.Begun(
            begun_at=opening.begun_at, number=page.number, query_code=new_query_code(), consent="audio_video",
            notice="2026-11", agreed_at=opening.begun_at, questions=QUESTIONS.version))  # fmt: skip
        at = 1.0
        for take, question in enumerate(QUESTIONS.questions[:3]):
            await self._words(page, told, alone.Asked(at=at, question=question.id, words=question.say))
            await self._in_the_middle(page, told, take, at)
            await self._take(page, told, take, question.id, at + 5)
            at += 60
        words = f"{told.id} 的要求：请给我一个答复。"
        told.typed.append(words)
        await self._words(page, told, alone.Typed(question="asked", at=at, words=words))
        if await page.keep(alone.pack(alone.Photo(question="papers", at=at), PHOTO), give_up=True):
            told.photos += 1
        await self._lost(page, told, at)
        told.signed = self.random.random() < 0.8
        if told.signed:
            await self._words(page, told, alone.Signed(at=at, name="王桂兰", summary=words, strokes=(NAME_DRAWN,), aspect=0.3))
        await self._words(page, told, alone.Ended(at=at, how="signed" if told.signed else "unsigned"))
        told.complete = True
        await page.end()

    async def _in_the_middle(self, page: Page, told: Told, take: int, at: float) -> None:
        if take != 1:
            return
        if "killed" in told.fates:
            self._kill()
        if "power" in told.fates:
            self._kill()
            raise Gone
        if "full" in told.fates:
            self.program.full(True)

    async def _take(self, page: Page, told: Told, take: int, question: str, at: float) -> None:
        """A run of the recorder; without the camera from the second on, where it was unplugged."""
        filmed = take == 0 or "camera" not in told.fates
        sound = self.sounds[0 if filmed else 1]
        whole = True
        for start in range(0, len(sound), SLICE):
            message = alone.Sound(question=question, take=take, at=at, mime="video/webm")
            whole = await page.keep(alone.pack(message, sound[start : start + SLICE]), give_up=True) and whole
            if not whole:
                break
        if not whole:  # the page stops, tells the person, and goes on with what needs little room
            self.program.full(False)
            await self._words(page, told, alone.Lost(what="disk", start=at, end=at + 20))
        await self._words(page, told, alone.Stopped(take=take, at=at + 20))
        told.runs.append((take, whole))

    async def _lost(self, page: Page, told: Told, at: float) -> None:
        for what in ("camera", "microphone"):
            if what in told.fates:
                await self._words(page, told, alone.Lost(what=what, start=70, end=at))  # type: ignore[arg-type]

    async def _words(self, page: Page, told: Told, message: Message) -> None:
        await page.keep(alone.pack(message), give_up=False)

    # --- the copy of a talk ---

    async def _talk(self, told: Told) -> None:
        begun_at = datetime.now(UTC)
        reception_id = f"r-{told.id}"
        self._far_side(told.id, reception_id, begun_at)
        opening = Open(
            secret=self.secret, copy_id=told.id, reception_id=reception_id, participant_id=f"p-{told.id}", begun_at=begun_at, position=1.0
        )
        page = Page(self.program, self.secret, self._origin(), opening)
        if code := await page.open():
            told.refused = code == "full"
            assert told.refused, code
            return
        content = b""
        for start in range(0, len(self.sounds[0]), SLICE):
            if start == 2 * SLICE:
                if "killed" in told.fates:
                    self._kill()
                if "power" in told.fates:
                    self._kill()
                    told.sha256 = hashlib.sha256(content).hexdigest()
                    raise Gone
                if "full" in told.fates:
                    self.program.full(True)
            chunk = self.sounds[0][start : start + SLICE]
            if not await page.keep(chunk, give_up=True):
                break
            content += chunk
        told.sha256 = hashlib.sha256(content).hexdigest()
        told.complete = len(content) == len(self.sounds[0])
        self.program.full(False)
        await page.end()

    def _far_side(self, copy_id: str, reception_id: str, begun_at: datetime) -> None:
        """A talk that is over, as the office knows it."""
        with self.office.store.write() as session:
            kiosk = accounts.store.kiosks_under(session, "/")[0]
            reception = Reception(
                id=reception_id, organization_id=kiosk.organization_id, kiosk_id=kiosk.id, number="A01", state=ReceptionState.CLOSED,
                consent="audio_video", petitioner_name="王桂兰", query_code=new_query_code(), asked_at=begun_at,
                started_at=begun_at, ended_at=begun_at + timedelta(hours=12), left_kiosk_at=begun_at,
            )  # fmt: skip
            reception.participants.append(Participant(id=f"p-{copy_id}", position=0, role="petitioner", name="王桂兰"))
            session.add(reception)
            session.flush()
            session.add(KioskCopy(
                id=copy_id, kiosk_id=kiosk.id, reception_id=reception_id, participant_id=f"p-{copy_id}",
                state=CopyState.EXPECTED, announced_at=begun_at,
            ))  # fmt: skip

    def _origin(self) -> str:
        return self.program.environment["JIETAN_KIOSK_SERVER"]

    # --- at the end ---

    async def until_all_is_sent(self) -> None:
        self.line.set_cut(False)
        until = time.monotonic() + LONGEST_WAIT_S
        while any(self.program.folder.glob("outbox/*/copy.json")):
            if time.monotonic() > until:
                raise TimeoutError("something is still at the kiosk")
            await asyncio.sleep(0.2)

    def judge(self) -> list[str]:
        """What is wrong, in words; nothing: every sitting is at the office once, whole, or says what is missing."""
        return [f"{told.id} ({told.kind}, {sorted(told.fates)}): {fault}" for told in self.told if not told.refused
                for fault in (self._alone_faults(told) if told.kind == "alone" else self._talk_faults(told))]  # fmt: skip

    def _alone_faults(self, told: Told) -> list[str]:
        kiosk_id = self.office.ids["kiosk"]
        with self.office.store.read() as session:
            sitting = session.get(AloneSitting, told.id)
            if sitting is None:
                return ["is not at the office"]
            reception = session.get_one(Reception, reception_id_of(kiosk_id, told.id))
            same = session.scalar(select(func.count()).select_from(AloneSitting).where(AloneSitting.reception_id == reception.id))
            said = session.scalars(select(StoredUtterance).where(StoredUtterance.reception_id == reception.id)).all()
            typed = [one.text for one in said if one.measures["source"] == "typed"]
            manifest = Manifest.model_validate(reception.manifest)
        heard = {int(segment.file.split("-audio-")[1][:3]) - 1 for segment in manifest.segments if segment.kind == "audio"}
        must = {take for take, whole in told.runs if whole}
        faults = [
            (same == 1, "there more than once"), (must <= heard, "a run of the recorder is not there"),
            (typed == told.typed, "what was typed is not there"), (len(sitting.photos) == told.photos, "a photograph is not there"),
            (not told.complete or (sitting.signature is not None) == told.signed, "the signature is not there"),
            (told.complete == (sitting.ending != "cut_off"), "its ending is told wrongly"),
            ("power" not in told.fates or bool(sitting.missing), "does not say that it was cut off"),
            ("camera" not in told.fates or any("摄像头" in one for one in sitting.missing), "does not say that the camera was lost"),
            (all(whole for _, whole in told.runs) or any("硬盘满" in one for one in sitting.missing), "does not say that the disk was full"),
            (bool(told.fates) or not sitting.missing, "says that something is missing"),
        ]  # fmt: skip
        return [words for right, words in faults if not right]

    def _talk_faults(self, told: Told) -> list[str]:
        with self.office.store.read() as session:
            copy = session.get_one(KioskCopy, told.id)
            path = self.office.settings.copies_dir / copy.reception_id / f"{copy.id}.webm"
        if copy.state != CopyState.STORED:
            return [f"its copy is {copy.state}"]
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        return [] if found == told.sha256 == copy.sha256 else ["its copy is not what was kept"]

    def report(self, hours: float, seconds: float, faults: list[str]) -> dict[str, Any]:
        alive = [(hour, kb) for hour, kb in self.rss if hour >= hours / 2 + min(WARM_UP_H, hours / 8)]
        slope = float(np.polyfit(*zip(*alive, strict=True), 1)[0]) if len(alive) > 2 else 0.0
        missing = self._missing()
        return {
            "hours": hours, "seconds": round(seconds), "sittings_alone": sum(one.kind == "alone" for one in self.told),
            "talks": sum(one.kind == "talk" for one in self.told), "refused_for_room": sum(one.refused for one in self.told),
            "line_cuts": self.line.cuts, "kills": self.program.kills,
            "power_cuts": self._count("power"), "full_disks": self._count("full"), "unplugged_cameras": self._count("camera"),
            "say_what_is_missing": missing, "faults": len(faults), "rss_kb_first": alive[0][1] if alive else 0,
            "rss_kb_last": alive[-1][1] if alive else 0, "rss_kb_per_hour": round(slope, 1),
        }  # fmt: skip

    def _count(self, fate: str) -> int:
        return sum(fate in one.fates for one in self.told)

    def _missing(self) -> int:
        with self.office.store.read() as session:
            return sum(bool(one.missing) for one in session.scalars(select(AloneSitting)))


async def simulate(folder: Path, hours: float, seed: int) -> tuple[dict[str, Any], list[str]]:
    """The day in a fresh folder: its figures, and what was wrong."""
    make_copy(folder / "filmed.webm")
    make_recording(folder / "sound.webm", 0.0, 20.0)
    sounds = (folder / "filmed.webm").read_bytes(), (folder / "sound.webm").read_bytes()
    office = KioskOffice(folder / "office", disk_reserve_mb=0)
    office.start()
    line = Line(office.url)
    began = time.monotonic()
    try:
        async with line.laid() as port:
            program = Program(folder / "kiosk", f"http://127.0.0.1:{port}", free_port())
            program.folder.mkdir()
            await asyncio.to_thread(enrol, office, program)
            program.start()
            try:
                day = Day(office, program, line, sounds, seed)
                await day.run(hours)
                await day.until_all_is_sent()
            finally:
                assert program.process is not None
                program.process.kill()
                program.process.wait()
        faults = day.judge()
        return day.report(hours, time.monotonic() - began, faults), faults
    finally:
        office.close()


def enrol(office: KioskOffice, program: Program) -> None:
    """With a one-time code, by the real command."""
    with office.store.write() as session:
        code = copies.agent_code(session, accounts.store.kiosks_under(session, "/")[0]).code
    script = "import asyncio, sys; from kiosk import agent; from kiosk.settings import KioskSettings; asyncio.run(agent.enrol(KioskSettings(), sys.argv[1]))"
    subprocess.run([sys.executable, "-c", script, code], env=program.environment, check=True)


def main(after: Callable[[str], None] = print) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="jietan-kiosk-day-") as folder:
        figures, faults = asyncio.run(simulate(Path(folder), asked.hours, asked.seed))
    for fault in faults:
        print(fault, file=sys.stderr)
    after(json.dumps({"kiosk_day": figures}))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
