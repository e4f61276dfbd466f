"""Issuing 文书: a letter gets its number and all its words at once, and both stay as they are (domain/letterkinds.py)."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.deadline_words import chinese_day
from server.domain.flow import LetterKind
from server.domain.letterkinds import LETTERS, TO_UNITS, LetterRule, counter_name, letter_number
from server.protocol.canonical import fingerprint
from server.reception.matter import clocks
from server.store import accounts, cases
from server.store import flow as store
from server.store.access import Actor
from server.store.models import Organization, StoredCase, StoredLetter


def issue(
    session: Session, actor: Actor, case: StoredCase, kind: LetterKind, text: str, *, to: Organization | None = None,
    addressee: str = "",
) -> StoredLetter:  # fmt: skip
    """Issue a letter to the petitioner or a unit; its deadlines have begun by now.

    `addressee`: somebody else who asked for something in the matter; they are not told how to look into it.
    """
    session.flush()
    now = clock.now()
    today = clock.day_in_office(now)
    office = accounts.organization(session, actor.organization_id)
    number = letter_number(
        kind, office.code, today.year, cases.raise_counter(session, counter_name(kind, office.id, today.year))
    )
    content = _content(session, case, kind, office, to, number, text, today, addressee)
    made = StoredLetter(
        case_id=case.id, kind=kind, organization_id=office.id, to_organization_id=to.id if to else None, text=text,
        author=actor.name, issued_at=now, number=number, content=content, content_sha256=fingerprint(content),
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def _content(
    session: Session, case: StoredCase, kind: LetterKind, office: Organization, to: Organization | None, number: str, text: str,
    today: date, addressee: str,
) -> dict[str, Any]:  # fmt: skip
    """Every word of the letter, as plain JSON."""
    rule = LETTERS[kind]
    words = _words(session, case, office, to if kind in TO_UNITS else office, rule)
    return {
        "kind": kind.value,
        "title": terms.LETTER[kind],
        "office": office.name,
        "number": number,
        "case_no": case.case_no,
        "to": to.name if to else addressee or _petitioner(case),
        "opening": rule.opening.format(**words),
        "text_label": rule.text if text.strip() else "",
        "text": [line.strip() for line in text.splitlines() if line.strip()],
        "until": rule.until.format(**words) if words["due"] else "",
        "articles": list(rule.articles),
        "remedies": [one.format(**words) for one in rule.remedies],
        # Whoever has the code can rate in the petitioner's place: a handling unit does not get it on paper either.
        "query_code": "" if to or addressee or office.id != case.organization_id else case.query_code or "",
        "progress": "" if to or addressee else "想知道办到哪一步：凭登记时给您的查询码和手机号查。",
        "date": f"{today.year}年{today.month}月{today.day}日",
    }


def _words(session: Session, case: StoredCase, office: Organization, unit: Organization | None, rule: LetterRule) -> dict[str, str]:
    running = store.open_deadlines_of(session, case.id, rule.names) if rule.names else ()
    theirs = [one for one in running if unit is None or one.organization_id == unit.id]
    limits = clocks.rules_of(session, case.organization.path)
    return {
        **{name: limit.limit for name, limit in limits.items()},
        "matter": case.title.rstrip("。！？；，"),
        "received": f"{case.received_on.year}年{case.received_on.month}月{case.received_on.day}日",
        "petitioner": _petitioner(case),
        "case_no": case.case_no,
        "unit": office.name,
        "office": case.organization.name,
        "due": chinese_day(theirs[-1].due_on) if theirs else "",
    }


def _petitioner(case: StoredCase) -> str:
    return f"{case.petitioner}等{case.people}人" if case.people > 1 else case.petitioner
