"""本地规定: an organization sets limits stricter than the law, with the document they stand in; new deadlines follow them.

Deadlines that run already keep the limit they began with (clocks.py).
"""

from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain.limits import RULES, UNIT_WORDS, LocalRule, Rule, in_words, local_problems
from server.errors import InvalidInput, NotFound
from server.protocol.limits import LimitChange, LimitOrder, LimitRow, Limits
from server.reception import accounts, clocks
from server.store import accounts as account_store
from server.store import local_limits as store
from server.store.access import Actor
from server.store.models import LocalLimit, LocalLimitChange, Organization

SOURCE = 200


def view(session: Session, actor: Actor, organization_id: int) -> Limits:
    """Every limit of an organization of the actor's: what the law says, what holds there, who set it, and what was changed."""
    place = accounts.own_organization(session, actor, organization_id)
    holds = clocks.rules_of(session, place.path)
    known = store.on_the_way(session, place.path)
    names = account_store.named(session, {one.organization_id for one in known.values()})
    rows = [_row(rule, holds[name], known.get(name), names, place) for name, rule in RULES.items()]
    return Limits(organization_id=place.id, organization=place.name, limits=tuple(rows), changes=_changes(session, place))


def _row(law: Rule, holds: Rule, local: LocalLimit | None, names: dict[int, Organization], place: Organization) -> LimitRow:
    return LimitRow(
        rule=law.id, name=law.name, article=law.article, law=law.limit, changeable=law.whose == "office", value=holds.value,
        unit=holds.unit, holds=holds.limit, source=holds.local_source, set_by=names[local.organization_id].name if local else "",
        own=local is not None and local.organization_id == place.id,
    )  # fmt: skip


def _changes(session: Session, place: Organization) -> tuple[LimitChange, ...]:
    return tuple(
        LimitChange(at=one.at, author=one.author, name=RULES[one.rule].name if one.rule in RULES else one.rule, old=_words(one.old), new=_words(one.new))
        for one in store.changes(session, place.id)
    )


def _words(said: dict[str, Any] | None) -> str:
    return f"{in_words(said['value'], said['unit'])}（{said['source']}）" if said else "照法律规定"


def set_limit(session: Session, actor: Actor, organization_id: int, rule: str, order: LimitOrder) -> Limits:
    """Set a limit; InvalidInput says why it cannot be: laxer than the law or than what stands above, or without a document."""
    place = accounts.own_organization(session, actor, organization_id)
    asked = LocalRule(value=order.value, unit=order.unit, source=order.source.strip())  # type: ignore[arg-type]
    if problem := local_problems({rule: asked}).get(rule, ""):
        raise InvalidInput(problem, fields=["source" if not asked.source else "value"])
    above = clocks.rules_of(session, _above(place))[rule]
    if above.local_source and (asked.unit != above.unit or asked.value > above.value):
        raise InvalidInput(f"上级定的是 {above.limit}（{above.local_source}），本地要按{UNIT_WORDS[above.unit]}写，不能比它宽。", fields=["value"])
    known = session.get(LocalLimit, (place.id, rule))
    old, new = _said(known), {"value": order.value, "unit": order.unit, "source": asked.source}
    if old == new:
        return view(session, actor, place.id)
    if known is None:
        session.add(LocalLimit(organization_id=place.id, rule=rule, **new))
    else:
        known.value, known.unit, known.source = order.value, order.unit, asked.source
    _note(session, actor, place, rule, old, new)
    return view(session, actor, place.id)


def drop(session: Session, actor: Actor, organization_id: int, rule: str) -> Limits:
    """The law (or what stands above) holds again for what begins from now on; NotFound where nothing was set here."""
    place = accounts.own_organization(session, actor, organization_id)
    known = session.get(LocalLimit, (place.id, rule))
    if known is None:
        raise NotFound("这个机构自己没有定过这个期限。")
    old = _said(known)
    session.delete(known)
    _note(session, actor, place, rule, old, None)
    return view(session, actor, place.id)


def _above(place: Organization) -> str:
    return place.path.removesuffix(f"{place.id}/")


def _said(known: LocalLimit | None) -> dict[str, Any] | None:
    return {"value": known.value, "unit": known.unit, "source": known.source} if known else None


def _note(session: Session, actor: Actor, place: Organization, rule: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> None:
    session.add(
        LocalLimitChange(
            organization_id=place.id, rule=rule, at=clock.now(), author=actor.name, user_id=actor.user_id, old=old, new=new
        )
    )
    session.flush()
