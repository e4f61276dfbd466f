"""A reception in one room that is over: what its one microphone heard, and the draft of it."""

from datetime import timedelta

from sqlalchemy.orm import Session

from server import clock
from server.protocol.media_control import Entry, Recognised, RecordingStarted, SeatTaken
from server.protocol.transcript import Utterance
from server.reception.record import drafts, ingest
from server.store.models import Reception

SAID = (
    (3.0, "您今天要反映什么事？"),
    (6.0, "我要求把补偿款三万六千八百元发给我。"),
    (12.0, "请镇政府在五个工作日内拿出处理意见。"),
)


def over(session: Session, reception_id: str, microphone: str, said: tuple[tuple[float, str], ...] = SAID) -> str:
    """The record's id, of a reception that a clerk began."""
    at = clock.now()
    facts = [SeatTaken(participant_id=microphone, role="room"), RecordingStarted(started_at=at)]
    facts += [
        Recognised(utterance=Utterance(id=f"{microphone}-u{n}", participant_id=microphone, start=start, end=start + 3, text=text))
        for n, (start, text) in enumerate(said)
    ]
    for number, fact in enumerate(facts, start=1):
        assert ingest.take_in(session, Entry(seq=number, at=at, reception_id=reception_id, fact=fact))
    reception = session.get_one(Reception, reception_id)
    reception.state, reception.ended_at, reception.seconds = "closed", at + timedelta(seconds=20), 20.0
    session.flush()
    return drafts.create_draft(session, reception).id
