"""Where other systems register matters, with a key of their own (protocol/intake.md)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from server.api.deps import COOKIE, Db, OfficeDep
from server.errors import NotAllowed, NotLoggedIn
from server.protocol.intake import IntakeAnswer, IntakeMatter, IntakeState
from server.reception.account import accounts
from server.reception.matter import intake
from server.store.models import IntakeKey

router = APIRouter(prefix="/intake")

BEARER = "Bearer "


def get_key(request: Request, office: OfficeDep) -> IntakeKey:
    """The key that calls; raises NotLoggedIn without one that works, NotAllowed for people and kiosks, TooOften."""
    header = request.headers.get("authorization", "")
    found = intake.use_key(office, header.removeprefix(BEARER) if header.startswith(BEARER) else "")
    if found is not None:
        return found
    with office.store.read() as session:
        person = accounts.actor_of(session, request.cookies.get(COOKIE, ""))
    raise NotAllowed if person is not None else NotLoggedIn("接口密钥不对，或者已经停用。请管理员再给一把。")


Key = Annotated[IntakeKey, Depends(get_key)]


@router.post("/matters")
def receive(body: IntakeMatter, key: Key, db: Db, response: Response) -> IntakeAnswer:
    """Register a matter; 201, or 200 where its number came before."""
    told = intake.receive(db, key, body)
    response.status_code = 201 if told.added else 200
    return told


@router.get("/matters/{source_ref:path}")
def state(source_ref: Annotated[str, Path(max_length=100)], key: Key, db: Db) -> IntakeState:
    """How far a matter is."""
    return intake.state(db, key, source_ref)
