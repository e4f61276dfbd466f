"""联合接访值班: the lists of offices, and whom of them a talk can ask in."""

from sqlalchemy.orm import Session

from server import clock
from server.domain.joint_duty import DUTY_KIND, DUTY_WAY, DutyKind, DutyWay, Hours
from server.domain.organizations import own_and_above
from server.domain.states import StaffRole
from server.errors import Conflict, InvalidInput, NotFound
from server.protocol.joint_duty import DutyList, DutyOffer, DutyOffers, DutyOrder, DutyRow
from server.protocol.receptions import Colleague
from server.reception.talk import invitations
from server.store import accounts
from server.store import invitations as asked
from server.store import joint_duty as store
from server.store.access import Actor
from server.store.models import JointDuty

CHANGERS = (StaffRole.LEADER, StaffRole.CLERK, StaffRole.ADMINISTRATOR)
ASKABLE = (StaffRole.LEADER, StaffRole.CLERK, StaffRole.HANDLER)


def listed(session: Session, actor: Actor) -> DutyList:
    """The own office's list, and those of the offices above it, which it can ask, too."""
    found = store.on_lists_of(session, own_and_above(actor.organization_path))
    rows = [_row(actor, one) for one in found]
    return DutyList(rows=tuple(sorted(rows, key=lambda one: not one.own)), may_change=actor.role in CHANGERS)


def hours_of(one: JointDuty) -> Hours:
    """When somebody can be asked."""
    return Hours(tuple(one.weekdays), one.begins, one.ends, one.first_on, one.last_on)


def _row(actor: Actor, one: JointDuty) -> DutyRow:
    hours = hours_of(one)
    return DutyRow(
        id=one.id, kind=one.kind, kind_words=DUTY_KIND[DutyKind(one.kind)], way=one.way, way_words=DUTY_WAY[DutyWay(one.way)],
        user_id=one.user_id, name=one.name, unit=one.unit, phone=one.phone, language=one.language, weekdays=hours.weekdays,
        begins=one.begins, ends=one.ends, first_on=one.first_on, last_on=one.last_on, when=hours.words, now=hours.at(clock.now()),
        organization=one.organization.name, own=one.organization_id == actor.organization_id,
    )  # fmt: skip


def add(session: Session, actor: Actor, order: DutyOrder) -> DutyList:
    """Put somebody on the own office's list.  Raises InvalidInput, Conflict when the list is full."""
    if len(store.on_lists_of(session, [actor.organization_id])) >= store.MOST:
        raise Conflict("名单满了，先去掉不用的。", code="list_full")
    one = JointDuty(organization_id=actor.organization_id)
    _set(session, actor, one, order)
    session.add(one)
    session.flush()
    return listed(session, actor)


def colleagues(session: Session, actor: Actor, words: str) -> list[Colleague]:
    """Accounts that can be put on the list, by name, post or office."""
    found = asked.colleagues(session, invitations.root_of(actor), words.strip(), invitations.COLLEAGUES_SHOWN)
    return [invitations.colleague(one) for one in found if one.role in ASKABLE]


def change(session: Session, actor: Actor, duty_id: int, order: DutyOrder) -> DutyList:
    """Change a row of the own office's list.  Raises NotFound, InvalidInput."""
    _set(session, actor, _own(session, actor, duty_id), order)
    session.flush()
    return listed(session, actor)


def remove(session: Session, actor: Actor, duty_id: int) -> DutyList:
    """Take somebody off the own office's list; whoever was asked already stays asked.  Raises NotFound."""
    session.delete(_own(session, actor, duty_id))
    session.flush()
    return listed(session, actor)


def _own(session: Session, actor: Actor, duty_id: int) -> JointDuty:
    one = store.own(session, actor, duty_id)
    if one is None:
        raise NotFound("名单上没有这个人，可能刚刚去掉了。")
    return one


def _set(session: Session, actor: Actor, one: JointDuty, order: DutyOrder) -> None:
    name, unit = order.name.strip(), order.unit.strip()
    if order.user_id is not None:
        user = accounts.user_with_organization(session, order.user_id)
        if user is None or user.role not in ASKABLE or not user.organization.path.startswith(invitations.root_of(actor)):
            raise InvalidInput("没有这位同事，请重新选。", fields=["user_id"])
        name, unit = user.name, unit or user.organization.name
    if not name:
        raise InvalidInput("写上姓名。", fields=["name"])
    if not unit:
        raise InvalidInput("写上单位，笔录上要写明是哪里来的。", fields=["unit"])
    one.kind, one.way, one.user_id, one.name, one.unit = order.kind, order.way, order.user_id, name, unit
    one.phone, one.language, one.weekdays = order.phone.strip(), order.language, sorted(set(order.weekdays))
    one.begins, one.ends, one.first_on, one.last_on = order.begins, order.ends, order.first_on, order.last_on
    one.author, one.changed_at = actor.name[:64], clock.now()


def offers(session: Session, actor: Actor, reception_id: str) -> DutyOffers:
    """Whom a talk can ask in: those on the lists of its office and of the offices above, whose hours it is first.

    Raises as `invitations.invite` does.
    """
    reception = invitations.open_to(session, actor, reception_id)
    known = {one.duty_id: one for one in asked.of_reception(session, actor, reception_id)}
    now = clock.now()
    found = [
        DutyOffer(
            id=one.id, kind_words=DUTY_KIND[DutyKind(one.kind)], way_words=DUTY_WAY[DutyWay(one.way)], name=one.name, unit=one.unit,
            phone=one.phone, account=one.user_id is not None, when=hours_of(one).words, now=hours_of(one).at(now),
            asked=invitations.state_of(known[one.id], now) if one.id in known else None,
        )
        for one in invitations.on_duty_for(session, reception)
        if one.user_id is None or one.user_id != reception.receiver_id
    ]
    return DutyOffers(offers=tuple(sorted(found, key=lambda one: not one.now)))
