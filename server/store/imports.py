"""Every query about imports, their files and mappings, and about the keys of other systems."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, delete, select, update
from sqlalchemy.orm import Session, joinedload, undefer

from server.domain.states import ImportState
from server.store.access import Actor
from server.store.models import ImportFile, ImportMapping, IntakeKey, Organization, StoredImport

LISTED = 50


def _own(actor: Actor) -> Select[Any]:
    """Imports of the actor's own office."""
    return select(StoredImport).where(StoredImport.organization_id == actor.organization_id)


def find(session: Session, actor: Actor, import_id: int) -> StoredImport | None:
    """The import with columns, sample and errors, if it is of the actor's office."""
    query = _own(actor).where(StoredImport.id == import_id)
    shown = undefer(StoredImport.columns), undefer(StoredImport.sample), undefer(StoredImport.errors)
    return session.scalars(query.options(*shown)).one_or_none()


def of_file(session: Session, actor: Actor, sha256: str) -> StoredImport | None:
    """The office's import of this very file."""
    return session.scalars(_own(actor).where(StoredImport.file_sha256 == sha256)).one_or_none()


def listed(session: Session, actor: Actor) -> Sequence[StoredImport]:
    """The office's last imports, newest first."""
    return session.scalars(_own(actor).order_by(StoredImport.id.desc()).limit(LISTED)).all()


def content(session: Session, import_id: int) -> bytes | None:
    """The file, while it is kept."""
    return session.scalar(select(ImportFile.content).where(ImportFile.import_id == import_id))


def move(session: Session, import_id: int, before: Sequence[ImportState], **values: Any) -> bool:
    """Change an import that is in one of these states; False: it is in none of them any more."""
    query = update(StoredImport).where(StoredImport.id == import_id, StoredImport.state.in_(before))
    done = session.execute(query.values(**values).returning(StoredImport.id).execution_options(synchronize_session=False))
    return done.first() is not None


def take_on(session: Session, import_id: int) -> bool:
    """Note that all the matters of a running import are registered by this transaction; False: they were, or it was given up."""
    query = update(StoredImport).where(
        StoredImport.id == import_id, StoredImport.state == ImportState.RUNNING, StoredImport.handled < StoredImport.matters
    )
    taken = query.values(handled=StoredImport.matters).returning(StoredImport.id)
    return session.execute(taken.execution_options(synchronize_session=False)).first() is not None


def take_back(session: Session, import_id: int) -> bool:
    """Whatever it is at, it is only brought now; False: its matters are registered."""
    begun = and_(StoredImport.state == ImportState.RUNNING, StoredImport.handled >= StoredImport.matters)
    query = update(StoredImport).where(
        StoredImport.id == import_id, StoredImport.added == 0, StoredImport.state != ImportState.DONE, ~begun
    )
    taken = query.values(state=ImportState.BROUGHT).returning(StoredImport.id)
    return session.execute(taken.execution_options(synchronize_session=False)).first() is not None


def note_added(session: Session, import_id: int, added: int) -> None:
    """So many cases came of it."""
    query = update(StoredImport).where(StoredImport.id == import_id).values(added=StoredImport.added + added)
    session.execute(query.execution_options(synchronize_session=False))


def drop_file(session: Session, import_id: int) -> None:
    """The file is not needed any more."""
    session.execute(delete(ImportFile).where(ImportFile.import_id == import_id))


def drop(session: Session, import_ids: Sequence[int]) -> None:
    """Forget imports of which nothing was registered."""
    session.execute(delete(ImportFile).where(ImportFile.import_id.in_(import_ids)))
    session.execute(delete(StoredImport).where(StoredImport.id.in_(import_ids)))


def left_lying(session: Session, before: datetime) -> Sequence[int]:
    """Files that were brought before then and never imported."""
    query = select(StoredImport.id).where(
        StoredImport.made_at < before, StoredImport.state.in_((ImportState.BROUGHT, ImportState.LOOKED_AT))
    )
    return session.scalars(query.limit(100)).all()


def running(session: Session) -> Sequence[int]:
    """Imports that are to go on."""
    return session.scalars(select(StoredImport.id).where(StoredImport.state == ImportState.RUNNING)).all()


# --- mappings ----------------------------------------------------------------------------------------------------


def mappings(session: Session, actor: Actor) -> Sequence[ImportMapping]:
    """Those of the actor's office, by name."""
    query = select(ImportMapping).where(ImportMapping.organization_id == actor.organization_id)
    return session.scalars(query.order_by(ImportMapping.name).limit(200)).all()


def mapping_named(session: Session, actor: Actor, name: str) -> ImportMapping | None:
    """The one with this name."""
    query = select(ImportMapping).where(ImportMapping.organization_id == actor.organization_id, ImportMapping.name == name)
    return session.scalars(query).one_or_none()


def drop_mapping(session: Session, actor: Actor, mapping_id: int) -> bool:
    """Forget one; False: there is none."""
    query = delete(ImportMapping).where(ImportMapping.id == mapping_id, ImportMapping.organization_id == actor.organization_id)
    return session.execute(query.returning(ImportMapping.id)).first() is not None


# --- keys --------------------------------------------------------------------------------------------------------


def keys_under(session: Session, path: str) -> Sequence[IntakeKey]:
    """Keys of the organization at `path` and those below it, newest first."""
    query = select(IntakeKey).join(IntakeKey.organization).where(Organization.path.startswith(path, autoescape=True))
    return session.scalars(query.options(joinedload(IntakeKey.organization)).order_by(IntakeKey.id.desc()).limit(500)).all()


def working_key(session: Session, key_sha256: str, *, lock: bool = False) -> IntakeKey | None:
    """The key with this hash, unless it was revoked; `lock`: others wait until this transaction ends."""
    query = select(IntakeKey).where(IntakeKey.key_sha256 == key_sha256, IntakeKey.revoked_at.is_(None))
    query = query.options(joinedload(IntakeKey.organization, innerjoin=True))
    return session.scalars(query.with_for_update(of=IntakeKey) if lock else query).one_or_none()


def revoke_key(session: Session, path: str, key_id: int, now: datetime) -> bool:
    """End a key of an organization at or under `path`; False: there is none that works."""
    under = select(Organization.id).where(Organization.path.startswith(path, autoescape=True))
    query = update(IntakeKey).where(IntakeKey.id == key_id, IntakeKey.revoked_at.is_(None), IntakeKey.organization_id.in_(under))
    done = session.execute(query.values(revoked_at=now).returning(IntakeKey.id).execution_options(synchronize_session=False))
    return done.first() is not None
