"""提醒: what an officer is told, in the page and, where they want it, by e-mail or SMS.

Nobody is told of a case that they may not read.  What leaves the house is the case's number and the name of the step.
"""

import re
from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.states import DeliveryState, NoticeKind, StaffRole
from server.errors import InvalidInput
from server.protocol.notices import Contact, ContactView, Notices, NoticeView, ReadOrder
from server.reception.account import accounts
from server.settings import Settings
from server.store import cases
from server.store import notices as store
from server.store.access import Actor
from server.store.models import Notice, NoticeDelivery, Organization, StaffContact, StoredCase, User

ROWS = 30
WORDS = 500
DOERS = (StaffRole.HANDLER, StaffRole.CLERK)
"""Whom a unit is told through; its leaders where it has none of these."""
MAIL, SMS = "mail", "sms"
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+?[0-9]{6,15}")


def tell(
    session: Session, to: User | Organization, kind: NoticeKind, case: StoredCase, words: str, *, about: str = ""
) -> list[Notice]:
    """Tell an officer, or those of a unit who do its work, something about a case; the notices that were made.

    `about` is the name of a step or letter: with the case's number all that goes out of the house.
    """
    users = [to] if isinstance(to, User) else of_unit(session, to.id)
    return tell_all(session, [one for one in users if may_know(session, one, case)], kind, case, words, about=about)


def tell_all(
    session: Session, users: Iterable[User], kind: NoticeKind, case: StoredCase, words: str, *, about: str = ""
) -> list[Notice]:
    """Tell these officers, of whom the caller knows that they may read the case."""
    made = [
        Notice(user_id=one.id, case_id=case.id, kind=kind, about=about[:40], words=words[:WORDS], at=clock.now()) for one in users
    ]
    session.add_all(made)
    session.flush()
    _send_on(session, made)
    return made


def announce(session: Session, users: Iterable[User], kind: NoticeKind, words: str, *, about: str = "") -> None:
    """Tell these officers something that is about no case; `about` goes out of the house, too."""
    made = [Notice(user_id=one.id, case_id=None, kind=kind, about=about[:40], words=words[:WORDS], at=clock.now()) for one in users]
    session.add_all(made)
    session.flush()
    _send_on(session, made)


def of_unit(session: Session, organization_id: int) -> Sequence[User]:
    """The officers through whom a unit is told."""
    return store.officers(session, [organization_id], DOERS) or store.officers(session, [organization_id], [StaffRole.LEADER])


def may_know(session: Session, user: User, case: StoredCase) -> bool:
    """Whether the officer may read the case."""
    return cases.find(session, accounts.actor_of_user(user), case.id) is not None


def _send_on(session: Session, made: Sequence[Notice]) -> None:
    known = store.contacts(session, {one.user_id for one in made})
    for one in made:
        contact = known.get(one.user_id)
        for way, address in ((MAIL, contact.mail), (SMS, contact.phone)) if contact else ():
            if address:
                session.add(NoticeDelivery(notice_id=one.id, way=way, state=DeliveryState.WAITING, next_at=one.at))


def outside(notice: Notice, case_no: str) -> str:
    """What is sent out of the house about a notice."""
    parts = (case_no, terms.NOTICE[NoticeKind(notice.kind)], notice.about)
    return "：".join(part for part in parts if part) + "。请登录查看。"


# --- reading them ------------------------------------------------------------------------------------------------


def page(session: Session, actor: Actor, before: int | None) -> Notices:
    """The newest notices of an officer."""
    found = store.of_user(session, actor, before, ROWS + 1)
    views = tuple(
        NoticeView(
            id=one.id, kind=one.kind, label=terms.NOTICE[NoticeKind(one.kind)], words=one.words, at=one.at,
            read=one.read_at is not None, case_id=one.case_id, case_no=case_no or "",
        )
        for one, case_no in found[:ROWS]
    )  # fmt: skip
    return Notices(notices=views, unread=unread(session, actor), more=len(found) > ROWS)


def unread(session: Session, actor: Actor) -> int:
    """How many the officer has not read."""
    return store.unread(session, actor)


def mark_read(session: Session, actor: Actor, order: ReadOrder) -> int:
    """Note what was read; how many are left."""
    assert actor.user_id is not None
    store.read(session, actor.user_id, order.up_to, order.up_to if order.only else None, clock.now())
    return unread(session, actor)


def contact(session: Session, settings: Settings, actor: Actor) -> ContactView:
    """Where the officer's notices go, and what the office has set up."""
    assert actor.user_id is not None
    known = store.contacts(session, [actor.user_id]).get(actor.user_id)
    offered = {"mail_offered": bool(settings.notice_smtp_host), "sms_offered": bool(settings.notice_sms_url)}
    return ContactView(mail=known.mail if known else "", phone=known.phone if known else "", **offered)


def set_contact(session: Session, settings: Settings, actor: Actor, asked: Contact) -> ContactView:
    """Raises InvalidInput for what is no address and no number."""
    assert actor.user_id is not None
    mail, phone = asked.mail.strip(), re.sub(r"[\s-]", "", asked.phone)
    if mail and not (_MAIL.fullmatch(mail) and mail.isascii()):
        raise InvalidInput("邮箱写得不对，例如 zhang@example.gov.cn。", fields=["mail"])
    if phone and not _PHONE.fullmatch(phone):
        raise InvalidInput("手机号写得不对，只写数字。", fields=["phone"])
    known = session.get(StaffContact, actor.user_id)
    if known is None:
        session.add(StaffContact(user_id=actor.user_id, mail=mail, phone=phone))
    else:
        known.mail, known.phone = mail, phone
    session.flush()
    return contact(session, settings, actor)
