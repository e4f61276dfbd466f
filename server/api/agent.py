"""What the copy program on a kiosk computer asks for (protocol/copies.md)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from starlette.concurrency import run_in_threadpool

from server.api.deps import COOKIE, Db, OfficeDep
from server.errors import NotAllowed, NotLoggedIn
from server.protocol.copies import (
    PIECE_HASH_HEADER,
    AgentKey,
    AgentReport,
    CopyOffset,
    EnrolAgent,
    FinishCopy,
    ReportAnswer,
)
from server.reception import accounts, copies

router = APIRouter(prefix="/agent")

CopyId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
BEARER = "Bearer "


def get_agent(request: Request, office: OfficeDep) -> int:
    """The kiosk whose agent calls; raises NotLoggedIn without a key that works, NotAllowed for people and pages."""
    header = request.headers.get("authorization", "")
    token = header.removeprefix(BEARER) if header.startswith(BEARER) else ""
    with office.store.read() as session:
        kiosk_id = copies.kiosk_of(session, token)
        person = accounts.actor_of(session, request.cookies.get(COOKIE, ""))
    if kiosk_id is None:
        raise NotAllowed if person is not None else NotLoggedIn("备份程序的钥匙不对，请管理员再给一个接入码。")
    return kiosk_id


Agent = Annotated[int, Depends(get_agent)]


@router.post("/enrol")
def enrol(asked: EnrolAgent, db: Db) -> AgentKey:
    """Use a one-time code; the answer is the agent's key."""
    return copies.enrol_agent(db, asked.code)


@router.post("/report")
def report(told: AgentReport, kiosk_id: Agent, db: Db, office: OfficeDep) -> ReportAnswer:
    """How the agent is doing."""
    return copies.report(office, db, kiosk_id, told)


@router.get("/copies/{copy_id}")
def offset(copy_id: CopyId, kiosk_id: Agent, office: OfficeDep) -> CopyOffset:
    """Where to go on."""
    return copies.offset(office, kiosk_id, copy_id)


@router.patch("/copies/{copy_id}")
async def piece(
    request: Request,
    copy_id: CopyId,
    kiosk_id: Agent,
    office: OfficeDep,
    offset: Annotated[int, Query(ge=0)] = 0,
    sha256: Annotated[str, Header(alias=PIECE_HASH_HEADER, max_length=64)] = "",
) -> CopyOffset:
    """Take a piece."""
    data = await request.body()
    return await run_in_threadpool(copies.take_piece, office, kiosk_id, copy_id, offset, data, sha256)


@router.post("/copies/{copy_id}/finish")
def finish(copy_id: CopyId, told: FinishCopy, kiosk_id: Agent, office: OfficeDep) -> CopyOffset:
    """All is there: check it and keep it."""
    return copies.finish(office, kiosk_id, copy_id, told)
