"""A filed record's lines as subtitles."""

from collections.abc import Mapping
from itertools import chain
from typing import Any

from sqlalchemy.orm import Session

from server.domain import captions, terms
from server.domain.captions import Cue
from server.domain.linewords import from_store
from server.domain.states import LineKind
from server.protocol.base import Role
from server.store import records
from server.store.models import StoredCase


def corrected(session: Session, case: StoredCase) -> list[Cue]:
    """The record's lines as subtitles, as the petitioner signed them."""
    names = _names(session, case.talk_id)
    rows = (row for row in records.line_rows(session, case.talk_record_id) if not row.deleted)
    lines = (
        captions.cues(Cue(row.start, row.end, _speaker(row, names), row.text), from_store(row.words)) for row in rows
    )
    return list(chain.from_iterable(lines))


def recognised(session: Session, case: StoredCase) -> list[Cue]:
    """What the computer understood, before anybody corrected it."""
    names = _names(session, case.talk_id)
    said = records.utterances(session, case.talk_id)
    lines = (captions.cues(Cue(one.start, one.end, names.get(one.participant_id, ""), one.text), from_store(one.words)) for one in said)
    return list(chain.from_iterable(lines))


def _names(session: Session, reception_id: str) -> dict[str, str]:
    return {seat.id: terms.ROLE[Role(seat.role)] for seat in records.participants(session, reception_id)}


def _speaker(row: Any, names: Mapping[str, str]) -> str:
    return terms.LINE_KIND[LineKind.NOTE] if row.kind == LineKind.NOTE else names.get(row.participant_id or "", "")
