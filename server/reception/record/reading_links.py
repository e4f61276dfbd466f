"""A link by which a petitioner or representative reads and signs on their own telephone: one record, a short while, a
code and the last four digits of a telephone number."""

import hmac
import secrets
from datetime import timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain.states import CLOSED_RECORD, RecordState
from server.errors import InvalidInput, NotFound, NotLoggedIn, TooOften, WrongState
from server.protocol.reading import OpenLink, ReaderPlace
from server.protocol.signing import NewReadingLink, ReadingLinkView
from server.reception.account.accounts import digest, new_token
from server.reception.callers import hashed, network_of
from server.reception.office import Office
from server.reception.record import signatures
from server.reception.record.records import require
from server.settings import Settings
from server.store import cases, records
from server.store import reading as store
from server.store.access import Actor
from server.store.models import ProgressTry, ReadingLink, VisitRecord
from server.store.querycodes import new_query_code

CODE_LENGTH = 10
WINDOW = timedelta(minutes=15)
MOST_WRONG = 10
"""Wrong tries from one address in that time."""
MOST_WRONG_DIGITS = 5
"""For one link: after that nothing opens it."""
WRONG = "对不上。请照着工作人员给的，把查看码和手机号最后 4 位再核对一遍；试了几次还不行，请工作人员另给一个。"
OVER = "这个链接过了时间，不能再用了。请给工作人员打个电话，另要一个；已经看过的句子，这部手机还记着。"


def make(session: Session, actor: Actor, settings: Settings, record_id: str, asked: NewReadingLink) -> ReadingLinkView:
    """A fresh link; earlier ones of the same person stop working.

    Raises NotFound, WrongState before the record was handed over and after it was settled, InvalidInput where no
    telephone is known.
    """
    record = require(session, actor, record_id)
    if record.confirmed_at is None or record.state in CLOSED_RECORD:
        raise WrongState("先交给群众核对，才能发链接。签过的不用再发。", code="not_handed_over")
    readers = [one.name for one in signatures.readers_of(session, record)]
    whom = asked.whom.strip() or readers[0]
    own = whom == readers[0]
    digits = asked.phone_last4 or (record.reception.petitioner_phone[-4:] if own else "")
    if not digits:
        raise InvalidInput("没有留手机号。请填上这个人手机号的最后 4 位，打开链接时要用。", code="phone_missing")
    now = clock.now()
    if whom not in readers:
        raise InvalidInput("链接只给要签字的人：信访人，和登记表上写的代表。请照登记表上的名字填。", code="not_a_signer")
    for earlier in store.links_of(session, record.id):
        if earlier.whom == whom:
            earlier.revoked_at = earlier.revoked_at or now
    code = new_query_code(CODE_LENGTH)
    link = ReadingLink(
        id=f"l{secrets.token_hex(8)}", record_id=record.id, code_sha256=digest(code), whom=whom,
        digits=_digits(settings, code, digits), created_by=actor.user_id or 0, created_at=now,
        expires_at=now + timedelta(hours=settings.reading_link_hours),
    )  # fmt: skip
    session.add(link)
    session.flush()
    return ReadingLinkView(whom=whom, code=code, url=f"{settings.base_url}/read/{code}", expires_at=link.expires_at, phone_last4=digits)


def _digits(settings: Settings, code: str, digits: str) -> str:
    return hashed(settings, "reading link", code, digits)


def open_link(office: Office, asked: OpenLink, address: str) -> tuple[str, float]:
    """The key of whoever has link, code and digits, and for how many seconds it is good.

    Raises NotFound, the same for a wrong code, wrong digits and a link that was taken back; NotLoggedIn
    `link_expired`, only for who knows the digits; TooOften after ten wrong tries in 15 minutes from one address.
    """
    source = hashed(office.settings, "reading", network_of(address))
    key = new_token()
    with office.store.write() as session:
        if cases.wrong_tries(session, source, clock.now() - WINDOW) >= MOST_WRONG:
            raise TooOften("试的次数太多，请过 15 分钟再试，或者请工作人员帮忙。")
        link = _try(session, office.settings, asked)
        if link is None:
            cases.drop_tries(session, clock.now() - WINDOW)
            session.add(ProgressTry(at=clock.now(), source=source))
        elif link.expires_at > clock.now():
            link.opened_at, link.key_sha256 = link.opened_at or clock.now(), digest(key)
            return key, (link.expires_at - clock.now()).total_seconds()
    if link is None:
        raise NotFound(WRONG, code="no_such_link")
    raise NotLoggedIn(OVER, code="link_expired")


def _try(session: Session, settings: Settings, asked: OpenLink) -> ReadingLink | None:
    """The link of this code if the digits are right, too; a wrong try is counted at the link."""
    link = store.link_by_code(session, digest(asked.code))
    given = _digits(settings, asked.code, asked.phone_last4)
    right = hmac.compare_digest(link.digits if link else "0" * 64, given)
    if link is None or link.revoked_at is not None or link.wrong_tries >= MOST_WRONG_DIGITS:
        return None
    if not right:
        link.wrong_tries += 1
        return None
    return link


def actor_of(session: Session, key: str) -> Actor | None:
    """Whoever holds this key, as a reader of one record.  Raises NotLoggedIn `link_expired`."""
    link = store.link_by_key(session, digest(key)) if key else None
    if link is None or link.revoked_at is not None:
        return None
    if link.expires_at <= clock.now():
        raise NotLoggedIn(OVER, code="link_expired")
    organization = session.get_one(VisitRecord, link.record_id).reception.organization
    return Actor(
        name=link.whom, organization_id=organization.id, organization_path=organization.path, reads=link.record_id,
        link_id=link.id,
    )  # fmt: skip


def place(session: Session, actor: Actor) -> ReaderPlace:
    """Where the record of a reader stands."""
    record = session.get_one(VisitRecord, actor.reads)
    link = store.link(session, actor.link_id)
    mine = record.state == RecordState.CONFIRMED and signatures.has_signed(session, record, actor.name)
    settled = record.state in CLOSED_RECORD or mine
    open_ = record.state == RecordState.CONFIRMED or (record.state == RecordState.CORRECTING and record.confirmed_at)
    case = records.case_of(session, record.id)
    return ReaderPlace(
        record_id=record.id,
        reception_id=record.reception_id,
        whom=actor.name,
        office=record.reception.organization.name,
        step="done" if settled else "read" if open_ else "preparing",
        query_code=record.reception.query_code if settled else "",
        case_no=case.case_no if case else "",
        expires_at=link.expires_at,
    )
