"""督办: a supervisor writes to a unit about one matter, and the unit has to answer by a day (条例第四十条)."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.orm import Session

from server import clock
from server.domain import terms
from server.domain.deadline_words import chinese_day
from server.domain.flow import LetterKind, Step
from server.domain.letterkinds import SUPERVISION_LETTERS
from server.domain.limits import LAPSING
from server.domain.organizations import own_and_above
from server.domain.states import NoticeKind, StaffRole
from server.errors import InvalidInput, NotAllowed, NotFound, WrongState
from server.protocol.notices import SupervisionAnswer, SupervisionDraft, SupervisionOrder, SupervisionUnit
from server.reception.matter import clocks, issuing, notices
from server.store import accounts, cases
from server.store import flow as store
from server.store import notices as notice_store
from server.store.access import Actor
from server.store.models import Organization, StoredCase, StoredCaseEvent, StoredDeadline, StoredLetter

LONGEST_DAYS = 60
ANSWERED_BY = (StaffRole.LEADER, StaffRole.CLERK, StaffRole.HANDLER)
RULE = "supervision"


def write(session: Session, actor: Actor, case: StoredCase, order: SupervisionOrder) -> StoredLetter:
    """Issue one of the three letters; the unit is told, and a deadline runs until it answers.

    `case` is one that the actor may read.  Raises InvalidInput for a unit that has nothing to do with it and for a day
    that is over or too far away, NotAllowed where the matter is not one of the actor's offices'.
    """
    if not case.organization.path.startswith(actor.organization_path):
        raise NotAllowed
    kind, today = LetterKind(order.kind), clock.today()
    if not today < order.due <= today + timedelta(days=LONGEST_DAYS):
        raise InvalidInput(f"反馈的日子要在明天以后，{LONGEST_DAYS} 天以内。", fields=["due"])
    if not order.text.strip():
        raise InvalidInput("写明存在的问题和要求。", fields=["text"])
    unit = _recipient(session, case, kind, order.unit_id)
    deadline = clocks.begin(session, case, RULE, unit.id, today, days=(order.due - today).days)
    letter = issuing.issue(session, actor, case, kind, order.text.strip(), to=unit)
    deadline.letter_id = letter.id
    name = terms.LETTER[kind]
    _note(session, actor, case, kind, f"{letter.number}；给{unit.name}，{chinese_day(order.due)}前反馈", letter)
    words = f"{case.case_no} 收到{name}（{letter.number}），最迟{chinese_day(order.due)}书面反馈。"
    notices.tell(session, unit, NoticeKind.SUPERVISION, case, words, about=name)
    return letter


def draft(session: Session, actor: Actor, case: StoredCase, kind: LetterKind) -> SupervisionDraft:
    """What a letter of this kind could say to each unit; raises NotFound for another kind of letter, NotAllowed as `write`."""
    if kind not in SUPERVISION_LETTERS:
        raise NotFound
    if not case.organization.path.startswith(actor.organization_path):
        raise NotAllowed
    today = clock.today()
    shares = [one for one in store.standing_assignments(session, case.id) if not _accused(session, case, one.organization)]
    facts = _facts(session, case, today)
    blamed = [whose for whose, _ in facts]
    shares.sort(key=lambda one: -blamed.count(one.organization_id))
    units = {one.organization_id: one.organization for one in shares}
    if kind is LetterKind.ACCOUNTABILITY:
        above = accounts.named(session, {number for one in shares for number in own_and_above(one.organization.path)})
        units |= {number: one for number, one in above.items() if not _accused(session, case, one)}
    days = clocks.rules_of(session, case.organization.path)[RULE].value
    return SupervisionDraft(
        units=tuple(SupervisionUnit(id=one.id, name=one.name, text="\n".join(_about(one, facts, kind))) for one in units.values()),
        due=today + timedelta(days=days),
        latest=today + timedelta(days=LONGEST_DAYS),
    )


def _facts(session: Session, case: StoredCase, today: date) -> list[tuple[int | None, str]]:
    """What is wrong, each with the unit it is about; None: the matter as a whole."""
    rules = clocks.rules_of(session, case.organization.path)
    found: list[tuple[int | None, str]] = [
        (one.organization_id, f"“{rules[one.rule].name}”应在{chinese_day(one.due_on)}前办完，到今天过期 {(today - one.due_on).days} 天。")
        for one in store.open_deadlines_of(session, case.id)
        if one.due_on < today and one.organization_id is not None and one.rule not in (*LAPSING, RULE)
    ]
    events = cases.events(session, case.id)
    found += _sent_back(session, case, events)
    if case.accepted_on is not None and case.contacted_on is None:
        found.append((None, f"{'交回重新办' if case.handled_anew else '受理'}以后没有联系过信访人的记录。"))
    return found


def _sent_back(session: Session, case: StoredCase, events: Sequence[StoredCaseEvent]) -> list[tuple[int | None, str]]:
    found: list[tuple[int | None, str]] = []
    for share in store.standing_assignments(session, case.id):
        back = [one for one in events if one.kind == Step.SEND_BACK and (one.details or {}).get("unit") == share.organization.name]
        if back:
            found.append((share.organization_id, f"反馈退回过 {len(back)} 次，最近一次的理由：{back[-1].why.rstrip('。')}。"))
    return found


_ASKED = {
    LetterKind.SUPERVISION: "请抓紧办理，查明原因，按时书面反馈。",
    LetterKind.RISK_WARNING: "请采取措施，防止矛盾扩大，按时书面反馈。",
    LetterKind.ACCOUNTABILITY: "建议查清责任，依规处理，按时书面反馈采纳情况。",
}


def _about(unit: Organization, facts: Sequence[tuple[int | None, str]], kind: LetterKind) -> list[str]:
    everybody = kind is LetterKind.ACCOUNTABILITY
    return [*(words for whose, words in facts if everybody or whose in (None, unit.id)), _ASKED[kind]]


def _accused(session: Session, case: StoredCase, unit: Organization) -> bool:
    return case.accusation and cases.accused_by(session, case.id, unit.path)


def _recipient(session: Session, case: StoredCase, kind: LetterKind, unit_id: int) -> Organization:
    """A unit that has a share of the case; a proposal about responsibility may also go to an organization above one."""
    shares = [one.organization for one in store.standing_assignments(session, case.id)]
    found = next((one for one in shares if one.id == unit_id), None)
    above = {number for one in shares for number in own_and_above(one.path)}
    if found is None and kind is LetterKind.ACCOUNTABILITY and unit_id in above:
        found = accounts.organization(session, unit_id)
    if found is None:
        raise InvalidInput("这件事不归这个单位办，选一个承办单位。", fields=["unit_id"])
    if _accused(session, case, found):
        raise InvalidInput(f"这件事反映的就是{found.name}或者它上级，不能发给它（第三十条）。", fields=["unit_id"])
    return found


def answer(session: Session, actor: Actor, case: StoredCase, letter_id: int, given: SupervisionAnswer) -> None:
    """The unit answers a letter in writing; its deadline is met, and those who supervise are told.

    Raises NotFound where there is no such letter to the actor's unit, WrongState where it was answered.
    """
    letter = session.get(StoredLetter, letter_id)
    if letter is None or letter.case_id != case.id or letter.kind not in SUPERVISION_LETTERS:
        raise NotFound
    unit = accounts.organization(session, letter.to_organization_id or 0)
    if not unit.path.startswith(actor.organization_path):
        raise NotFound
    if not given.text.strip():
        raise InvalidInput("写明反馈的内容。", fields=["text"])
    running = _deadline(session, case, letter)
    if running is None or not store.settle(session, running, clock.now(), clock.today()):
        raise WrongState("这封函已经回复过了。")
    _note(session, actor, case, "supervision_answered", f"{letter.number}：{given.text.strip()}"[:500], letter)
    supervisors = notice_store.officers(session, [letter.organization_id], [StaffRole.SUPERVISOR])
    words = f"{case.case_no} {unit.name}回复了{terms.LETTER[LetterKind(letter.kind)]}（{letter.number}）。"
    notices.tell_all(session, supervisors, NoticeKind.ANSWERED, case, words, about=terms.LETTER[LetterKind(letter.kind)])


def answers_owed(session: Session, case: StoredCase) -> set[int]:
    """Ids of the letters of a case that are to be answered yet."""
    return {one.letter_id for one in store.open_deadlines_of(session, case.id, (RULE,)) if one.letter_id is not None}


def _deadline(session: Session, case: StoredCase, letter: StoredLetter) -> StoredDeadline | None:
    return next((one for one in store.open_deadlines_of(session, case.id, (RULE,)) if one.letter_id == letter.id), None)


def _note(session: Session, actor: Actor, case: StoredCase, kind: str, words: str, letter: StoredLetter) -> None:
    session.add(
        StoredCaseEvent(
            case_id=case.id, at=clock.now(), author=actor.name, kind=kind, why=words, user_id=actor.user_id,
            organization_id=actor.organization_id, details={"letter_id": letter.id},
        )
    )  # fmt: skip
    session.flush()
