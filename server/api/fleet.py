"""The administrator's kiosks: how each is doing, where it stands, and orders to it."""

from fastapi import APIRouter, Request

from server.api.admin import KioskId, own_kiosk
from server.api.agent import screens_version
from server.api.deps import Administrator, Db, OfficeDep
from server.protocol.fleet import Fleet, KioskEvents, KioskRoom
from server.protocol.health import OrderKind
from server.reception.kiosk import fleet, kiosk_log

router = APIRouter(prefix="/admin/fleet")


@router.get("")
def kiosks(db: Db, actor: Administrator, request: Request, office: OfficeDep) -> Fleet:
    """Every kiosk in use."""
    return fleet.fleet(db, actor, screens_version(request, office))


@router.get("/{kiosk_id}/events")
def events(kiosk_id: KioskId, db: Db, actor: Administrator) -> KioskEvents:
    """What happened to its program."""
    return kiosk_log.of_kiosk(db, own_kiosk(db, actor, kiosk_id))


@router.post("/{kiosk_id}/revoke")
def revoke(kiosk_id: KioskId, db: Db, actor: Administrator, request: Request, office: OfficeDep) -> Fleet:
    """Its computer may do nothing any more."""
    fleet.revoke(db, actor, own_kiosk(db, actor, kiosk_id))
    db.flush()
    return fleet.fleet(db, actor, screens_version(request, office))


@router.post("/{kiosk_id}/restart")
def restart(
    kiosk_id: KioskId, db: Db, actor: Administrator, request: Request, office: OfficeDep, what: OrderKind = "page"
) -> Fleet:
    """Page, program or computer are started again as soon as nobody is there; room: the empty room is looked at anew."""
    fleet.order(db, actor, own_kiosk(db, actor, kiosk_id), what)
    db.flush()
    return fleet.fleet(db, actor, screens_version(request, office))


@router.put("/{kiosk_id}/room")
def room(kiosk_id: KioskId, asked: KioskRoom, db: Db, actor: Administrator, request: Request, office: OfficeDep) -> Fleet:
    """Where it stands, and what people call from home."""
    kiosk = own_kiosk(db, actor, kiosk_id)
    kiosk.room = asked.room.strip()
    if asked.phone is not None:
        kiosk.phone = asked.phone.strip()
    db.flush()
    return fleet.fleet(db, actor, screens_version(request, office))
