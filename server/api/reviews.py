"""每日评查: filed records that a colleague hears again."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from server.api.deps import Clerk, Db, OverOffices
from server.protocol.reviews import Finding, FindingCounts, NewFinding, Reviews
from server.reception.record import reviews

router = APIRouter(prefix="/reviews")

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("")
def listed(db: Db, actor: Clerk) -> Reviews:
    """What there is to hear, what the clerk hears, and what was found in their own records."""
    return reviews.listed(db, actor)


@router.get("/counts")
def counts(db: Db, actor: OverOffices) -> FindingCounts:
    """Findings by office and kind."""
    return reviews.counts(db, actor)


@router.post("/{review_id}/take")
def take(review_id: Number, db: Db, actor: Clerk) -> Response:
    """Hear one."""
    return Response(reviews.take(db, actor, review_id).model_dump_json(), media_type="application/json")


@router.delete("/{review_id}/take", status_code=204)
def release(review_id: Number, db: Db, actor: Clerk) -> None:
    """Put it back for somebody else."""
    reviews.release(db, actor, review_id)


@router.get("/{review_id}")
def one(review_id: Number, db: Db, actor: Clerk) -> Response:
    """The filed record with what was found in it."""
    return Response(reviews.opened(db, actor, review_id).model_dump_json(), media_type="application/json")


@router.post("/{review_id}/findings", status_code=201)
def add(review_id: Number, new: NewFinding, db: Db, actor: Clerk) -> Finding:
    """Note what is wrong."""
    return reviews.add_finding(db, actor, review_id, new)


@router.delete("/{review_id}/findings/{finding_id}", status_code=204)
def drop(review_id: Number, finding_id: Number, db: Db, actor: Clerk) -> None:
    """Take it back before it is told."""
    reviews.drop_finding(db, actor, review_id, finding_id)


@router.post("/{review_id}/finish", status_code=204)
def finish(review_id: Number, db: Db, actor: Clerk) -> None:
    """Heard to the end: the clerk is told."""
    reviews.finish(db, actor, review_id)


@router.post("/findings/{finding_id}/seen", status_code=204)
def seen(finding_id: Number, db: Db, actor: Clerk) -> None:
    """The clerk has seen it and writes no supplement."""
    reviews.put_aside(db, actor, finding_id)
