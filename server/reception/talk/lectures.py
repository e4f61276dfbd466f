"""讲座: who holds one and for whom, who comes in as what, and when it is over.  The sound and picture are the media node's."""

import secrets
from datetime import timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain.lectures import LECTURE_STATE, OPEN, LectureState
from server.domain.states import ArchiveState, NoticeKind, StaffRole
from server.errors import InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.base import Role
from server.protocol.kiosks import JoinTicket
from server.protocol.lectures import (
    Film,
    InvitedOffice,
    LectureChoices,
    LectureRow,
    LectureRows,
    LectureView,
    NewLecture,
    Person,
    Place,
    ScreenLecture,
)
from server.protocol.signalling import LECTURE
from server.reception.account.accounts import digest, new_token
from server.reception.matter import notices
from server.reception.office import Office
from server.reception.talk import tickets
from server.settings import Settings
from server.store import accounts, receptions
from server.store import lectures as store
from server.store import notices as notice_store
from server.store.access import Actor
from server.store.models import Lecture, LectureOffice, Organization

PAGE = 50
MOST_PLACES = 2000
WATCHERS = (StaffRole.LEADER, StaffRole.CLERK, StaffRole.HANDLER, StaffRole.SUPERVISOR)
LONG_AGO = timedelta(days=1)
"""A lecture is not entered for a time that is longer ago."""
MANAGERS = (StaffRole.LEADER, StaffRole.CLERK)
GONE = "没有这个讲座，或者没有请您的单位。"
SCREEN_GONE = "这个链接不能用了，请单位的接谈员在“讲座”里再要一个。"
OVER = "这个讲座已经讲完了。"


# --- holding one -----------------------------------------------------------------------------------------------------


def choices(session: Session, actor: Actor) -> LectureChoices:
    """Whom the actor's office can invite, and who of it can speak."""
    own = len(actor.organization_path.split("/"))
    places = store.places_under(session, actor.organization_path, MOST_PLACES)
    beside = store.places_beside(session, actor.organization_path, MOST_PLACES)
    people = store.speakers(session, actor.organization_id)
    return LectureChoices(
        offices=(
            *(Place(id=one.id, name=one.name, depth=len(one.path.split("/")) - own) for one in places),
            *(Place(id=one.id, name=one.name, depth=0, beside=True) for one in beside),
        ),
        speakers=tuple(Person(id=one.id, name=receptions.shown_name(one)) for one in people),
    )


def enter(session: Session, actor: Actor, asked: NewLecture) -> LectureView:
    """A new lecture; raises InvalidInput for a time that is over, a speaker or an office that is none of the actor's."""
    now = clock.now()
    if not now.year - 1 <= asked.planned_at.year <= now.year + 1 or asked.planned_at < now - LONG_AGO:
        raise InvalidInput("时间不对：已经过了，或者太远。请另选。", fields=["planned_at"])
    speaker_id = asked.speaker_id or actor.user_id or 0
    if speaker_id not in {one.id for one in store.speakers(session, actor.organization_id)}:
        raise InvalidInput("主讲人要是本单位的领导或接谈员，请重新选。", fields=["speaker_id"])
    known = {one.id for one in choices(session, actor).offices}
    if set(asked.offices) - known:
        raise InvalidInput("只能请本单位、下级、上级和同级的单位，请重新选。", fields=["offices"])
    lecture = Lecture(
        id=f"{LECTURE}{secrets.token_hex(8)}", organization_id=actor.organization_id, title=asked.title,
        planned_at=asked.planned_at, speaker_id=speaker_id, made_by=actor.user_id or 0, made_at=clock.now(),
        state=LectureState.PLANNED, journal_seq=0, seconds=0, manifest_sha256="", film_state="", film_progress=0,
        film_message="", film_file="", film_size=0, film_sha256="",
        invited=[LectureOffice(organization_id=one) for one in sorted(set(asked.offices))],
    )  # fmt: skip
    session.add(lecture)
    session.flush()
    _tell(session, actor, lecture, f"{_when(lecture)}讲“{lecture.title}”，请您单位参加。到时候在“讲座”里点进去。")
    return view(session, actor, lecture.id)


def cancel(session: Session, actor: Actor, lecture_id: str) -> LectureView:
    """It is not held; raises NotFound, NotAllowed, WrongState when it has begun."""
    lecture = managed(session, actor, lecture_id)
    if not store.change_state(session, lecture.id, (LectureState.PLANNED,), LectureState.CANCELLED, ended_at=clock.now()):
        raise WrongState("讲座已经开始或者取消了。请刷新看一看。", code="lecture_begun")
    session.refresh(lecture)
    _tell(session, actor, lecture, f"{_when(lecture)}的“{lecture.title}”取消了。")
    return view(session, actor, lecture_id)


def _tell(session: Session, actor: Actor, lecture: Lecture, words: str) -> None:
    """Everybody of the invited offices who can watch, and the speaker where somebody else entered it; of offices above and
    beside the leaders and clerks, who decide whether theirs comes: nothing is shown on a screen that nobody there opened."""
    offices = {one.organization_id for one in lecture.invited}
    beside = offices & {one.id for one in choices(session, actor).offices if one.beside}
    told = {one.id: one for one in notice_store.officers(session, offices - beside, WATCHERS)}
    told |= {one.id: one for one in notice_store.officers(session, beside, MANAGERS)}
    if lecture.speaker_id != actor.user_id:
        told |= {one.id: one for one in store.speakers(session, lecture.organization_id) if one.id == lecture.speaker_id}
    told.pop(actor.user_id or 0, None)
    host = accounts.organization_or_none(session, lecture.organization_id)
    notices.announce(session, told.values(), NoticeKind.LECTURE, f"{host.name if host else ''}{words}")


def _when(lecture: Lecture) -> str:
    """E.g. 12月3日 14:00."""
    at = lecture.planned_at.astimezone(clock.OFFICE_ZONE)
    return f"{at.month}月{at.day}日 {at:%H:%M}"


def end(session: Session, actor: Actor, lecture_id: str) -> LectureView:
    """It is over for everybody; raises NotFound, NotAllowed, WrongState when it is not running."""
    lecture = managed(session, actor, lecture_id)
    if not store.change_state(session, lecture.id, (LectureState.RUNNING,), LectureState.CLOSING, ended_at=clock.now()):
        raise WrongState("讲座没有在讲。请刷新看一看。", code="lecture_not_running")
    session.refresh(lecture)
    return view(session, actor, lecture_id)


def require(session: Session, actor: Actor, lecture_id: str) -> Lecture:
    """A lecture that the actor may see; raises NotFound."""
    lecture = store.one(session, actor, lecture_id)
    if lecture is None:
        raise NotFound(GONE)
    return lecture


def managed(session: Session, actor: Actor, lecture_id: str) -> Lecture:
    """A lecture that the actor may change; raises NotFound, NotAllowed."""
    lecture = require(session, actor, lecture_id)
    if not _may_manage(actor, lecture):
        raise NotAllowed("只有主办单位的领导和接谈员能这样做。")
    return lecture


def _may_manage(actor: Actor, lecture: Lecture) -> bool:
    return actor.role in MANAGERS and actor.organization_id == lecture.organization_id


# --- looking -----------------------------------------------------------------------------------------------------


def listed(session: Session, actor: Actor, before: str | None) -> LectureRows:
    """Lectures that the actor's office holds or is invited to, the latest first."""
    last = require(session, actor, before) if before else None
    found = store.listed(session, actor, last, PAGE + 1)
    return LectureRows(rows=tuple(_row(actor, one) for one in found[:PAGE]), more=len(found) > PAGE)


def _row(actor: Actor, lecture: Lecture) -> LectureRow:
    return LectureRow(
        id=lecture.id, title=lecture.title, office=lecture.organization.name, speaker=receptions.shown_name(lecture.speaker),
        planned_at=lecture.planned_at, started_at=lecture.started_at, ended_at=lecture.ended_at, state=lecture.state,
        state_words=LECTURE_STATE[LectureState(lecture.state)], mine=lecture.speaker_id == actor.user_id,
        film=lecture.film_state == ArchiveState.READY,
    )  # fmt: skip


def view(session: Session, actor: Actor, lecture_id: str) -> LectureView:
    """One of them; raises NotFound."""
    lecture = require(session, actor, lecture_id)
    own = store.invited(session, lecture.id, actor.organization_id)
    return LectureView(
        row=_row(actor, lecture),
        offices=tuple(InvitedOffice(name=one.organization.name, came=one.came_at is not None) for one in lecture.invited),
        may_manage=_may_manage(actor, lecture),
        may_screen=own is not None and actor.role in MANAGERS and lecture.state in OPEN,
        screen=own is not None and own.screen_sha256 is not None,
        seconds=lecture.seconds,
        film=_film(lecture),
    )


def _film(lecture: Lecture) -> Film | None:
    if not lecture.film_state:
        return None
    there = lecture.film_state == ArchiveState.READY
    return Film(
        state=lecture.film_state, progress=lecture.film_progress,
        messages=tuple(lecture.film_message.split("\n")) if lecture.film_message else (), size=lecture.film_size,
        url=f"/api/lectures/{lecture.id}/film" if there else "",
    )  # fmt: skip


# --- coming in -----------------------------------------------------------------------------------------------------


def join(session: Session, settings: Settings, actor: Actor, lecture_id: str) -> JoinTicket:
    """A ticket for the speaker or for somebody who watches; one seat for each account.  Raises NotFound, WrongState."""
    lecture = require(session, actor, lecture_id)
    office = session.get_one(Organization, actor.organization_id).name
    if lecture.speaker_id == actor.user_id:
        return _ticket(session, settings, lecture, f"s{actor.user_id}", Role.LEADER, actor.name, office)
    own = store.invited(session, lecture.id, actor.organization_id)
    if own is not None and own.came_at is None:
        own.came_at = clock.now()
    return _ticket(session, settings, lecture, f"v{actor.user_id}", Role.OBSERVER, actor.name, office)


def _ticket(
    session: Session, settings: Settings, lecture: Lecture, seat: str, role: Role, name: str, office: str, *, screen: bool = False
) -> JoinTicket:
    if lecture.state not in OPEN:
        raise WrongState("这个讲座取消了。" if lecture.state == LectureState.CANCELLED else OVER, code="lecture_over")
    node = store.place(session, lecture, settings.media_nodes)
    return tickets.issue(
        settings, node, reception_id=lecture.id, participant_id=seat, role=role, name=name, office=office,
        publishes=not screen, may_end=role is Role.LEADER,
    )  # fmt: skip


def account_of(seat: str) -> int | None:
    """The account that sits on a seat; None for a hall's screen."""
    return int(seat[1:]) if seat[:1] in ("s", "v") and seat[1:].isdecimal() else None


# --- the screen in a hall --------------------------------------------------------------------------------------------


def screen_link(session: Session, settings: Settings, actor: Actor, lecture_id: str) -> str:
    """A new link for the screen in the actor's own hall; an older one opens nothing any more.  Raises NotFound,
    WrongState."""
    lecture = require(session, actor, lecture_id)
    own = store.invited(session, lecture.id, actor.organization_id)
    if own is None:
        raise WrongState("这个讲座没有请您的单位，大厅不能看。", code="not_invited")
    if lecture.state not in OPEN:
        raise WrongState(OVER, code="lecture_over")
    code = new_token()
    own.screen_sha256 = digest(code)
    return f"{settings.base_url}/screens/{code}"


def _screen(session: Session, code: str) -> LectureOffice:
    found = store.by_screen(session, digest(code))
    if found is None:
        raise NotFound(SCREEN_GONE)
    return found


def screen_view(session: Session, code: str) -> ScreenLecture:
    """What a hall's screen is to show; raises NotFound."""
    found = _screen(session, code)
    lecture = found.lecture
    return ScreenLecture(
        title=lecture.title, office=lecture.organization.name, speaker=receptions.shown_name(lecture.speaker),
        planned_at=lecture.planned_at, state=lecture.state,
    )  # fmt: skip


def join_screen(session: Session, settings: Settings, code: str) -> JoinTicket:
    """A ticket for a hall's screen, which only watches; raises NotFound, WrongState."""
    found = _screen(session, code)
    if found.came_at is None:
        found.came_at = clock.now()
    seat = f"h{secrets.token_hex(8)}"
    return _ticket(session, settings, found.lecture, seat, Role.OBSERVER, "大厅屏幕", found.organization.name, screen=True)


def close_soon(office: Office, lecture_id: str) -> None:
    """Have the node send everybody out and close the recording."""
    office.jobs.close_reception(lecture_id)
