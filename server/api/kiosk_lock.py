"""Locking and opening a kiosk whose petitioner may have gone."""

from typing import Annotated

from fastapi import APIRouter, Path

from server.api.deps import Db, KioskActor, LeaderOrClerk, OfficeDep
from server.protocol.kiosks import Unlock
from server.protocol.sittings import Sitting
from server.reception.kiosk import kiosk_lock, sittings

router = APIRouter()


@router.post("/kiosk/sitting/touch", status_code=204)
def touch(db: Db, actor: KioskActor) -> None:
    """Somebody is there."""
    kiosk_lock.touch(db, actor)


@router.post("/kiosk/sitting/lock", status_code=204)
def lock(db: Db, actor: KioskActor) -> None:
    """Nobody is there."""
    kiosk_lock.lock(db, actor)


@router.post("/kiosk/sitting/unlock")
def unlock(asked: Unlock, actor: KioskActor, office: OfficeDep) -> Sitting:
    """Somebody says who they are."""
    kiosk_lock.unlock(office.store, actor, asked.answer)
    with office.store.read() as session:
        return sittings.view(session, sittings.current(session, actor))


@router.post("/receptions/{reception_id}/unlock", status_code=204)
def unlock_by_staff(
    reception_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")], db: Db, actor: LeaderOrClerk
) -> None:
    """Staff open the kiosk of this reception."""
    kiosk_lock.unlock_by_staff(db, actor, reception_id)
