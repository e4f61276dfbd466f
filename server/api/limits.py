"""Stricter local limits (本地规定), for an administrator of the organization or of one above it."""

from typing import Annotated

from fastapi import APIRouter, Path

from server.api.deps import Administrator, Db, OfficeDep
from server.protocol.limits import LimitOrder, Limits
from server.reception.matter import local_limits

router = APIRouter(prefix="/admin/limits")

Place = Annotated[int, Path(ge=1, le=2**31 - 1)]
RuleName = Annotated[str, Path(max_length=40)]


@router.get("/{organization_id}")
def view(organization_id: Place, db: Db, actor: Administrator, office: OfficeDep) -> Limits:
    """What the law says and what holds there."""
    return local_limits.view(db, office.settings, actor, organization_id)


@router.put("/{organization_id}/{rule}")
def set_limit(organization_id: Place, rule: RuleName, body: LimitOrder, db: Db, actor: Administrator, office: OfficeDep) -> Limits:
    """Set a stricter limit; 422 says why the law does not allow it.  Deadlines that run already stay as they are."""
    return local_limits.set_limit(db, office.settings, actor, organization_id, rule, body)


@router.delete("/{organization_id}/{rule}")
def drop(organization_id: Place, rule: RuleName, db: Db, actor: Administrator, office: OfficeDep) -> Limits:
    """The law holds again for what begins from now on."""
    return local_limits.drop(db, office.settings, actor, organization_id, rule)
