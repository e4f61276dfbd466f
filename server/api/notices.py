"""What an officer is told (提醒): in the page, and where else they want it."""

from typing import Annotated

from fastapi import APIRouter, Query

from server.api.deps import Db, OfficeDep, Staff
from server.protocol.notices import Contact, ContactView, Notices, ReadOrder
from server.reception.matter import notices

router = APIRouter(prefix="/notices")


@router.get("")
def listed(db: Db, actor: Staff, before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None) -> Notices:
    """One's own, the newest first; `before`: those older than this one."""
    return notices.page(db, actor, before)


@router.get("/unread")
def unread(db: Db, actor: Staff) -> dict[str, int]:
    """How many are not read yet; 100 stands for more."""
    return {"unread": notices.unread(db, actor)}


@router.post("/read")
def mark_read(body: ReadOrder, db: Db, actor: Staff) -> dict[str, int]:
    """Note that one was read, or all up to that one."""
    return {"unread": notices.mark_read(db, actor, body)}


@router.get("/contact")
def contact(db: Db, actor: Staff, office: OfficeDep) -> ContactView:
    """Where one's notices go besides the page."""
    return notices.contact(db, office.settings, actor)


@router.put("/contact")
def set_contact(body: Contact, db: Db, actor: Staff, office: OfficeDep) -> ContactView:
    """Change that."""
    return notices.set_contact(db, office.settings, actor, body)
