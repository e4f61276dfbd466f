"""The administrator's part of the API."""

from typing import Annotated, Any

from fastapi import APIRouter, BackgroundTasks, Path, Query
from sqlalchemy.orm import Session

from server import clock
from server.api.deps import Administrator, Auditor, Db, OfficeDep, SecurityAdministrator
from server.domain.workdays import OFFICIAL
from server.errors import NotFound, Unavailable
from server.protocol.accounts import (
    AccessLog,
    AccountRights,
    AccountRow,
    GivenPassword,
    NewOrganization,
    NewUser,
)
from server.protocol.base import Day
from server.protocol.intake import IntakeKeyView, MadeIntakeKey, NewIntakeKey
from server.protocol.kiosks import AgentCode, CameraKey, Enrolment, NewCamera, NewKiosk
from server.protocol.lines import KioskLine
from server.reception.account import accounts, auditing, passwords
from server.reception.kiosk import cameras, copies, kiosks
from server.reception.matter import intake
from server.reception.office import Office
from server.reception.paper import letter_templates
from server.reception.record import timestamps, transcriber
from server.reception.talk import lines
from server.store import accounts as store
from server.store import copies as copy_store
from server.store import receptions
from server.store.access import Actor, visible_kiosks
from server.store.models import Kiosk, KioskAgent

router = APIRouter(prefix="/admin")

STATUS_WAIT_S = 2.0
KioskId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/overview")
def overview(db: Db, actor: Administrator, office: OfficeDep) -> dict[str, Any]:
    """The administrator's organizations, accounts and kiosks, and how the programs are doing."""
    path = actor.organization_path
    enrolled = store.enrolled_kiosk_ids(db, clock.now())
    kiosks_ = store.kiosks_under(db, path)
    agents = copy_store.agents_of(db, [kiosk.id for kiosk in kiosks_])
    return {
        "organizations": [
            {"id": o.id, "name": o.name, "code": o.code, "parent_id": o.parent_id, "level": o.level}
            for o in store.organizations_under(db, path)
        ],
        "users": [_user(user) for user in store.users_under(db, path)],
        "kiosks": [_kiosk(kiosk, kiosk.id in enrolled, agents.get(kiosk.id)) for kiosk in kiosks_],
        "status": _status(office),
        "calendar_missing": OFFICIAL.missing_ahead(clock.today()),
        "timestamp_trouble": timestamps.trouble(db, office.settings),
        "template_problems": letter_templates.problems(db, office.settings, actor),
    }


@router.get("/lines")
def kiosk_lines(db: Db, actor: Administrator) -> dict[str, list[KioskLine]]:
    """How each kiosk's line did in its last talk."""
    return {"kiosks": lines.of_kiosks(db, actor)}


def _user(user: Any) -> dict[str, Any]:
    fields = ("id", "username", "name", "title", "role", "active", "organization_id")
    return {name: getattr(user, name) for name in fields} | {"organization": user.organization.name}


def _kiosk(kiosk: Kiosk, enrolled: bool, agent: KioskAgent | None) -> dict[str, Any]:
    return {
        "id": kiosk.id,
        "name": kiosk.name,
        "active": kiosk.active,
        "organization_id": kiosk.organization_id,
        "organization": kiosk.organization.name,
        "enrolled": enrolled,
        "copies": copies.shown(agent),
        "camera": bool(kiosk.camera_key_sha256),
        "camera_id": cameras.camera_id(kiosk.id),
    }


def _status(office: Office) -> dict[str, Any]:
    try:
        node = office.media.status(timeout=STATUS_WAIT_S).model_dump(mode="json")
    except Unavailable:
        node = None
    hears = transcriber.ready(office.settings, timeout=STATUS_WAIT_S)
    return {"media": node, "transcriber": hears, "missing": office.missing()}


@router.post("/organizations", status_code=201)
def create_organization(asked: NewOrganization, db: Db, actor: Administrator) -> dict[str, int]:
    """Add an organization."""
    return {"id": accounts.create_organization(db, actor, asked).id}


@router.post("/users", status_code=201)
def create_user(asked: NewUser, db: Db, actor: Administrator) -> dict[str, int]:
    """Add an account."""
    return {"id": accounts.create_user(db, actor, asked).id}


@router.post("/users/{user_id}/password", status_code=204)
def give_password(user_id: KioskId, asked: GivenPassword, actor: Administrator, office: OfficeDep) -> None:
    """A password for somebody who forgot theirs."""
    hashed = passwords.hash_password(asked.password)
    with office.store.write() as session:
        accounts.give_password(session, actor, user_id, hashed)


@router.get("/accounts")
def account_rows(db: Db, actor: SecurityAdministrator) -> dict[str, list[AccountRow]]:
    """Accounts, those that wait for the security administrator first."""
    return {"accounts": accounts.account_rows(db, actor)}


@router.put("/accounts/{user_id}")
def set_rights(user_id: KioskId, asked: AccountRights, db: Db, actor: SecurityAdministrator) -> AccountRow:
    """What an account may do from now on; whoever used it is logged out."""
    return accounts.set_rights(db, actor, user_id, asked)


@router.delete("/accounts/{user_id}/two-step")
def drop_two_step(user_id: KioskId, db: Db, actor: SecurityAdministrator) -> AccountRow:
    """For a lost telephone: a password is enough for this account again."""
    return accounts.drop_two_step(db, actor, user_id)


@router.get("/log")
def access_log(
    db: Db, actor: Auditor, before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None, day: Day | None = None
) -> AccessLog:
    """Who looked at what, newest first, a hundred at a time."""
    return auditing.page(db, actor, before, day)


@router.post("/kiosks", status_code=201)
def create_kiosk(asked: NewKiosk, db: Db, actor: Administrator, office: OfficeDep) -> Enrolment:
    """Add a kiosk and make its one-time link."""
    return kiosks.enrolment(db, kiosks.create_kiosk(db, actor, asked), office.settings.base_url)


@router.post("/kiosks/{kiosk_id}/enrolment")
def renew_enrolment(
    kiosk_id: KioskId,
    db: Db,
    actor: Administrator,
    office: OfficeDep,
    afterwards: BackgroundTasks,
) -> Enrolment:
    """A fresh one-time link for a kiosk; its old key stops working, and whoever sits there with it is sent out."""
    link = kiosks.enrolment(db, own_kiosk(db, actor, kiosk_id), office.settings.base_url)
    # Only once the old key is gone for good: before, it would bring a new ticket.
    afterwards.add_task(kiosks.send_out, office, receptions.seats_at(db, kiosk_id))
    return link


@router.post("/kiosks/{kiosk_id}/agent")
def agent_code(kiosk_id: KioskId, db: Db, actor: Administrator) -> AgentCode:
    """A one-time code for the copy program of a kiosk."""
    return copies.agent_code(db, own_kiosk(db, actor, kiosk_id))


@router.post("/kiosks/{kiosk_id}/camera")
def new_camera(
    kiosk_id: KioskId, asked: NewCamera, db: Db, actor: Administrator, office: OfficeDep, afterwards: BackgroundTasks
) -> CameraKey:
    """Address and key for an encoder that is to be this kiosk's camera; the old key stops working."""
    key = cameras.new_key(own_kiosk(db, actor, kiosk_id), office.settings.base_url, sound=asked.sound)
    afterwards.add_task(cameras.drop, office, kiosk_id)
    return key


@router.delete("/kiosks/{kiosk_id}/camera", status_code=204)
def drop_camera(
    kiosk_id: KioskId, db: Db, actor: Administrator, office: OfficeDep, afterwards: BackgroundTasks
) -> None:
    """This kiosk uses its own camera again."""
    cameras.take_key(own_kiosk(db, actor, kiosk_id))
    afterwards.add_task(cameras.drop, office, kiosk_id)


@router.get("/intake-keys")
def intake_keys(db: Db, actor: Administrator) -> dict[str, list[IntakeKeyView]]:
    """Keys with which other systems register matters."""
    return {"keys": intake.keys(db, actor)}


@router.post("/intake-keys", status_code=201)
def new_intake_key(asked: NewIntakeKey, db: Db, actor: Administrator, office: OfficeDep) -> MadeIntakeKey:
    """A key for another system, told this once."""
    return intake.new_key(db, actor, asked, office.settings.base_url)


@router.delete("/intake-keys/{key_id}", status_code=204)
def revoke_intake_key(key_id: KioskId, db: Db, actor: Administrator) -> None:
    """From now on this key opens nothing."""
    intake.revoke(db, actor, key_id)


def own_kiosk(db: Session, actor: Actor, kiosk_id: int) -> Kiosk:
    """Raises NotFound for one of another office."""
    kiosk = db.scalar(visible_kiosks(actor).where(Kiosk.id == kiosk_id))
    if kiosk is None:
        raise NotFound("没有这台终端。")
    return kiosk
