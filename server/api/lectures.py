"""Lectures: holding one, coming in, the screen in a hall, and the film afterwards."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Path, Query
from starlette.responses import FileResponse, StreamingResponse

from server.api.deps import CaseReader, Db, LeaderOrClerk, OfficeDep
from server.api.saving import saved_as
from server.protocol.kiosks import JoinTicket
from server.protocol.lectures import (
    LectureChoices,
    LectureRows,
    LectureView,
    NewLecture,
    ScreenLecture,
    ScreenLink,
)
from server.reception.paper import lecture_films
from server.reception.talk import lectures

router = APIRouter()

LectureId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


@router.get("/lectures")
def listed(
    db: Db, actor: CaseReader, before: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = None
) -> LectureRows:
    """Fifty lectures of the caller's office or that it is invited to, the latest first; `before`: those after this one."""
    return lectures.listed(db, actor, before)


@router.get("/lectures/choices")
def choices(db: Db, actor: LeaderOrClerk) -> LectureChoices:
    """Whom to invite, and who can speak."""
    return lectures.choices(db, actor)


@router.post("/lectures", status_code=201)
def enter(asked: NewLecture, db: Db, actor: LeaderOrClerk) -> LectureView:
    """Hold a lecture."""
    return lectures.enter(db, actor, asked)


@router.get("/lectures/{lecture_id}")
def one(lecture_id: LectureId, db: Db, actor: CaseReader) -> LectureView:
    """One lecture."""
    return lectures.view(db, actor, lecture_id)


@router.post("/lectures/{lecture_id}/join")
def join(lecture_id: LectureId, db: Db, actor: CaseReader, office: OfficeDep) -> JoinTicket:
    """A ticket for the caller's seat: the speaker's, or one to watch from."""
    return lectures.join(db, office.settings, actor, lecture_id)


@router.post("/lectures/{lecture_id}/cancel")
def cancel(lecture_id: LectureId, db: Db, actor: LeaderOrClerk, office: OfficeDep, later: BackgroundTasks) -> LectureView:
    """It is not held."""
    found = lectures.cancel(db, actor, lecture_id)
    later.add_task(lectures.close_soon, office, lecture_id)
    return found


@router.post("/lectures/{lecture_id}/end")
def end(lecture_id: LectureId, db: Db, actor: LeaderOrClerk, office: OfficeDep, later: BackgroundTasks) -> LectureView:
    """It is over for everybody, also where its speaker cannot say so."""
    found = lectures.end(db, actor, lecture_id)
    later.add_task(lectures.close_soon, office, lecture_id)
    return found


@router.post("/lectures/{lecture_id}/screen")
def screen_link(lecture_id: LectureId, db: Db, actor: LeaderOrClerk, office: OfficeDep) -> ScreenLink:
    """A new link for the screen in the hall of the caller's office; an older one opens nothing any more."""
    return ScreenLink(url=lectures.screen_link(db, office.settings, actor, lecture_id))


@router.post("/lectures/{lecture_id}/film")
def ask_for_film(lecture_id: LectureId, db: Db, actor: LeaderOrClerk, office: OfficeDep, later: BackgroundTasks) -> LectureView:
    """Have the film made, or made again."""
    found = lecture_films.ask(db, actor, lecture_id)
    later.add_task(office.jobs.make_lecture_film, lecture_id)
    return found


@router.get("/lectures/{lecture_id}/film")
def film(lecture_id: LectureId, db: Db, actor: CaseReader, office: OfficeDep, save: bool = False) -> FileResponse:
    """The film; ranges work.  `save`: for keeping."""
    path, name = lecture_films.file_of(db, office.settings, actor, lecture_id)
    return FileResponse(path, media_type="video/mp4", filename=name, content_disposition_type="attachment" if save else "inline")


@router.get("/lectures/{lecture_id}/bundle")
def bundle(lecture_id: LectureId, db: Db, actor: LeaderOrClerk, office: OfficeDep) -> StreamingResponse:
    """The film, all recorded files and a page that verifies them offline, in one ZIP, packed while it is saved."""
    pieces, name = lecture_films.bundle(db, office, actor, lecture_id)
    return StreamingResponse(pieces, media_type="application/zip", headers=saved_as(name))


@router.get("/screens/{code}")
def screen(code: Code, db: Db) -> ScreenLecture:
    """What the screen in a hall is to show."""
    return lectures.screen_view(db, code)


@router.post("/screens/{code}/join")
def join_screen(code: Code, db: Db, office: OfficeDep) -> JoinTicket:
    """A ticket for a screen, which only watches."""
    return lectures.join_screen(db, office.settings, code)
