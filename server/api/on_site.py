"""Receptions on site: today's, entering one, the room's microphone, who is in the room, the end."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from server.api.deps import Db, LeaderOrClerk, OfficeDep
from server.protocol.on_site import (
    Agreed,
    NewOnSite,
    NewPerson,
    OnSiteSeat,
    OnSiteTalkView,
    OnSiteToday,
    Whereabouts,
)
from server.reception.talk import on_site

router = APIRouter(prefix="/on-site")

TalkId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


@router.get("")
def today(db: Db, actor: LeaderOrClerk) -> OnSiteToday:
    """Those that are open, today's, who was booked for today, and who may receive."""
    return on_site.today(db, actor)


@router.post("", status_code=201)
def begin(new: NewOnSite, db: Db, actor: LeaderOrClerk) -> OnSiteTalkView:
    """Enter one; nothing is recorded yet."""
    return on_site.begin(db, actor, new)


@router.get("/{talk_id}")
def one(talk_id: TalkId, db: Db, actor: LeaderOrClerk) -> OnSiteTalkView:
    """One of them."""
    return on_site.view(db, actor, talk_id)


@router.post("/{talk_id}/start")
def start(talk_id: TalkId, agreed: Agreed, db: Db, actor: LeaderOrClerk, office: OfficeDep) -> OnSiteSeat:
    """A ticket for the room's microphone; 422 while nobody told what the petitioner said to the notice."""
    return on_site.start(db, actor, office.settings, talk_id, agreed)


@router.post("/{talk_id}/people", status_code=201)
def add_person(talk_id: TalkId, new: NewPerson, db: Db, actor: LeaderOrClerk) -> OnSiteTalkView:
    """Somebody else is in the room."""
    return on_site.add_person(db, actor, talk_id, new)


@router.put("/{talk_id}/people/{seat}")
def whereabouts(talk_id: TalkId, seat: TalkId, told: Whereabouts, db: Db, actor: LeaderOrClerk) -> OnSiteTalkView:
    """Somebody left the room, came back, or did not leave after all."""
    return on_site.whereabouts(db, actor, talk_id, seat, told)


@router.post("/{talk_id}/cancel", status_code=204)
def cancel(talk_id: TalkId, db: Db, actor: LeaderOrClerk) -> None:
    """It is not held after all; 409 once it began."""
    on_site.cancel(db, actor, talk_id)


@router.post("/{talk_id}/end", status_code=202)
def end(talk_id: TalkId, actor: LeaderOrClerk, office: OfficeDep) -> Response:
    """End it; the draft follows by itself."""
    on_site.end(office, actor, talk_id)
    return Response(status_code=202)
