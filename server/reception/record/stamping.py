"""可信时间戳: having an outside authority sign when a recording was closed and a record signed.

What is to be stamped is noted with the closing and with the signing, and asked for afterwards by a durable job
(server/jobs/stamping.py), so neither waits for an authority.  An answer is checked before it is kept.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta

import structlog
from prometheus_client import Counter
from sqlalchemy.orm import Session

from server import clock
from server.domain.states import CLOSED_RECORD, StampKind
from server.protocol.canonical import fingerprint
from server.reception.office import Office
from server.reception.record.canonical import settled
from server.reception.record.timestamp_authority import NoStamp, Stamp, ask, configured
from server.reception.record.timestamps import content_of
from server.settings import Settings
from server.store import cases, receptions
from server.store import timestamps as store
from server.store.engine import Store
from server.store.models import Reception, StoredTimestamp, VisitRecord

log = structlog.get_logger()

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360, 720))
"""Before each further try; the last one again and again, for as long as it takes: an authority may be away for days."""
PRINTED = ("record.pdf", "form.pdf")
"""Made again when a time stamp comes after filing: it stands below the hashes, and nothing else changes."""

asked_total = Counter("jietan_timestamps_total", "Time stamps that were asked for", ["outcome"])


# --- noting ------------------------------------------------------------------------------------------------------


def note_manifest(office: Office, reception_id: str) -> None:
    """The recording was closed: its manifest is to be stamped, if there is an authority; noting it again changes nothing."""
    if configured(office.settings):
        with office.store.write() as session:
            _note_manifest(session, session.get_one(Reception, reception_id))


def note_record(session: Session, settings: Settings, record_id: str) -> None:
    """The record was signed, or refused by all: that version is to be stamped, and the manifest where that was not known at
    the closing; noting them again changes nothing."""
    record = session.get_one(VisitRecord, record_id)
    if not configured(settings) or record.state not in CLOSED_RECORD:
        return
    content = settled(session, record)
    if content is not None:
        store.note(session, record.reception_id, StampKind.RECORD, fingerprint(content), clock.now())
    _note_manifest(session, record.reception)


def _note_manifest(session: Session, reception: Reception) -> None:
    if reception.manifest_sha256:
        store.note(session, reception.id, StampKind.MANIFEST, reception.manifest_sha256, clock.now())


# --- asking for them, for the job --------------------------------------------------------------------------------


def take_up(store_: Store, settings: Settings) -> None:
    """At the start all are asked for at once: who corrected a setting need not wait.  Without an authority none is."""
    with store_.write() as session:
        store.wait_until(session, clock.now() if configured(settings) else None)


def get_due(office: Office, stopped: Callable[[], bool] = lambda: False) -> int:
    """Ask for what waits, one after the other; how many are kept now.  While an authority is away the others wait with the
    first one."""
    kept, away = 0, None
    with office.store.read() as session:
        due = store.due(session, clock.now())
    for stamp_id in due:
        if stopped():
            break
        found = away or _get(office, stamp_id)
        if isinstance(found, NoStamp):
            away = found if found.away else None
            _later(office, stamp_id, found)
        else:
            _keep(office, stamp_id, found)
            kept += 1
    return kept


def _get(office: Office, stamp_id: int) -> Stamp | NoStamp:
    with office.store.read() as session:
        one = session.get_one(StoredTimestamp, stamp_id)
        content = content_of(session, one)
    if hashlib.sha256(content).hexdigest() != one.sha256:
        return NoStamp("altered")
    try:
        return ask(office.settings, content)
    except NoStamp as error:
        return error


def _later(office: Office, stamp_id: int, why: NoStamp) -> None:
    with office.store.write() as session:
        one = session.get_one(StoredTimestamp, stamp_id)
        one.why, one.next_at = why.words, clock.now() + PAUSES[min(one.tries, len(PAUSES) - 1)]
        one.tries += 1
    asked_total.labels(why.code).inc()
    log.warning("no time stamp", stamp=stamp_id, why=why.code, tries=one.tries)


def _keep(office: Office, stamp_id: int, found: Stamp) -> None:
    with office.store.write() as session:
        one = session.get_one(StoredTimestamp, stamp_id)
        one.at, one.authority, one.answer = found.at, found.authority, found.answer
        one.why, one.next_at, one.tries = "", None, one.tries + 1
        record = receptions.record_of(session, one.reception_id)
        if record is not None:
            cases.forget_documents(session, record.id, PRINTED)
    asked_total.labels("kept").inc()
    log.info("time stamp", stamp=stamp_id, kind=one.kind)
