"""An office in a temporary folder, with a reception that is over: what the tests here start from."""

import base64
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from struct import pack
from unittest.mock import Mock

from sqlalchemy.orm import Session

from server.domain.states import StaffRole
from server.protocol.reading import Signature
from server.protocol.records import Record
from server.reception.office import Office
from server.reception.record import drafts, reading, records, signing
from server.settings import Settings
from server.store.access import Actor
from server.store.engine import Store
from server.store.migrate import migrate
from server.store.models import (
    Kiosk,
    Organization,
    Participant,
    Reception,
    StoredGap,
    StoredSegment,
    StoredUtterance,
    User,
    VisitRecord,
)
from tests import databases

TALK = datetime(2026, 6, 9, 1, 41, tzinfo=UTC)
SAID = (
    ("leader", 2.0, "您今天要反映什么事？"),
    ("petitioner", 5.0, "村里修路占了我家河边长田一亩二分，补偿款三万六千八一分没给。"),
    ("leader", 14.0, "补偿款的单子给您看过没有？"),
    ("petitioner", 18.0, "单子没给过，就在喇叭上念了一遍。"),
)


@dataclass
class World:
    """The office, its people, and the one reception."""

    office: Office
    clerk: Actor
    leader: Actor
    kiosk: Actor
    other_clerk: Actor
    """Of another county."""
    town_clerk: Actor
    """Of the township in the county."""

    @contextmanager
    def write(self) -> Iterator[Session]:
        with self.office.store.write() as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self.office.store.read() as session:
            yield session


def open_world(folder: Path, url: str = "", **settings: object) -> World:
    """A migrated store with a county office, a township, accounts and a kiosk."""
    made = Settings(data_dir=folder, database_url=url or databases.url_of(folder), secret="s" * 32, **settings)
    if not url:
        databases.copy_into(folder, _fill)
    store = _filled(url) if url else Store(made.store_url)
    office = Office(settings=made, store=store, media=Mock(), jobs=Mock())
    staff = {"organization_id": 1, "organization_path": "/1/"}
    return World(
        office=office,
        clerk=Actor(name="林晓", user_id=1, role=StaffRole.CLERK, **staff),
        leader=Actor(name="周文清", user_id=2, role=StaffRole.LEADER, **staff),
        kiosk=Actor(name="石桥镇智能接谈室", kiosk_id=1, **staff),
        other_clerk=Actor(
            name="外县", user_id=3, role=StaffRole.CLERK, organization_id=3, organization_path="/3/"
        ),
        town_clerk=Actor(
            name="镇上", user_id=4, role=StaffRole.CLERK, organization_id=2, organization_path="/1/2/"
        ),
    )


def _filled(url: str) -> Store:
    """A migrated store with its people."""
    store = Store(url)
    migrate(store.engine)
    with store.write() as session:
        _people(session)
    return store


def _fill(folder: Path) -> None:
    _filled(Settings(data_dir=folder, database_url=databases.url_of(folder), secret="s" * 32).store_url).close()


def _people(session: Session) -> None:
    session.add(Organization(id=1, parent_id=None, name="临溪县信访局", code="LX", path="/1/"))
    session.add(Organization(id=3, parent_id=None, name="外县信访局", code="WX", path="/3/"))
    session.flush()
    session.add(Organization(id=2, parent_id=1, name="石桥镇政府", code="SQ", path="/1/2/"))
    session.flush()
    people = ((1, "林晓", "", "clerk", 1), (2, "周文清", "副县长", "leader", 1), (3, "外县", "", "clerk", 3),
              (4, "镇上", "", "clerk", 2))
    for number, name, title, role, organization in people:
        session.add(User(
            id=number, organization_id=organization, username=f"u{number}", name=name, title=title, role=role,
            password_hash="", created_at=TALK,
        ))
    session.add(Kiosk(id=1, organization_id=2, name="石桥镇智能接谈室", created_at=TALK))
    session.flush()


def add_reception(
    session: Session, name: str = "r1", *, said: tuple[tuple[str, float, str], ...] = SAID, kiosk_id: int = 1,
    organization_id: int = 1, receiver_id: int = 2,
) -> Reception:
    """A closed reception with what was said; utterance ids are name-u1, name-u2, ..."""
    reception = Reception(
        id=name, organization_id=organization_id, kiosk_id=kiosk_id, number="A01", state="closed",
        consent="audio_video", matter="修村道占地，补偿款没到手", petitioner_name="何守田",
        petitioner_phone="13800004321", query_code=f"QC-{name.upper()}", receiver_id=receiver_id, asked_at=TALK - timedelta(minutes=9),
        joined_at=TALK, started_at=TALK, ended_at=TALK + timedelta(minutes=24), seconds=1440.0,
        manifest={}, manifest_sha256="ab" * 32, kiosk_open_until=TALK + timedelta(days=800),
    )
    session.add(reception)
    session.flush()
    for position, (role, person, user) in enumerate((("petitioner", "何守田", None), ("leader", "周文清", receiver_id))):
        session.add(Participant(
            id=f"{name}-{role}", reception_id=name, position=position, role=role, name=person, user_id=user
        ))
    session.flush()
    session.add_all(utterance(name, i, *one) for i, one in enumerate(said, start=1))
    session.add(StoredSegment(
        id=f"{name}-s1", reception_id=name, participant_id=f"{name}-petitioner", kind="audio", codec="audio/opus",
        file="petitioner-1.webm", start=0.0, seconds=1440.0, size=10, sha256="cd" * 32, closed="clean",
    ))
    session.add(StoredGap(
        reception_id=name, participant_id=f"{name}-petitioner", start=130.0, end=134.0, cause="network_lost"
    ))
    session.flush()
    return reception


def utterance(name: str, number: int, role: str, start: float, text: str) -> StoredUtterance:
    """An utterance whose every character is a word of 0.2 s."""
    words = [[start + 0.2 * i, start + 0.2 * (i + 1), character, 0.9] for i, character in enumerate(text)]
    return StoredUtterance(
        id=f"{name}-u{number}", reception_id=name, participant_id=f"{name}-{role}", start=start,
        end=start + 0.2 * len(text), text=text, words=words, measures={"model": "small", "doubt": []},
    )


def draft(world: World, name: str = "r1", **what: object) -> str:
    """A reception with its draft; returns the record's id."""
    with world.write() as session:
        return drafts.create_draft(session, add_reception(session, name, **what)).id


def png(width: int = 300, height: int = 100, *, drawn: bool = True) -> bytes:
    """A transparent RGBA picture with a stroke across it, made by hand."""
    blank, ink = b"\0\0\0\0" * width, b"\0\0\0\0" * 20 + b"\0\0\0\xff" * (width - 40) + b"\0\0\0\0" * 20
    rows = [ink if drawn and 40 <= y < 44 else blank for y in range(height)]
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    header = pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))


def data_url(image: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(image).decode()


def strokes(points: int = 40) -> tuple[tuple[tuple[float, float, int, float], ...], ...]:
    """A name of two strokes, drawn in less than a second."""
    return tuple(
        tuple((0.2 + 0.5 * step / points, 0.2 + 0.1 * stroke, 400 * stroke + 10 * step, 0.5) for step in range(points))
        for stroke in range(2)
    )


def read_hash(session: Session, record_id: str) -> str:
    """What a kiosk that has just read the record would send: the hash of what it showed."""
    return reading.view(session, session.get_one(VisitRecord, record_id, populate_existing=True)).sha256


def drawn(sha256: str, signer: int = 0) -> Signature:
    """What a kiosk sends when somebody wrote their name."""
    return Signature(signer=signer, strokes=strokes(), aspect=0.5, sha256=sha256)


def sign(session: Session, world: World, record_id: str, *, file_at_once: bool, signer: int = 0) -> Record:
    """Somebody signs what the kiosk shows; the record as the clerk sees it then."""
    what = drawn(read_hash(session, record_id), signer)
    return records.view(session, world.clerk, signing.sign(session, world.kiosk, record_id, what, file_at_once=file_at_once))
