"""Invitations to a reception: making and taking back, and joining by one."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from server.api.deps import CaseReader, Db, LeaderOrClerk, OfficeDep, Supervisor
from server.api.receptions import ReceptionId
from server.protocol.kiosks import JoinTicket
from server.protocol.receptions import Invitation, Invited, NewInvitation, SeatSpeaks
from server.reception.talk import invitations

router = APIRouter()

InvitationId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
GUEST_COOKIE = "jietan_guest"


@router.post("/receptions/{reception_id}/invitations", status_code=201)
def invite(
    reception_id: ReceptionId, asked: NewInvitation, db: Db, actor: LeaderOrClerk, office: OfficeDep
) -> Invitation:
    """Ask a colleague or a guest."""
    return invitations.invite(db, actor, office.settings, reception_id, asked)


@router.get("/receptions/{reception_id}/invitations")
def listed(reception_id: ReceptionId, db: Db, actor: LeaderOrClerk) -> dict[str, Any]:
    """Who was asked."""
    return {
        "invitations": invitations.listed(db, actor, reception_id),
        "languages": invitations.languages(db, actor, reception_id),
    }


@router.put("/receptions/{reception_id}/seats/{participant_id}/language", status_code=204)
def speaks(
    reception_id: ReceptionId, participant_id: InvitationId, asked: SeatSpeaks, actor: LeaderOrClerk, office: OfficeDep
) -> None:
    """What somebody speaks from now on."""
    invitations.speaks(office, actor, reception_id, participant_id, asked.language)


@router.get("/receptions/{reception_id}/colleagues")
def colleagues(
    reception_id: ReceptionId, db: Db, actor: LeaderOrClerk, q: Annotated[str, Query(max_length=50)] = ""
) -> dict[str, Any]:
    """Accounts that may be asked."""
    return {"colleagues": invitations.colleagues(db, actor, reception_id, q)}


@router.delete("/receptions/{reception_id}/invitations/{invitation_id}", status_code=204)
def revoke(reception_id: ReceptionId, invitation_id: InvitationId, actor: LeaderOrClerk, office: OfficeDep) -> None:
    """Take an invitation back and send out whoever came by it."""
    invitations.revoke(office, actor, reception_id, invitation_id)


@router.get("/invitations")
def mine(db: Db, actor: CaseReader) -> dict[str, Any]:
    """Where the caller is asked to."""
    return {"invitations": invitations.addressed_to(db, actor)}


@router.get("/invitations/{invitation_id}")
def one(invitation_id: InvitationId, db: Db, actor: CaseReader) -> Invited:
    """One of the caller's own invitations."""
    return invitations.invited(invitations.own(db, actor, invitation_id))


@router.post("/invitations/{invitation_id}/join")
def join(invitation_id: InvitationId, db: Db, actor: CaseReader, office: OfficeDep) -> JoinTicket:
    """A ticket for the caller's seat."""
    return invitations.join(db, actor, office.settings, invitation_id)


@router.post("/invitations/{invitation_id}/decline", status_code=204)
def decline(invitation_id: InvitationId, db: Db, actor: CaseReader) -> None:
    """The caller cannot come now."""
    invitations.decline(db, actor, invitation_id)


@router.get("/observing")
def running(db: Db, actor: Supervisor) -> dict[str, Any]:
    """Talks under way that a supervisor may observe."""
    return {"talks": invitations.running(db, actor)}


@router.post("/observing/{reception_id}", status_code=201)
def observe(reception_id: ReceptionId, db: Db, actor: Supervisor) -> Invited:
    """A seat among the observers, which everybody in the talk sees."""
    return invitations.observe(db, actor, reception_id)


@router.get("/join/{code}")
def guest(code: Code, request: Request, db: Db) -> Invited:
    """What a guest's link is for; looking at it does not use it up."""
    return invitations.invited(invitations.guest(db, code, request.cookies.get(GUEST_COOKIE, "")))


@router.post("/join/{code}/join")
def join_as_guest(code: Code, request: Request, response: Response, db: Db, office: OfficeDep) -> JoinTicket:
    """A ticket for the guest's seat; the first call binds the link to this browser."""
    key = request.cookies.get(GUEST_COOKIE, "")
    ticket, key = invitations.join_as_guest(db, office.settings, code, key)
    response.set_cookie(
        GUEST_COOKIE, key, max_age=int(invitations.LASTS.total_seconds()), httponly=True, samesite="strict",
        secure=office.settings.secure, path=f"/api/join/{code}",
    )  # fmt: skip
    return ticket
