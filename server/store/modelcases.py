"""Queries over 典型案例."""

from collections.abc import Sequence

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, joinedload

from server.domain.modelcases import ModelState
from server.store.access import Actor, visible_cases
from server.store.models import ModelCase, ModelCover, StoredCase
from server.store.search import has_word

PAGE_ROWS = 30


def _readable(actor: Actor) -> object:
    return visible_cases(actor).with_only_columns(StoredCase.id).where(StoredCase.id == ModelCase.case_id).correlate(ModelCase).exists()


def published(session: Session, words: Sequence[str], before: int | None) -> Sequence[ModelCase]:
    """What everybody of the staff may read and has all these words, the newest first: one more than a page if there are."""
    query = select(ModelCase).where(ModelCase.state == ModelState.PUBLISHED).options(joinedload(ModelCase.organization))
    for word in words:
        query = query.where(has_word(ModelCase.published_text, word))
    if before is not None:
        query = query.where(ModelCase.id < before)
    return session.scalars(query.order_by(ModelCase.id.desc()).limit(PAGE_ROWS + 1)).all()


def in_work(session: Session, actor: Actor) -> Sequence[ModelCase]:
    """Those that are not published, of cases that the actor may read."""
    query = select(ModelCase).where(ModelCase.state.in_((ModelState.DRAFT, ModelState.WAITING)), _readable(actor))  # type: ignore[arg-type]
    return session.scalars(query.options(joinedload(ModelCase.organization)).order_by(ModelCase.id.desc()).limit(PAGE_ROWS)).all()


def find(session: Session, actor: Actor, model_id: int) -> ModelCase | None:
    """One that is published, or whose case the actor may read."""
    query = select(ModelCase).where(ModelCase.id == model_id, or_(ModelCase.state == ModelState.PUBLISHED, _readable(actor)))  # type: ignore[arg-type]
    return session.scalars(query.options(joinedload(ModelCase.organization))).one_or_none()


def of_case(session: Session, case_id: int) -> ModelCase | None:
    """What was made of a case and not withdrawn."""
    return session.scalars(select(ModelCase).where(ModelCase.case_id == case_id, ModelCase.state != ModelState.WITHDRAWN)).first()


def covers(session: Session, model_id: int) -> Sequence[ModelCover]:
    """Its stretches, in the order in which they were found."""
    return session.scalars(select(ModelCover).where(ModelCover.model_id == model_id).order_by(ModelCover.id)).all()


def drop_covers(session: Session, ids: Sequence[int]) -> None:
    """Forget stretches that do not stand in the text any more."""
    session.execute(delete(ModelCover).where(ModelCover.id.in_(ids)))


def move(session: Session, model: ModelCase, version: int) -> bool:
    """Raise its version if it is still as the officer saw it."""
    query = update(ModelCase).where(ModelCase.id == model.id, ModelCase.version == version).values(version=version + 1)
    moved = session.execute(query.returning(ModelCase.id).execution_options(synchronize_session=False)).first()
    session.refresh(model, ["version"])
    return moved is not None
