"""A record of a two-hour sitting in an empty office's database, with the sound under it, in a few seconds."""

import hashlib
import itertools
import json
import random
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from deploy.bench.recordings import ROOT, write_voice
from server import clock
from server.domain.states import Consent, ReceptionState
from server.protocol.accounts import NewUser
from server.reception.account import accounts
from server.reception.record import peaks, suggestions
from server.reception.record.records import create_draft
from server.store import records, second_pass
from server.store.engine import Store
from server.store.models import (
    Kiosk,
    Participant,
    Reception,
    SecondPass,
    SecondUtterance,
    StoredSegment,
    StoredUtterance,
    User,
)

USERNAME, PASSWORD = "lin", secrets.token_urlsafe(12)
LINES, CHARACTERS, SECONDS = 4000, 60_000, 7200.0
PER_LINE_S = SECONDS / LINES
WEAK, POOR = 0.06, 0.02
"""Shares of the characters that were not heard well, and badly: a sixth of the text comes to be underlined, as measured
(transcription/FIGURES.md)."""
DIFFER, BOOSTED = 0.05, 0.05
"""Shares of the lines that the second pass heard otherwise, and in which expected words made a difference."""
SEATS = {"leader": "周文清", "petitioner": "何守田"}


def fill(store: Store, recordings: Path) -> str:
    """Office, accounts, sitting and draft; returns the record's id."""
    chance = random.Random(1)
    with store.write() as session:
        _office(session)
        reception, seats = sitting(session, SEATS["petitioner"], "修村道占地，补偿款没到手", SECONDS)
        for role, seat in seats.items():
            session.add(segment(recordings, reception.id, seat, partial(write_voice, seat=role, seconds=SECONDS), SECONDS))
        session.add_all(_utterances(reception.id, seats, chance))
        session.flush()
        record_id = create_draft(session, reception).id
        _hear_again(session, reception.id, chance)
    return record_id


def know_loudness(store: Store, folder: Path) -> None:
    """As if somebody had looked at the record before: finding out how loud its files are takes a core for most of a minute."""
    folder.mkdir(parents=True, exist_ok=True)
    with store.read() as session:
        for one in session.query(StoredSegment):
            (folder / one.id).write_bytes(random.Random(2).randbytes(round(one.seconds / peaks.STEP_S)))


def _office(session: Session) -> None:
    office = accounts.create_root(session, "临溪县信访局", "LX")
    for username, name, role in ((USERNAME, "林晓", "clerk"), ("zhou", SEATS["leader"], "leader")):
        account = {"username": username, "name": name, "role": role, "organization_id": office.id, "password": PASSWORD}
        accounts.add_user(session, office, NewUser.model_validate(account))
    session.add(Kiosk(organization_id=office.id, name="石桥镇接谈室", active=True, created_at=clock.now()))
    session.flush()


def sitting(session: Session, petitioner: str, matter: str, seconds: float) -> tuple[Reception, dict[str, str]]:
    """A reception that is over, in the office that is there, and its seats by role."""
    kiosk, leader = session.query(Kiosk).one(), session.query(User).filter_by(username="zhou").one()
    began = clock.now() - timedelta(seconds=seconds)
    reception = Reception(
        id=secrets.token_hex(8), organization_id=kiosk.organization_id, kiosk_id=kiosk.id, number="A01",
        state=ReceptionState.CLOSED, consent=Consent.AUDIO_ONLY, matter=matter, petitioner_name=petitioner,
        petitioner_phone="13800001234", query_code=secrets.token_hex(5).upper(), receiver_id=leader.id, asked_at=began,
        joined_at=began, started_at=began, ended_at=clock.now(), seconds=seconds,
    )  # fmt: skip
    session.add(reception)
    session.flush()
    seats = {role: secrets.token_hex(8) for role in SEATS}
    for position, (role, seat) in enumerate(seats.items()):
        user_id = leader.id if role == "leader" else None
        name = petitioner if role == "petitioner" else SEATS[role]
        session.add(Participant(id=seat, reception_id=reception.id, position=position, role=role, name=name, user_id=user_id))
    session.flush()
    return reception, seats


def segment(recordings: Path, reception_id: str, seat: str, write: Callable[[Path], object], seconds: float) -> StoredSegment:
    """A sound file of this seat, which `write` writes."""
    folder = recordings / reception_id
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{seat}-audio.webm"
    write(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return StoredSegment(
        id=secrets.token_hex(8), reception_id=reception_id, participant_id=seat, kind="audio", codec="audio/opus",
        file=path.name, start=0.0, seconds=seconds, size=path.stat().st_size, sha256=digest, closed="clean",
    )  # fmt: skip


def said_by(role: str) -> Iterator[str]:
    """Characters of the shipped dialogues that this person says, over and over; of the leader only what is asked: a
    sitting has a handful of undertakings and not one in every third line."""
    spoken = [json.loads((ROOT / f"deploy/demo/{name}/reference.json").read_text())["utterances"] for name in ("land", "wage", "free-land")]
    own = [one["text"] for one in itertools.chain.from_iterable(spoken) if one["speaker"] == role]
    return itertools.cycle("".join(text for text in own if role == "petitioner" or text.endswith("？")))


def sentences() -> Iterator[tuple[str, str]]:
    """Who says what in turn, in lines whose lengths add up to CHARACTERS."""
    mean, voices = CHARACTERS // LINES, {role: said_by(role) for role in SEATS}
    for number in range(LINES):
        role = "petitioner" if number % 2 else "leader"
        length = mean - 7 + 2 * (number * 3 % 8) if number % 8 else mean
        yield role, "".join(itertools.islice(voices[role], length))


def _utterances(reception_id: str, seats: dict[str, str], chance: random.Random) -> Iterator[StoredUtterance]:
    for number, (role, text) in enumerate(sentences()):
        start = number * PER_LINE_S
        per = min(0.2, PER_LINE_S / len(text))
        words = [[round(start + i * per, 3), round(start + (i + 1) * per, 3), c, _probability(chance)] for i, c in enumerate(text)]
        poor = min(word[3] for word in words) < 0.4
        unboosted = text.replace("村", "庄") if chance.random() < BOOSTED else ""
        yield StoredUtterance(
            id=secrets.token_hex(8), reception_id=reception_id, participant_id=seats[role],
            start=start, end=round(start + len(text) * per, 3), text=text, words=words,
            measures={"doubt": ["low_probability"] if poor else [], "unboosted": unboosted},
        )  # fmt: skip


def _probability(chance: random.Random) -> float:
    drawn = chance.random()
    return round(chance.uniform(0.2, 0.6) if drawn < POOR else chance.uniform(0.6, 0.8) if drawn < POOR + WEAK else chance.uniform(0.9, 1), 3)


def _hear_again(session: Session, reception_id: str, chance: random.Random) -> None:
    """The second pass heard the same, but for one character here and there."""
    record = records.of_reception(session, reception_id)
    assert record is not None
    session.add(SecondPass(reception_id=reception_id, state="done", seconds=2 * SECONDS, heard=2 * SECONDS, heard_until={}, left_out=[], asked_at=clock.now()))
    for one in records.utterances(session, reception_id):
        plain = one.text.replace("款", "钱") if chance.random() < BOOSTED else ""
        session.add(SecondUtterance(
            id=secrets.token_hex(8), reception_id=reception_id, participant_id=one.participant_id, start=one.start, end=one.end,
            text=one.text, words=one.words, measures={"unboosted": plain},
        ))  # fmt: skip
    for line in records.lines(session, record.id):
        if chance.random() < DIFFER:
            at = chance.randrange(len(line.text))
            line.doubt = [*line.doubt, suggestions.DOUBT]
            second_pass.add_suggestion(
                session, record.id, line_id=line.id, line_text=line.text, first=at, last=at + 1, text="没", words=[],
                utterance_id=line.utterance_ids[0], participant_id=line.participant_id, start=line.start, end=line.end,
                pass_number=2, reason="other",
            )  # fmt: skip
    session.flush()
