"""The web program as its own process on a filled data folder, and the far side of a sitting: what leader, media node
and clerk would have left in the store."""

import hashlib
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import httpx
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.domain.states import FormField, ReceptionState, RecordState, StaffRole
from server.protocol.edits import EditField, Edits
from server.protocol.signing import NewReadingLink, ReadingLinkView
from server.reception.account import accounts
from server.reception.kiosk import kiosks
from server.reception.office import Office
from server.reception.record import drafts, editing, reading_links, revisions
from server.reception.record.canonical import settle
from server.reception.record.records import form_values
from server.settings import Settings
from server.store.access import Actor
from server.store.engine import Store
from server.store.migrate import migrate
from server.store.models import (
    Line,
    Participant,
    Reception,
    StoredGap,
    StoredPresence,
    StoredPromise,
    StoredSegment,
    StoredUtterance,
    VisitRecord,
)
from tests.office import fill, settings_for
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_S = 180.0
SPOKEN = ROOT / "web" / "static" / "audio" / "notice.opus"
SAID = (
    ("leader", 1.0, "您今天要反映什么事？"),
    ("petitioner", 4.0, "村里修路占了我家一亩二分地。"),
    ("petitioner", 12.0, "补偿款三万六千八一分没给。"),
)


class KioskOffice:
    """A running web program without media node and transcriber, and its store."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.settings: Settings = settings_for(folder, web_port=free_port(), **settings)
        folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(self.settings.store_url)
        migrate(self.store.engine)
        self.ids = fill(Office(settings=self.settings, store=self.store, media=Mock(), jobs=Mock()))
        self.url = self.settings.base_url
        self.output = folder / "web.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.start_s = START_S

    def start(self) -> None:
        """Start the program and wait until it answers; raises AssertionError with its output."""
        values = {"DATA_DIR": self.settings.data_dir, "WEB_PORT": self.settings.web_port, "SECRET": self.settings.secret}
        values |= {"MEDIA_URL": self.settings.media_url, "TRANSCRIBER_URL": self.settings.transcriber_url}
        values |= {"ARCHIVE_ON_FILING": self.settings.archive_on_filing, "DISK_RESERVE_MB": self.settings.disk_reserve_mb}
        values |= {"SECOND_PASS": self.settings.second_pass}
        environment = os.environ | {f"JIETAN_{name}": str(value) for name, value in values.items()}
        command = [sys.executable, "-c", "from server.cli import app; app()", "web"]
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
            )
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + self.start_s
        while time.monotonic() < until and self.process is not None and self.process.poll() is None:
            try:
                httpx.get(f"{self.url}/healthz", trust_env=False).raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError(f"the web program does not answer:\n{self.output.read_text()[-4000:]}")

    def stop(self) -> None:
        """Stop the program; may be called again."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def close(self) -> None:
        self.stop()
        self.store.close()

    def enrolment_url(self) -> str:
        """A fresh one-time link for the kiosk."""
        with self.store.write() as session:
            kiosk = accounts.store.kiosks_under(session, "/")[0]
            return kiosks.enrolment(session, kiosk, self.url).url

    def reception(self, session: Session) -> Reception:
        """The newest reception."""
        return session.scalars(select(Reception).order_by(Reception.asked_at.desc())).first() or Reception()

    def clear(self) -> None:
        """Nobody is at the kiosk any more."""
        with self.store.write() as session:
            for reception in session.scalars(select(Reception).where(Reception.left_kiosk_at.is_(None))):
                reception.left_kiosk_at = clock.now()
                if reception.state == ReceptionState.WAITING:
                    reception.state = ReceptionState.ABANDONED

    def leader_joins(self) -> None:
        with self.store.write() as session:
            reception = self.reception(session)
            reception.state, reception.receiver_id = ReceptionState.RUNNING, self.ids["leader"]
            reception.joined_at = clock.now()
            reception.participants.append(
                Participant(id=f"{reception.id}-leader", position=1, role="leader", name="周建国", user_id=self.ids["leader"])
            )

    def talk_is_over(self, said: tuple[tuple[str, float, str], ...] = SAID, *, gap: bool = False) -> None:
        """The talk was recorded and recognised, the draft is there."""
        with self.store.write() as session:
            reception = self.reception(session)
            now = clock.now()
            reception.state, reception.started_at, reception.ended_at = ReceptionState.CLOSED, now - timedelta(minutes=1), now
            reception.seconds, reception.manifest, reception.manifest_sha256 = 60.0, {}, "ab" * 32
            people = {person.role: person.id for person in reception.participants}
            session.add_all(_utterance(people[role], reception.id, n, start, text) for n, (role, start, text) in enumerate(said))
            session.add(self._recording(reception.id, people["petitioner"]))
            session.add_all(
                StoredPresence(reception_id=reception.id, participant_id=person, since=now - timedelta(minutes=1), until=None)
                for person in people.values()
            )
            if gap:
                session.add(StoredGap(reception_id=reception.id, participant_id=people["petitioner"], start=30.0, end=34.0, cause="network_lost"))
                session.add_all(
                    StoredPromise(
                        reception_id=reception.id, id=f"p-{state}", who="镇政府", what="拿出处理意见", by="五个工作日内", text="听到的原话。",
                        start=20.0, state=state,
                    )
                    for state in ("confirmed", "heard", "struck")
                )
            session.flush()
            drafts.create_draft(session, reception)

    def _recording(self, reception_id: str, participant_id: str) -> StoredSegment:
        folder = self.settings.recordings_dir / reception_id
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "petitioner-1.webm"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", str(SPOKEN), "-c", "copy", str(path)], check=True, timeout=120)
        content = path.read_bytes()
        return StoredSegment(
            id=f"{reception_id}-s1", reception_id=reception_id, participant_id=participant_id, kind="audio", codec="audio/opus",
            file=path.name, start=0.0, seconds=60.0, size=len(content), sha256=hashlib.sha256(content).hexdigest(), closed="clean",
        )  # fmt: skip

    def clerk_confirms(self) -> None:
        """The clerk hands the record over, whatever is missing in its form."""
        with self.store.write() as session:
            record = self._record(session)
            record.state, record.confirmed_at = RecordState.CONFIRMED, clock.now()
            revisions.add(session, record, "confirm", author="陈晓", after=settle(session, record))

    def clerk_names(self, representatives: str) -> None:
        """The clerk writes into the form who else reads and signs."""
        with self.store.write() as session:
            clerk, record = self._clerk(), self._record(session)
            version = next(one.version for one in form_values(session, record) if one.field == FormField.REPRESENTATIVES)
            field = EditField(field=FormField.REPRESENTATIVES, version=version, value=representatives)
            editing.edit(session, clerk, record.id, Edits(edits=(field,)))

    def clerk_corrects(self, text: str) -> None:
        """The clerk writes this where the petitioner first says that a line is wrong, leaves others as they are, and hands the
        record over again."""
        with self.store.write() as session:
            query = select(Line).where(Line.record_id == self._record(session).id, Line.disputed != "")
            for number, line in enumerate(session.scalars(query.order_by(Line.position)).all()):
                line.version, line.disputed = line.version + 1, ""
                if number == 0:
                    line.text, line.edited_by, line.words = text, "陈晓", []
        self.clerk_confirms()

    def link(self) -> ReadingLinkView:
        """The clerk gives a link for the petitioner's own telephone."""
        with self.store.write() as session:
            return reading_links.make(session, self._clerk(), self.settings, self._record(session).id, NewReadingLink())

    def disputed(self) -> list[str]:
        """What the clerk is told of lines that are wrong."""
        with self.store.read() as session:
            query = select(Line.disputed).where(Line.record_id == self._record(session).id, Line.disputed != "")
            return list(session.scalars(query.order_by(Line.position)))

    def record_state(self) -> str:
        with self.store.read() as session:
            return self._record(session).state

    def _clerk(self) -> Actor:
        return Actor(name="陈晓", organization_id=self.ids["town"], organization_path="/", role=StaffRole.CLERK, user_id=self.ids["clerk"])

    def _record(self, session: Session) -> VisitRecord:
        return session.scalars(select(VisitRecord).where(VisitRecord.reception_id == self.reception(session).id)).one()


def _utterance(participant_id: str, reception_id: str, number: int, start: float, text: str) -> StoredUtterance:
    words = [[start + 0.2 * i, start + 0.2 * (i + 1), character, 0.9] for i, character in enumerate(text)]
    return StoredUtterance(
        id=f"{reception_id}-u{number}", reception_id=reception_id, participant_id=participant_id, start=start,
        end=start + 0.2 * len(text), text=text, words=words, measures={"model": "small", "doubt": []},
    )  # fmt: skip
