"""Pages of 每日评查: what there is to hear, and one filed record beside its recording."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from server.api.deps import Clerk, Db
from server.domain import terms
from server.errors import NotFound
from server.pages.render import render
from server.store import reviews

router = APIRouter()


@router.get("/reviews")
def review_list(request: Request, actor: Clerk) -> Response:
    """To hear, being heard, and what was found in one's own records."""
    return render(request, "desk/reviews.html", actor=actor)


@router.get("/reviews/{review_id}")
def hearing(request: Request, review_id: int, actor: Clerk, db: Db) -> Response:
    """One filed record to hear; NotFound for what the actor may not see."""
    if reviews.find(db, actor, review_id) is None:
        raise NotFound
    return render(request, "desk/review.html", actor=actor, review_id=review_id, kinds=[(kind.value, words) for kind, words in terms.FINDING_KIND.items()])
