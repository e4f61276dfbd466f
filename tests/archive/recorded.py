"""A filed case whose reception lies on the disk as real files: what films and bundles are made of."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from server import signing_key
from server.media import webm
from server.protocol import chain
from server.protocol.base import Role, TrackKind
from server.protocol.canonical import fingerprint
from server.protocol.recording import FILE_TYPES, Manifest, Segment
from server.reception.record import drafts, reading, signing
from server.settings import Settings
from server.store.access import Actor
from server.store.models import Participant, Reception, StoredGap, StoredSegment, VisitRecord
from server.store.records import case_of
from tests.media.encoded import opus, vp8
from tests.media.test_h264 import recorded
from tests.records.office import TALK, drawn, utterance

SECONDS = 3.0
SAID = (("leader", 0.3, "什么事？"), ("petitioner", 1.2, "补偿款没给。"))


def write_segment(folder: Path, name: str, codec: str, seconds: float) -> webm.ClosedFile:
    """A closed file as the media node writes it."""
    if codec == "video/H264":
        blocks, track = recorded(seconds)
    else:
        sound = codec == "audio/opus"
        blocks, track = (opus(seconds), webm.opus_track()) if sound else (vp8(seconds), webm.vp8_track(160, 120))
    form = FILE_TYPES[codec]
    path = folder / f"{name}{form.suffix}"
    per = 25 if codec == "audio/opus" else 5
    clusters = (webm.cluster(blocks[at : at + per]) for at in range(0, len(blocks), per))
    path.write_bytes(webm.head(track, {"id": name}, form.document) + b"".join(clusters))
    return webm.finalise(path)


def codec_of(role: Role, kind: TrackKind) -> str:
    """The petitioner's camera is an encoder."""
    if kind is TrackKind.AUDIO:
        return "audio/opus"
    return "video/H264" if role is Role.PETITIONER else "video/VP8"


def file_case(
    session: Session, settings: Settings, *, organization_id: int, kiosk_id: int, clerk: Actor, receiver_id: int,
    name: str = "r1", **what: Any,
) -> int:
    """A case with two people's sound and pictures; returns its id."""
    reception = _reception(session, name, organization_id, kiosk_id, receiver_id)
    reception.manifest = record(session, settings, reception, **what).model_dump(mode="json")
    reception.manifest_sha256 = fingerprint(reception.manifest)
    session.flush()
    made = drafts.create_draft(session, reception)
    return _filed(session, clerk, made)


def _reception(session: Session, name: str, organization_id: int, kiosk_id: int, receiver_id: int) -> Reception:
    reception = Reception(
        id=name, organization_id=organization_id, kiosk_id=kiosk_id, number="A01", state="closed", consent="audio_video",
        matter="补偿款", petitioner_name="何守田", petitioner_phone="13800004321", query_code=f"QC-{name.upper()}",
        receiver_id=receiver_id, asked_at=TALK, joined_at=TALK, started_at=TALK, ended_at=TALK + timedelta(seconds=SECONDS),
        seconds=SECONDS, kiosk_open_until=TALK + timedelta(days=800), left_kiosk_at=TALK + timedelta(hours=1),
    )  # fmt: skip
    session.add(reception)
    session.flush()
    for position, (role, person) in enumerate((("petitioner", "何守田"), ("leader", "周文清"))):
        session.add(Participant(id=f"{name}-{role}", reception_id=name, position=position, role=role, name=person))
    session.flush()
    session.add_all(utterance(name, number, *said) for number, said in enumerate(SAID, start=1))
    session.add(StoredGap(reception_id=name, participant_id=f"{name}-petitioner", start=2.5, end=2.8, cause="network_lost"))
    session.flush()
    return reception


def record(
    session: Session, settings: Settings, reception: Reception, *, pictures: bool = True, seconds: float = SECONDS
) -> Manifest:
    """Write the files, store them, and sign their manifest."""
    folder = settings.recordings_dir / reception.id
    folder.mkdir(parents=True, exist_ok=True)
    segments: list[Segment] = []
    last = chain.start(reception.id)
    for role in (Role.PETITIONER, Role.LEADER):
        for kind in (TrackKind.AUDIO, TrackKind.VIDEO) if pictures else (TrackKind.AUDIO,):
            name = f"{reception.id}-{role}-{kind}-1"
            codec = codec_of(role, kind)
            closed = write_segment(folder, name, codec, seconds)
            segment = Segment(
                id=name, participant_id=f"{reception.id}-{role}", role=role, kind=kind, codec=codec,
                source="microphone" if kind == "audio" else "camera", file=f"{name}{FILE_TYPES[codec].suffix}", start=0.0, seconds=closed.seconds,
                size=closed.size, sha256=closed.sha256,
            )  # fmt: skip
            segments.append(chain.linked(segment, len(segments) + 1, last))
            last = segments[-1].chain
            session.add(_stored(reception.id, segment))
    manifest = Manifest(
        version=2, reception_id=reception.id, started_at=reception.started_at, ended_at=reception.ended_at,
        seconds=reception.seconds, segments=tuple(segments), chain=last,
    )  # fmt: skip
    return signing_key.load(settings).sign(manifest)


def _stored(reception_id: str, segment: Segment) -> StoredSegment:
    values = segment.model_dump(include={"id", "participant_id", "file", "start", "seconds", "size", "sha256"})
    return StoredSegment(reception_id=reception_id, kind=segment.kind, codec=segment.codec, closed="clean", **values)


def _filed(session: Session, clerk: Actor, record: VisitRecord) -> int:
    signing.confirm(session, clerk, record.id)
    kiosk = replace(clerk, user_id=None, role=None, kiosk_id=record.reception.kiosk_id)
    record.reception.left_kiosk_at = None
    session.flush()
    sha256 = reading.view(session, session.get_one(VisitRecord, record.id, populate_existing=True)).sha256
    signing.sign(session, kiosk, record.id, drawn(sha256), file_at_once=True)
    case = case_of(session, record.id)
    assert case is not None
    return case.id
