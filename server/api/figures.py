"""What correcting takes: a clerk's own, and of offices."""

from fastapi import APIRouter

from server.api.deps import Clerk, Db, OverOffices
from server.protocol.deskwork import OfficeFigures, OwnFigures
from server.reception.record import deskwork

router = APIRouter(prefix="/figures")


@router.get("/own")
def own(db: Db, actor: Clerk) -> OwnFigures:
    """The clerk's own, which nobody else gets."""
    return deskwork.own(db, actor)


@router.get("/offices")
def offices(db: Db, actor: OverOffices) -> OfficeFigures:
    """Of the offices at and under the actor's."""
    return deskwork.of_offices(db, actor)
