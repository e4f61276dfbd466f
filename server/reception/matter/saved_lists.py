"""存下的清单: filters that an officer keeps under a name, for themselves or for the office."""

from sqlalchemy.orm import Session

from server import clock
from server.domain.states import CaseState, Channel, Purpose
from server.errors import InvalidInput, NotFound
from server.protocol.finding import KeptList, KeptQuery, NewList
from server.store import saved_lists as store
from server.store.access import Actor
from server.store.models import SavedList, User

MOST = 50


def listed(session: Session, actor: Actor) -> list[KeptList]:
    """The actor's own lists and those that colleagues share."""
    return [_view(one, actor) for one in store.of(session, actor)]


def keep(session: Session, actor: Actor, new: NewList) -> KeptList:
    """Keep a list; raises InvalidInput where it would filter nothing, has no name or there are too many."""
    query = new.query.model_dump(mode="json", exclude_defaults=True)
    if not query:
        raise InvalidInput("先选好要看什么，再存成清单。")
    for value, known in ((new.query.state, CaseState), (new.query.channel, Channel), (new.query.purpose, Purpose)):
        if value and value not in list(known):
            raise InvalidInput("没有这样的条件。")
    if not new.name.strip():
        raise InvalidInput("给清单起个名字。", fields=["name"])
    if store.count_own(session, actor) >= MOST:
        raise InvalidInput(f"最多存 {MOST} 个清单，先删掉不用的。")
    assert actor.user_id is not None
    made = SavedList(
        user_id=actor.user_id, user=session.get_one(User, actor.user_id), organization_id=actor.organization_id,
        name=new.name.strip(), query=query, shared=new.shared, at=clock.now(),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return _view(made, actor)


def share(session: Session, actor: Actor, list_id: int, shared: bool) -> KeptList:
    """Show one's own list to colleagues, or not any more."""
    found = _own(session, actor, list_id)
    found.shared = shared
    return _view(found, actor)


def drop(session: Session, actor: Actor, list_id: int) -> None:
    """Forget one's own list."""
    session.delete(_own(session, actor, list_id))


def _own(session: Session, actor: Actor, list_id: int) -> SavedList:
    found = store.own(session, actor, list_id)
    if found is None:
        raise NotFound("没有这个清单，或者不是您存的。")
    return found


def _view(one: SavedList, actor: Actor) -> KeptList:
    return KeptList(
        id=one.id, name=one.name, query=KeptQuery.model_validate(one.query), shared=one.shared, own=one.user_id == actor.user_id,
        by=one.user.name,
    )  # fmt: skip
