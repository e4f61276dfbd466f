"""What the copy program on a kiosk computer asks for (protocol/copies.md)."""

from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from server.api.deps import COOKIE, Db, OfficeDep, agent_key
from server.errors import NotAllowed, NotLoggedIn, Unavailable
from server.pages.screens import SignedScreens
from server.protocol.alone import FinishSitting
from server.protocol.copies import (
    PIECE_HASH_HEADER,
    AgentKey,
    AgentReport,
    CopyOffset,
    EnrolAgent,
    FinishCopy,
    ReportAnswer,
)
from server.protocol.screens import Screens
from server.reception.account import accounts
from server.reception.kiosk import alarms, alone, copies
from server.reception.office import Office

router = APIRouter(prefix="/agent")

CopyId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


def get_agent(request: Request, office: OfficeDep) -> int:
    """The kiosk whose agent calls; raises NotLoggedIn without a key that works, NotAllowed for people and pages."""
    token = agent_key(request)
    with office.store.read() as session:
        kiosk_id = copies.kiosk_of(session, token)
        person = accounts.actor_of(session, request.cookies.get(COOKIE, ""))
    if kiosk_id is None:
        raise NotAllowed if person is not None else NotLoggedIn("备份程序的钥匙不对，请管理员再给一个接入码。")
    return kiosk_id


def get_screens(request: Request, office: OfficeDep) -> SignedScreens:
    """The screens of this program, put together at the first question.  Raises Unavailable."""
    state = request.app.state
    if not hasattr(state, "screens"):
        state.screens = SignedScreens(office.settings)
    return cast(SignedScreens, state.screens)


def screens_version(request: Request, office: Office) -> str:
    """The version that kiosks should show; empty where this program can sign none."""
    try:
        return get_screens(request, office).manifest.version
    except Unavailable:
        return ""


@dataclass(frozen=True)
class Piece:
    """A piece of what is sent in pieces that can be sent again: where it belongs, and its SHA-256 as it was sent."""

    data: bytes
    offset: int
    sha256: str


async def get_piece(
    request: Request,
    offset: Annotated[int, Query(ge=0)] = 0,
    sha256: Annotated[str, Header(alias=PIECE_HASH_HEADER, max_length=64)] = "",
) -> Piece:
    """The piece in a request."""
    return Piece(await request.body(), offset, sha256)


Agent = Annotated[int, Depends(get_agent)]
Signed = Annotated[SignedScreens, Depends(get_screens)]
SentPiece = Annotated[Piece, Depends(get_piece)]
"""Named after `Agent` among a route's parameters: nothing is read from whoever has no key."""


@router.post("/enrol")
def enrol(asked: EnrolAgent, db: Db, office: OfficeDep) -> AgentKey:
    """Use a one-time code; the answer is the agent's key, and the key that the kiosk's screens are signed with."""
    return copies.enrol_agent(db, office.settings, asked.code)


@router.post("/report")
def report(told: AgentReport, kiosk_id: Agent, db: Db, office: OfficeDep, request: Request) -> ReportAnswer:
    """How the agent is doing; the answer names the screens it should have."""
    answer = copies.report(office, db, kiosk_id, told)
    return answer.model_copy(update={"screens": screens_version(request, office)})


@router.get("/screens")
def screens(_: Agent, signed: Signed) -> Screens:
    """The kiosk's screens: every file with its hash, signed."""
    return signed.manifest


@router.get("/screens/{sha256}")
def screen_file(sha256: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")], _: Agent, signed: Signed) -> Response:
    """One file of them."""
    return Response(signed.file(sha256), media_type="application/octet-stream")


@router.post("/alarm", status_code=204)
def alarm(kiosk_id: Agent, db: Db) -> None:
    """Somebody pressed the emergency button."""
    alarms.ring(db, kiosk_id)


@router.get("/copies/{copy_id}")
def offset(copy_id: CopyId, kiosk_id: Agent, office: OfficeDep) -> CopyOffset:
    """Where to go on."""
    return copies.offset(office, kiosk_id, copy_id)


@router.patch("/copies/{copy_id}")
def piece(copy_id: CopyId, kiosk_id: Agent, office: OfficeDep, sent: SentPiece) -> CopyOffset:
    """Take a piece."""
    return copies.take_piece(office, kiosk_id, copy_id, sent.offset, sent.data, sent.sha256)


@router.post("/copies/{copy_id}/finish")
def finish(copy_id: CopyId, told: FinishCopy, kiosk_id: Agent, office: OfficeDep) -> CopyOffset:
    """All is there: check it and keep it."""
    return copies.finish(office, kiosk_id, copy_id, told)


@router.get("/sittings/{sitting_id}")
def sitting_offset(sitting_id: CopyId, kiosk_id: Agent, office: OfficeDep) -> CopyOffset:
    """Where to go on with a sitting alone."""
    return alone.offset(office, kiosk_id, sitting_id)


@router.patch("/sittings/{sitting_id}")
def sitting_piece(sitting_id: CopyId, kiosk_id: Agent, office: OfficeDep, sent: SentPiece) -> CopyOffset:
    """Take a piece of a sitting alone."""
    return alone.take_piece(office, kiosk_id, sitting_id, sent.offset, sent.data, sent.sha256)


@router.post("/sittings/{sitting_id}/finish")
def finish_sitting(sitting_id: CopyId, told: FinishSitting, kiosk_id: Agent, office: OfficeDep) -> CopyOffset:
    """All of a sitting alone is there: it becomes a reception, once."""
    return alone.finish(office, kiosk_id, sitting_id, told)
