"""What a machine proposes for a record, another reading of a line or a value of a field, is decided by a clerk, once."""

from sqlalchemy.orm import Session

from server import clock
from server.domain.states import SuggestionState
from server.errors import InvalidInput, NotFound
from server.store import records
from server.store.access import Actor
from server.store.models import StoredProposal, StoredSuggestion
from server.store.records import Proposed


def undecided(session: Session, kind: type[Proposed], record_id: str, number: int, called: str) -> Proposed:
    """What was proposed, if nobody has decided it; raises NotFound, InvalidInput (`called`: what it is, in Chinese)."""
    one = records.proposed(session, kind, record_id, number)
    if one is None:
        raise NotFound
    if one.state != SuggestionState.OPEN:
        raise InvalidInput(f"{called}{one.decided_by}已经定过了。")
    return one


def decide(session: Session, actor: Actor, one: StoredSuggestion | StoredProposal, state: SuggestionState) -> None:
    """Note who decided it, and how."""
    one.state, one.decided_by, one.user_id, one.decided_at = state, actor.name, actor.user_id, clock.now()
    session.flush()
