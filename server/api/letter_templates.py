"""Word templates (文书模板), for an administrator of the organization or of one above it."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from server.api.deps import Administrator, Db, OfficeDep
from server.api.saving import saved_as
from server.protocol.letter_templates import Templates
from server.reception.paper import letter_templates
from server.reception.paper.documents import MEDIA_TYPES

router = APIRouter(prefix="/admin/letter-templates")

Place = Annotated[int, Path(ge=1, le=2**31 - 1)]
Name = Annotated[str, Path(max_length=40)]


@router.get("/{organization_id}")
def view(organization_id: Place, db: Db, actor: Administrator, office: OfficeDep) -> Templates:
    """Which templates hold there."""
    return letter_templates.view(db, office.settings, actor, organization_id)


@router.get("/{organization_id}/{name}")
def template(organization_id: Place, name: Name, db: Db, actor: Administrator, office: OfficeDep) -> Response:
    """The template that holds, to be changed in Word."""
    return _word(*letter_templates.file_of(db, office.settings, actor, organization_id, name))


@router.get("/{organization_id}/{name}/sample")
def sample(organization_id: Place, name: Name, db: Db, actor: Administrator, office: OfficeDep) -> Response:
    """What it makes of sample words."""
    return _word(*letter_templates.sample_of(db, office.settings, actor, organization_id, name))


@router.put("/{organization_id}/{name}")
async def put(organization_id: Place, name: Name, request: Request, actor: Administrator, office: OfficeDep) -> Templates:
    """A .docx file, as it is, at most 5 MB; 422 says what is wrong with it, and nothing was changed."""
    content = await request.body()
    return await run_in_threadpool(letter_templates.put, office, actor, organization_id, name, content)


@router.delete("/{organization_id}/{name}")
def drop(organization_id: Place, name: Name, db: Db, actor: Administrator, office: OfficeDep) -> Templates:
    """What holds above it, or the program's own, holds again."""
    return letter_templates.drop(db, office.settings, actor, organization_id, name)


def _word(content: bytes, name: str) -> Response:
    headers = saved_as(name)
    return Response(content, media_type=MEDIA_TYPES[".docx"], headers=headers)
