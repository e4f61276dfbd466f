"""What a clerk or officer chooses from: categories with their statutory routes, purposes, pauses, units."""

from functools import lru_cache
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from server import clock
from server.domain import formchecks, routes, terms
from server.domain.limits import PAUSES
from server.domain.states import Channel, FormField, OrganizationLevel
from server.protocol.flow import CategoryView, Choices, MatterCheck, PauseView, RouteView, UnitView
from server.reception.matter.cases import require_case
from server.store import units
from server.store.access import Actor

log = structlog.get_logger()
WRITTEN = (Channel.LETTER, Channel.ONLINE, Channel.MAILBOX, Channel.HOTLINE, Channel.ON_SITE)
"""Ways in which a matter comes without a talk."""
MOST_UNITS = 30


@lru_cache(maxsize=4)
def guide(own: Path | None) -> routes.Guide:
    """The office's list, read once; a file that is none is left out and named in the log."""
    try:
        return routes.load(own)
    except routes.UnusableRoutes as error:
        log.error("statutory_routes is not used", reason=str(error))
        return routes.load()


@lru_cache(maxsize=4)
def choices(own: Path | None) -> Choices:
    """Everything that is chosen from; `own`: the setting statutory_routes."""
    found = guide(own)
    places = {route: place for place, route in enumerate(found.routes)}
    return Choices(
        channels=tuple((one.value, terms.CHANNEL[one]) for one in WRITTEN),
        purposes=tuple((one.value, words) for one, words in terms.PURPOSE.items()),
        id_types=terms.CHOICES[FormField.ID_TYPE],
        categories=tuple(
            CategoryView(
                name=one.name, area=one.area, kind=one.kind, routes=tuple(places[route] for route in found.routes_of(one.name))
            )
            for one in found.categories
        ),
        routes=tuple(
            RouteView(what=one.what, body=one.body, law=one.law, article=one.article, source=one.source) for one in found.routes
        ),
        general=tuple(places[route] for route in found.routes_of("")),
        pauses=tuple(PauseView(id=one.id, name=one.name, basis=one.basis) for one in PAUSES.values()),
        scores=tuple((one.value, words) for one, words in terms.SCORE.items()),
    )


def check(typed: MatterCheck) -> dict[str, str]:
    """Per field what looks wrong about an ID or telephone number, in words; the clerk decides."""
    values: dict[str, str] = {FormField.ID_TYPE: typed.id_type, FormField.ID_NUMBER: typed.id_number, FormField.PHONE: typed.phone}
    talk = formchecks.Talk(on=None, today=clock.today(), said=())
    found = formchecks.check(values, talk)
    return {one.field.value: one.text for one in found if one.field in (FormField.ID_NUMBER, FormField.PHONE)}


def find_units(session: Session, actor: Actor, case_id: int, words: str) -> tuple[UnitView, ...]:
    """Organizations that the actor's office may give the case to (store/units.py), by words of their name."""
    case = require_case(session, actor, case_id)
    return tuple(
        UnitView(id=unit.id, name=unit.name, above=above, township=unit.level == OrganizationLevel.TOWNSHIP)
        for unit, above in units.find(session, actor, case, words, MOST_UNITS)
    )
