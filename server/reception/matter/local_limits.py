"""本地规定: an organization sets limits stricter than the law, with the document they stand in; new deadlines follow them.

Deadlines that run already keep the limit they began with (clocks.py).
"""

from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain.figures import PERCENT, VIDEO_TARGETS
from server.domain.limits import RULES, UNIT_WORDS, LocalRule, Rule, in_words, local_problems
from server.domain.states import OrganizationLevel
from server.errors import InvalidInput, NotFound
from server.protocol.limits import LimitChange, LimitOrder, LimitRow, Limits
from server.reception.account import accounts
from server.reception.matter import clocks
from server.settings import Settings
from server.store import accounts as account_store
from server.store import local_limits as store
from server.store.access import Actor
from server.store.models import LocalLimit, LocalLimitChange, Organization

SOURCE = 200


def view(session: Session, settings: Settings, actor: Actor, organization_id: int) -> Limits:
    """Every limit of an organization of the actor's: what the law says, what holds there, who set it, and what was changed."""
    place = accounts.own_organization(session, actor, organization_id)
    holds = clocks.rules_of(session, place.path)
    known = store.on_the_way(session, place.path)
    names = account_store.named(session, {one.organization_id for one in known.values()})
    rows = [_row(rule, holds[name], known.get(name), names, place) for name, rule in RULES.items()]
    rows += [_target_row(name, _standard(settings, name), known.get(name), names, place) for name in VIDEO_TARGETS]
    return Limits(organization_id=place.id, organization=place.name, limits=tuple(rows), changes=_changes(session, place))


def _row(law: Rule, holds: Rule, local: LocalLimit | None, names: dict[int, Organization], place: Organization) -> LimitRow:
    return LimitRow(
        rule=law.id, name=law.name, article=law.article, law=law.limit, changeable=law.whose == "office", value=holds.value,
        unit=holds.unit, holds=holds.limit, source=holds.local_source, set_by=names[local.organization_id].name if local else "",
        own=local is not None and local.organization_id == place.id,
    )  # fmt: skip


def _target_row(name: str, standard: int, local: LocalLimit | None, names: dict[int, Organization], place: Organization) -> LimitRow:
    value = max(standard, local.value) if local else standard
    return LimitRow(
        rule=name, name=VIDEO_TARGETS[name][1], article="视频接访的要求", law=f"{standard}%", changeable=True, value=value, unit=PERCENT,
        holds=f"{value}%", source=local.source if local else "", set_by=names[local.organization_id].name if local else "",
        own=local is not None and local.organization_id == place.id,
    )  # fmt: skip


def _standard(settings: Settings, name: str) -> int:
    return settings.figures_target_video_city if VIDEO_TARGETS[name][0] is OrganizationLevel.CITY else settings.figures_target_video_county


def video_targets(session: Session, settings: Settings, path: str) -> dict[str, int]:
    """Per cent of each level's receptions that should be by video at `path`: what is asked of everybody, or the higher one set there."""
    local = store.on_the_way(session, path)
    found = {name: _standard(settings, name) for name in VIDEO_TARGETS}
    return {name: max(standard, local[name].value) if name in local else standard for name, standard in found.items()}


def _changes(session: Session, place: Organization) -> tuple[LimitChange, ...]:
    return tuple(
        LimitChange(at=one.at, author=one.author, name=_name(one.rule), old=_words(one.rule, one.old), new=_words(one.rule, one.new))
        for one in store.changes(session, place.id)
    )


def _name(rule: str) -> str:
    return VIDEO_TARGETS[rule][1] if rule in VIDEO_TARGETS else RULES[rule].name if rule in RULES else rule


def _words(rule: str, said: dict[str, Any] | None) -> str:
    if said is None:
        return "照规定" if rule in VIDEO_TARGETS else "照法律规定"
    value = f"{said['value']}%" if said["unit"] == PERCENT else in_words(said["value"], said["unit"])
    return f"{value}（{said['source']}）"


def set_limit(session: Session, settings: Settings, actor: Actor, organization_id: int, rule: str, order: LimitOrder) -> Limits:
    """Set a limit or target; InvalidInput says why it cannot be: laxer than the law or than what stands above, or without a document."""
    place = accounts.own_organization(session, actor, organization_id)
    if rule in VIDEO_TARGETS:
        _check_target(session, settings, place, rule, order)
    else:
        _check_limit(session, place, rule, order)
    known = session.get(LocalLimit, (place.id, rule))
    old, new = _said(known), {"value": order.value, "unit": order.unit, "source": order.source.strip()}
    if old == new:
        return view(session, settings, actor, place.id)
    if known is None:
        session.add(LocalLimit(organization_id=place.id, rule=rule, **new))
    else:
        known.value, known.unit, known.source = order.value, order.unit, order.source.strip()
    _note(session, actor, place, rule, old, new)
    return view(session, settings, actor, place.id)


def _check_target(session: Session, settings: Settings, place: Organization, rule: str, order: LimitOrder) -> None:
    if not order.source.strip():
        raise InvalidInput("请写明依据本地哪个文件。", fields=["source"])
    least = video_targets(session, settings, _above(place))[rule]
    if order.unit != PERCENT or not least <= order.value <= 100:
        raise InvalidInput(f"规定是至少 {least}%，本地可以定得更高，不能更低，也不能过 100%。", fields=["value"])


def _check_limit(session: Session, place: Organization, rule: str, order: LimitOrder) -> None:
    if order.unit == PERCENT:
        raise InvalidInput("期限要按天写。", fields=["unit"])
    asked = LocalRule(value=order.value, unit=order.unit, source=order.source.strip())  # type: ignore[arg-type]
    if problem := local_problems({rule: asked}).get(rule, ""):
        raise InvalidInput(problem, fields=["source" if not asked.source else "value"])
    above = clocks.rules_of(session, _above(place))[rule]
    if above.local_source and (asked.unit != above.unit or asked.value > above.value):
        raise InvalidInput(f"上级定的是 {above.limit}（{above.local_source}），本地要按{UNIT_WORDS[above.unit]}写，不能比它宽。", fields=["value"])


def drop(session: Session, settings: Settings, actor: Actor, organization_id: int, rule: str) -> Limits:
    """The law (or what stands above) holds again for what begins from now on; NotFound where nothing was set here."""
    place = accounts.own_organization(session, actor, organization_id)
    known = session.get(LocalLimit, (place.id, rule))
    if known is None:
        raise NotFound("这个机构自己没有定过这个期限。")
    old = _said(known)
    session.delete(known)
    _note(session, actor, place, rule, old, None)
    return view(session, settings, actor, place.id)


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
