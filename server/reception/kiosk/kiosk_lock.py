"""Keeps a record from whoever sits down at a kiosk next: the rule is in protocol/office.md."""

import hmac
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.errors import InvalidInput, JietanError, NotFound, TooOften
from server.protocol.sittings import Sitting
from server.store import receptions as store
from server.store.access import OPEN_FOR, Actor
from server.store.engine import Store
from server.store.models import Reception

WRONG_TRIES = 5
PHONE_DIGITS = 4


def is_locked(reception: Reception) -> bool:
    """Whether the talk is over and nobody has been at the kiosk for a while."""
    until = _open_until(reception)
    return until is not None and clock.now() >= until


def _open_until(reception: Reception) -> datetime | None:
    """None while the talk has not ended."""
    if reception.ended_at is None:
        return None
    return reception.kiosk_open_until or reception.ended_at + OPEN_FOR


def covered(reception: Reception, shown: Sitting) -> Sitting:
    """The sitting without anything that a stranger must not see or that would answer the question."""
    left_out: dict[str, object] = {"receiver": "", "record_id": None, "query_code": "", "case_no": "", "next_step": "", "promises": (),
                                   "phone_last4": "", "may_rate": False, "may_print": False}  # fmt: skip
    question = {
        "number": "",
        "locked": True,
        "unlock_with": "phone" if reception.petitioner_phone else "number",
        "unlock_tries_left": max(0, WRONG_TRIES - reception.unlock_tries),
    }
    return shown.model_copy(update=left_out | question)


def touch(session: Session, actor: Actor) -> None:
    """Somebody is at the kiosk; nothing happens where it is locked, or nobody has talked yet."""
    reception = store.sitting_of(session, actor)
    if reception is not None and reception.ended_at is not None and not is_locked(reception):
        _open(reception)


def lock(session: Session, actor: Actor) -> None:
    """Nobody is at the kiosk any more: its screen was wiped."""
    reception = store.sitting_of(session, actor)
    if reception is not None and reception.ended_at is not None:
        reception.kiosk_open_until = clock.now()


def unlock(store_: Store, actor: Actor, answer: str) -> None:
    """Open the kiosk for the person who knows the answer.

    Raises NotFound when nobody sits there, InvalidInput for a wrong answer (details: tries_left), TooOften after five.
    """
    with store_.write() as session:
        refused = _try(session, actor, answer)
    if refused is not None:
        raise refused


def _try(session: Session, actor: Actor, answer: str) -> JietanError | None:
    """Check an answer; what is wrong with it is returned, not raised, so that the count is kept."""
    store.lock_kiosk(session, actor.kiosk_id or 0)
    reception = store.sitting_of(session, actor)
    if reception is None or reception.ended_at is None:
        return NotFound("这台机器上现在没有人在办。", code="no_sitting")
    if reception.unlock_tries >= WRONG_TRIES:
        return _staff_only()
    if not _right(reception, answer):
        reception.unlock_tries += 1
        return _wrong(reception)
    _open(reception)
    return None


def _right(reception: Reception, answer: str) -> bool:
    wanted, given = reception.petitioner_phone[-PHONE_DIGITS:], answer.strip()
    if not wanted:
        wanted, given = _digits(reception.number), _digits(given)
    return hmac.compare_digest(wanted.encode(), given.encode())


def _digits(number: str) -> str:
    """7 of "A07", and of "现07"."""
    return number.lstrip("Aa现").lstrip("0")


def _wrong(reception: Reception) -> JietanError:
    left = WRONG_TRIES - reception.unlock_tries
    if not left:
        return _staff_only()
    return InvalidInput(f"对不上，请再看看。还可以试 {left} 次。", code="wrong_answer", tries_left=left)


def _staff_only() -> JietanError:
    return TooOften("对不上的次数太多了，请按“叫工作人员”，工作人员来帮您打开。", code="staff_only")


def _open(reception: Reception) -> None:
    reception.kiosk_open_until, reception.unlock_tries = clock.now() + OPEN_FOR, 0


def unlock_by_staff(session: Session, actor: Actor, reception_id: str) -> None:
    """A member of staff saw that it is the right person; raises NotFound where the actor may not see the reception."""
    reception = store.reception_of(session, actor, reception_id)
    if reception is None:
        raise NotFound("没有找到这次接谈。")
    if reception.ended_at is not None:
        _open(reception)


def clear_left_behind(store_: Store, hours: float) -> int:
    """Take sittings off their kiosks whose talk ended that long ago; returns how many.  Records stay as they are."""
    now = clock.now()
    with store_.write() as session:
        return store.clear_kiosks(session, now - timedelta(hours=hours), now)
