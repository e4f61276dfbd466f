"""Every query about lectures.  Who may see one is decided by access.visible_lectures."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from server.domain.lectures import OPEN, LectureState
from server.domain.organizations import own_and_above
from server.domain.states import ArchiveState, StaffRole
from server.store.access import Actor, visible_lectures
from server.store.models import Lecture, LectureOffice, Organization, User

UNFINISHED = (ArchiveState.WAITING, ArchiveState.RUNNING)


def listed(session: Session, actor: Actor, before: Lecture | None, limit: int) -> Sequence[Lecture]:
    """Lectures that the actor may see, the latest first, below `before`."""
    query = visible_lectures(actor).options(joinedload(Lecture.organization), joinedload(Lecture.speaker))
    if before is not None:
        same = and_(Lecture.planned_at == before.planned_at, Lecture.id < before.id)
        query = query.where(or_(Lecture.planned_at < before.planned_at, same))
    return session.scalars(query.order_by(Lecture.planned_at.desc(), Lecture.id.desc()).limit(limit)).all()


def one(session: Session, actor: Actor, lecture_id: str) -> Lecture | None:
    """A lecture, if the actor may see it."""
    return session.scalars(visible_lectures(actor).where(Lecture.id == lecture_id)).one_or_none()


def invited(session: Session, lecture_id: str, organization_id: int) -> LectureOffice | None:
    """An office's invitation."""
    return session.get(LectureOffice, (lecture_id, organization_id))


def by_screen(session: Session, sha256: str) -> LectureOffice | None:
    """The invitation whose hall's screen has this code."""
    return session.scalars(select(LectureOffice).where(LectureOffice.screen_sha256 == sha256)).one_or_none()


def places_under(session: Session, path: str, limit: int) -> Sequence[Organization]:
    """The organization with this path and those below it, parents first."""
    query = select(Organization).where(Organization.path.startswith(path, autoescape=True))
    return session.scalars(query.order_by(Organization.path).limit(limit)).all()


def places_beside(session: Session, path: str, limit: int) -> Sequence[Organization]:
    """Offices above the one with this path, the highest first, and those beside it."""
    ids = own_and_above(path)
    if len(ids) < 2:
        return ()
    query = select(Organization).where(or_(Organization.id.in_(ids[:-1]), Organization.parent_id == ids[-2]), Organization.id != ids[-1])
    return session.scalars(query.order_by(Organization.path).limit(limit)).all()


def speakers(session: Session, organization_id: int) -> Sequence[User]:
    """Leaders and clerks of an office."""
    query = select(User).where(User.active, User.organization_id == organization_id, User.role.in_((StaffRole.LEADER, StaffRole.CLERK)))
    return session.scalars(query.order_by(User.role.desc(), User.id)).all()


def people(session: Session, ids: Iterable[int]) -> dict[int, User]:
    """Accounts by number."""
    return {user.id: user for user in session.scalars(select(User).where(User.id.in_(list(ids))))}


def change_state(session: Session, lecture_id: str, old: Iterable[LectureState], new: LectureState, **values: Any) -> bool:
    """Change the state if it still is one of `old`; False when it is not."""
    query = update(Lecture).where(Lecture.id == lecture_id, Lecture.state.in_(list(old)))
    return session.execute(query.values(state=new, **values).returning(Lecture.id)).first() is not None


def move_film(session: Session, lecture_id: str, old: Iterable[str], new: ArchiveState, **values: Any) -> bool:
    """Change the film's state if it still is one of `old`; False when it is not."""
    query = update(Lecture).where(Lecture.id == lecture_id, Lecture.film_state.in_(list(old)))
    named = {f"film_{name}": value for name, value in values.items()}
    return session.execute(query.values(film_state=new, **named).returning(Lecture.id)).first() is not None


def ids_in(session: Session, state: LectureState) -> Sequence[str]:
    """Ids of all lectures in a state that does not last."""
    return session.scalars(select(Lecture.id).where(Lecture.state == state)).all()


def films_unfinished(session: Session) -> Sequence[str]:
    """Ids of lectures whose film is waited for."""
    return session.scalars(select(Lecture.id).where(Lecture.state == LectureState.ENDED, Lecture.film_state.in_(UNFINISHED))).all()


# --- media nodes ---------------------------------------------------------------------------------------------------


def _lives_on(media_node: int | None, nodes: int) -> int:
    return media_node if media_node is not None and media_node < nodes else 0


def node_of(session: Session, lecture_id: str, nodes: int) -> int:
    """The media node that a lecture lives on."""
    return _lives_on(session.scalar(select(Lecture.media_node).where(Lecture.id == lecture_id)), nodes)


def journal_positions(session: Session, node: int, nodes: int) -> dict[str, int]:
    """Last journal entry taken in, of every lecture of this media node (of so many) that somebody came to and that is
    not over."""
    query = select(Lecture.id, Lecture.journal_seq, Lecture.media_node).where(
        Lecture.state.in_((*OPEN, LectureState.CLOSING)), Lecture.media_node.is_not(None)
    )
    return {row[0]: row[1] for row in session.execute(query) if _lives_on(row[2], nodes) == node}


def place(session: Session, lecture: Lecture, nodes: int) -> int:
    """The lecture's media node: chosen when its first seat is handed out, the one with the fewest lectures that are
    not over, and kept."""
    if lecture.media_node is None or lecture.media_node >= nodes:
        counted = select(Lecture.media_node, func.count()).where(Lecture.state.in_(OPEN), Lecture.media_node.is_not(None))
        loads = {row[0]: row[1] for row in session.execute(counted.group_by(Lecture.media_node))}
        chosen = min(range(nodes), key=lambda node: (loads.get(node, 0), node))
        homeless = or_(Lecture.media_node.is_(None), Lecture.media_node >= nodes)
        session.execute(update(Lecture).where(Lecture.id == lecture.id, homeless).values(media_node=chosen))
        session.refresh(lecture, ["media_node"])
    return lecture.media_node or 0


def advance_journal(session: Session, lecture_id: str, seq: int) -> bool:
    """Note that an entry was taken in; False when it was before."""
    query = update(Lecture).where(Lecture.id == lecture_id, Lecture.journal_seq == seq - 1).values(journal_seq=seq)
    return session.execute(query.returning(Lecture.id)).first() is not None
