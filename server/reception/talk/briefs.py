"""What a leader reads in two minutes before a talk: the matter, what was answered before, the law's route and the limits."""

import re
from pathlib import Path

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.deadlines import count
from server.domain.flow import LetterKind
from server.domain.states import FormField
from server.protocol.briefs import Answer, Brief, BriefFact, BriefLimit
from server.protocol.flow import RouteView
from server.reception.kiosk import papers
from server.reception.matter import alike, choices, clocks, issued
from server.reception.talk import matter_words, queue
from server.store import accounts, cases
from server.store import flow as shares
from server.store.access import Actor
from server.store.models import Reception, StoredCase

SAME_PERSON = 3
ANSWERS = 4
ROUTES = 3
FACTS = {FormField.PROBLEM_PLACE: "在哪里", FormField.ACCUSED_UNIT: "说的是", FormField.AMOUNT: "多少钱", FormField.TRIED_BEFORE: "以前找过"}
CLAUSES = re.compile("[，。；！？,;!?\n]+")
WISH = re.compile("要求|希望|请求|想要|想知道|想问|能不能|给个说法")
LIMITS = ("register_and_refer", "notify_acceptance", "conclude")
"""What runs once the matter is registered."""


def brief(session: Session, actor: Actor, own_routes: Path | None, reception_id: str) -> Brief:
    """One page about somebody who waits or talks, with nothing that the actor may not read; raises NotFound."""
    reception = queue.one(session, actor, reception_id)
    guide = choices.guide(own_routes)
    said = matter_words.said(reception.matter, reception.petitioner_name)
    category = matter_words.category(reception.matter, said, guide)
    like = alike.of_reception(session, actor, reception_id)
    mine = [one for one in like if one.same_person][:SAME_PERSON]
    return Brief(
        reception_id=reception.id, matter=reception.matter, requests="；".join(_wishes(reception.matter)),
        facts=tuple(BriefFact(name=name, value=said[field]) for field, name in FACTS.items() if said.get(field)),
        category=category, alike=tuple(like), answers=tuple(_answers(session, actor, [one.case_id for one in mine])),
        routes=tuple(
            RouteView(what=one.what, body=one.body, law=one.law, article=one.article, source=one.source)
            for one in (guide.routes_of(category) if category else ())[:ROUTES]
        ),
        limits=tuple(_limits(session, reception)), papers=tuple(papers.of_reception(session, actor, reception_id)),
    )  # fmt: skip


def _wishes(matter: str) -> list[str]:
    """The clauses in which somebody says what they want, in their own words."""
    return [clause.strip() for clause in CLAUSES.split(matter) if WISH.search(clause)]


def _limits(session: Session, reception: Reception) -> list[BriefLimit]:
    rules, today = clocks.rules_of(session, reception.organization.path), clock.today()
    found = []
    for name in LIMITS:
        rule = rules[name]
        due = count(rule, today, today=today).due_on if name == LIMITS[0] else None
        found.append(BriefLimit(name=rule.name, limit=rule.limit, starts=rule.starts, article=rule.article, due_on=due))
    return found


def _answers(session: Session, actor: Actor, case_ids: list[int]) -> list[Answer]:
    """The latest letters to this person, where the actor may read them; the newest first."""
    found: list[Answer] = []
    for case_id in case_ids:
        case = cases.find(session, actor, case_id)
        if case is not None:
            found += _of_case(session, actor, case)
    return sorted(found, key=lambda one: one.on, reverse=True)[:ANSWERS]


def _of_case(session: Session, actor: Actor, case: StoredCase) -> list[Answer]:
    letters = [one for one in shares.letters(session, case.id) if one.to_organization_id is None]
    units = accounts.named(session, {one.organization_id for one in letters})
    paths = {number: unit.path for number, unit in units.items()}
    return [
        Answer(
            on=clock.day_in_office(one.issued_at), case_id=case.id, title=case.title, name=terms.LETTER[LetterKind(one.kind)],
            unit=units[one.organization_id].name, number=one.number, text=one.text,
            url=f"/api/cases/{case.id}/letters/{one.id}/pdf" if one.content_sha256 else "",
        )
        for one in letters
        if issued.readable(actor, case, one, paths)
    ]  # fmt: skip
