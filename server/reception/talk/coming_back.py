"""Somebody comes back to the kiosk to read and sign the record of a talk that they left before."""

from sqlalchemy.orm import Session

from server import clock
from server.domain.states import CLOSED_RECORD, KioskKind, ReceptionState, RecordState
from server.errors import InvalidInput, WrongState
from server.protocol.sittings import BookingKey, RecordToRead
from server.reception import tries
from server.reception.callers import hashed
from server.reception.matter import progress
from server.reception.office import Office
from server.store import receptions as store
from server.store.access import OPEN_FOR, Actor
from server.store.models import Reception, VisitRecord

WRONG = "没有查到。请照着回执，把查询码和手机号最后 4 位再核对一遍；没有留手机号的，填 0000。"
NO_TALK = "这个码不是在接谈机上谈的，这里没有记录可看。"
DONE = "这份记录已经签过字，办好了。办到哪一步，可以查进度。"
PREPARING = "工作人员还在整理这份记录，好了再请您来看。"
OPENED = "打开了，请一句一句看。"


def come_back(office: Office, actor: Actor, key: BookingKey) -> RecordToRead:
    """Open the record at this kiosk for whoever has its code and digits.

    Raises NotFound, the same for a wrong code and wrong digits; TooOften after ten wrong tries in 15 minutes here;
    InvalidInput for the code of a matter without a talk; WrongState where another kiosk has it, or somebody sits here.
    """
    source = hashed(office.settings, "record at kiosk", str(actor.kiosk_id))
    with office.store.write() as session:
        tries.require_left(session, source, source)
        found = progress.record_of(session, key)
        if found is not None:
            return _open(session, actor, *found)
    raise tries.missed(office, source, source, WRONG)


def _open(session: Session, actor: Actor, reception: Reception | None, record: VisitRecord | None) -> RecordToRead:
    if reception is None or reception.state == ReceptionState.ABANDONED:
        raise InvalidInput(NO_TALK, code="no_talk")
    if record is not None and record.state in CLOSED_RECORD:
        return RecordToRead(state="done", words=DONE)
    if record is None or record.confirmed_at is None or record.state == RecordState.DRAFT:
        return RecordToRead(state="preparing", words=PREPARING)
    store.lock_kiosk(session, actor.kiosk_id or 0)
    if reception.kiosk_id != actor.kiosk_id and not _held_without_a_kiosk(reception, actor):
        raise WrongState(f"这份记录要在{_where_to_read(reception)}看，或者请工作人员给您打印出来。", code="other_kiosk")
    if (there := store.sitting_of(session, actor)) is not None and there.id != reception.id:
        raise WrongState("这台机器上还有一位没有办完，请先结束那一位。", code="kiosk_busy")
    if reception.kiosk_id != actor.kiosk_id:
        reception.read_at_kiosk_id = actor.kiosk_id
    reception.left_kiosk_at, reception.unlock_tries = None, 0
    reception.kiosk_open_until = clock.now() + OPEN_FOR
    return RecordToRead(state="opened", words=OPENED)


def _held_without_a_kiosk(reception: Reception, actor: Actor) -> bool:
    """A talk on site stands at no machine: its record is read at any kiosk of its office or below."""
    return reception.kiosk.kind == KioskKind.ROOM and actor.organization_path.startswith(reception.organization.path)


def _where_to_read(reception: Reception) -> str:
    if reception.kiosk.kind == KioskKind.ROOM:
        return f"{reception.organization.name}的接谈机上"
    return f"“{reception.kiosk.name}”"
