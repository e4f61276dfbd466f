"""Who signed which version of a record, and who has still to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server import clock
from server.domain.gaps import clock_time
from server.domain.signers import (
    READERS,
    ROLE_WORDS,
    SIGNED,
    WAY_WORDS,
    Signer,
    SignerRole,
    SigningWay,
    readers,
    reason_words,
)
from server.domain.states import FormField
from server.protocol.signing import SignatureView
from server.store import reading as reading_store
from server.store import records
from server.store.models import StoredSignature, VisitRecord


@dataclass(frozen=True)
class Signed:
    """One signature, or why there is none, as the printed record says it."""

    role: SignerRole
    name: str
    way: SigningWay
    image: bytes | None = None
    reason: str = ""
    witness: str = ""
    at: datetime | None = None


def readers_of(session: Session, record: VisitRecord) -> tuple[Signer, ...]:
    """The petitioner and the representatives that the form names."""
    form = records.form(session, record.id)
    values = {field: form[field].value if field in form else "" for field in (FormField.NAME, FormField.REPRESENTATIVES)}
    return readers(values[FormField.NAME] or record.reception.petitioner_name, values[FormField.REPRESENTATIVES])


def present(session: Session, record: VisitRecord, sha256: str) -> list[StoredSignature]:
    """Signatures under this hash since the record was last handed over."""
    since = reading_store.handed_over_number(session, record.id)
    return [one for one in records.signatures(session, record.id, sha256) if one.record_version >= since]


def has_signed(session: Session, record: VisitRecord, name: str) -> bool:
    """Whether this reader did something since the record was last handed over, told without making its hash."""
    since = reading_store.handed_over_number(session, record.id)
    found = records.signatures(session, record.id)
    return any(one.record_version >= since and one.role in READERS and one.name == name for one in found)


def of_reader(found: Sequence[StoredSignature], signer: Signer) -> StoredSignature | None:
    """How this reader signed."""
    return next((one for one in found if one.role in READERS and one.name == signer.name), None)


def signed_by_reader(found: Sequence[StoredSignature]) -> bool:
    """Whether anybody of the petitioner's side signed."""
    return any(one.role in READERS and one.way in SIGNED for one in found)


def for_print(found: Sequence[StoredSignature]) -> tuple[Signed, ...]:
    """As the printed record needs them."""
    return tuple(
        Signed(SignerRole(one.role), one.name, SigningWay(one.way), one.image, one.reason, one.witness, one.at) for one in found
    )


def views(session: Session, record: VisitRecord, sha256: str) -> tuple[SignatureView, ...]:
    """All signatures of all versions, for the staff, oldest first."""
    now = {one.id for one in present(session, record, sha256)} if sha256 else set()
    return tuple(_view(one, one.id in now) for one in records.signatures(session, record.id))


def _view(one: StoredSignature, is_present: bool) -> SignatureView:
    return SignatureView(
        name=one.name, role=one.role, way=one.way, words=_words(one), at=one.at, place=one.place, present=is_present,
        clip_url=f"/api/records/{one.record_id}/clips/{one.clip_sha256}" if one.clip_sha256 else "",
    )


def _words(one: StoredSignature) -> str:
    role, way = ROLE_WORDS[SignerRole(one.role)], SigningWay(one.way)
    if way not in SIGNED:
        return f"{role} {reason_words(one.name, way, one.reason, one.witness)}"
    at = clock_time(one.at.astimezone(clock.OFFICE_ZONE), 0)
    return f"{role} {one.name} {at} {WAY_WORDS[way]}"
