"""Words that the recognition of one reception should expect: who and what may be named in it."""

from collections.abc import Iterable, Sequence

import structlog
from sqlalchemy.orm import Session

from server.domain.hotwords import Hotwords, fitted, places_in, words_of
from server.domain.states import FormField
from server.store import glossary
from server.store import hotwords as store
from server.store.models import Reception

log = structlog.get_logger()

_NAMES = (FormField.NAME, FormField.REPRESENTATIVES)
_PLACES = (FormField.ADDRESS, FormField.PROBLEM_PLACE)
_UNITS = (FormField.ACCUSED_UNIT, FormField.RESPONSIBLE_UNIT)


def of_reception(session: Session, reception_id: str) -> tuple[str, ...]:
    """The words to expect, the weightiest first; none for a reception that does not exist."""
    reception = session.get(Reception, reception_id)
    if reception is None:
        return ()
    found = found_for(session, reception)
    log.debug("hotwords", reception=reception_id, words=len(found.words), tokens=found.tokens, left_out=found.left_out)
    return found.words


def found_for(session: Session, reception: Reception) -> Hotwords:
    """As many as a model's prompt takes."""
    return fitted(_sources(session, reception))


def known_for(session: Session, reception: Reception) -> tuple[str, ...]:
    """All of them, however many a prompt takes."""
    return words_of(_sources(session, reception))


def _sources(session: Session, reception: Reception) -> list[Sequence[str]]:
    """From the form, what the kiosk was told before, earlier matters of the same person, the office's people, its places, its glossary, offices around: in this order of
    weight."""
    receiver = reception.receiver
    form = [reception.petitioner_name, *_of_form(store.typed_fields(session, reception.id))]
    earlier = [*_of_form(store.told_fields(session, reception.id)), *_of_form(store.earlier_fields(session, reception))]
    people = [*((receiver.name, receiver.title) if receiver else ()), *(seat.name for seat in reception.participants)]
    leaders = store.leaders(session, reception.organization_id)
    offices = [reception.organization.name, reception.kiosk.organization.name]
    around = store.offices_around(session, reception.kiosk.organization)
    return [
        form, earlier, people, leaders, offices, [place for name in offices for place in places_in(name)],
        glossary.words_on(session, reception.organization), around, [place for name in around for place in places_in(name)],
    ]  # fmt: skip


def _of_form(fields: Iterable[tuple[str, str]]) -> list[str]:
    """Names, places and units of a form's (field, value) pairs, in this order."""
    values = list(fields)
    names = [value for field, value in values if field in _NAMES]
    places = [place for field, value in values if field in _PLACES for place in places_in(value) or [value]]
    return [*names, *places, *(value for field, value in values if field in _UNITS)]
