"""The administrator's kiosks: how each is doing, and opening its page again."""

from fastapi import APIRouter

from server.api.admin import KioskId, own_kiosk
from server.api.deps import Administrator, Db
from server.protocol.fleet import Fleet
from server.reception import fleet

router = APIRouter(prefix="/admin/fleet")


@router.get("")
def kiosks(db: Db, actor: Administrator) -> Fleet:
    """Every kiosk in use."""
    return fleet.fleet(db, actor)


@router.post("/{kiosk_id}/restart")
def restart(kiosk_id: KioskId, db: Db, actor: Administrator) -> Fleet:
    """Its page is opened again as soon as nobody is there."""
    fleet.restart(db, own_kiosk(db, actor, kiosk_id))
    db.flush()
    return fleet.fleet(db, actor)
