"""What an actor can do with a matter now, the likeliest step first, with what its dialog needs."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from server import clock
from server.domain import letterstarts, terms
from server.domain.flow import CONCLUSION_LIMITS, NEXT, STEPS, LetterKind, Step, StepRule, open_steps
from server.domain.limits import RULES, Rule
from server.domain.states import AssignmentPart, CaseState
from server.protocol.flow import AskedExtension, StepOffer
from server.reception.matter import clocks, mediation, ratings
from server.reception.matter.flow import fitting_shares, may, of_office, right_to_object
from server.store import cases
from server.store import flow as store
from server.store.access import Actor
from server.store.models import StoredAssignment, StoredCase, StoredExtension, StoredLetter

INSTEAD = (Step.REFUSE_REVIEW, Step.REFUSE_REEXAMINATION, Step.HANDLE_ANEW)
"""Not while the petitioner waits for the office to take up what they asked for by query code."""
AFTER = {
    Step.CONCLUDE: LetterKind.HANDLING_OPINION, Step.REFUSE_REVIEW: LetterKind.HANDLING_OPINION, Step.REFUSE_REEXAMINATION: LetterKind.REVIEW_OPINION,
}  # fmt: skip
"""Steps that wait until the opinion is in the petitioner's hands."""

ONCE = (Step.EXPLAIN, Step.INVITE_RATING, Step.FOLLOW_UP)
"""Done once about the newest letter, these are not what comes next any more."""

_LIMITS = {Step.ASK_EXTENSION: "extended_conclude", Step.REQUEST_REVIEW: "review", Step.REQUEST_REEXAMINATION: "reexamination"}
"""What the officer should know the length of."""
_MEDIATED = {Step.BEGIN_MEDIATION: False, Step.END_MEDIATION: True}
"""Whether somebody mediates where the step can be taken."""


def offers(session: Session, actor: Actor, case: StoredCase) -> tuple[StepOffer, ...]:
    """The steps that this actor may take now, the likeliest first; those for units below the actor's own last."""
    shares = store.standing_assignments(session, case.id)
    asked, letters = store.open_extension(session, case.id), store.letters(session, case.id)
    paused = store.running_pause(session, case.id) is not None
    mediated, rules = mediation.standing(session, case) is not None, clocks.rules_of(session, case.organization.path)
    waited_for = {one.step for one in store.open_requests(session, case.id)}
    done = _done_already(session, case, letters)
    found = []
    for step in open_steps(CaseState(case.state)):
        rule = STEPS[step]
        fitting = _fitting(session, actor, case, shares, step)
        possible = (not rule.share or fitting) and _sensible(step, case, asked is not None, paused, letters)
        possible = possible and (step is not Step.ASK_EXTENSION or _extendable(session, case))
        if (waited_for and step in INSTEAD) or mediated is not _MEDIATED.get(step, mediated):
            continue
        if possible and may(actor, case, shares, rule):
            behalf = _behalf(actor, case, rule, fitting or [one for one in shares if one.part == AssignmentPart.MAIN])
            found.append((_rank(case, step, fitting, behalf, step in waited_for, step in done), _offer(step, fitting, behalf, asked, rules)))
    return tuple(offer for _, offer in sorted(found, key=lambda one: one[0]))


def _fitting(
    session: Session, actor: Actor, case: StoredCase, shares: list[StoredAssignment], step: Step
) -> list[StoredAssignment]:
    """Shares that the step can be about."""
    if not STEPS[step].share:
        return []
    found = fitting_shares(actor, case, shares, STEPS[step])
    if step is not Step.OBJECT:
        return found
    until = {one.id: right_to_object(session, one) for one in found}
    return [one for one in found if (right := until[one.id]) is not None and right.due_on >= clock.today()]


def _sensible(step: Step, case: StoredCase, asked: bool, paused: bool, letters: Sequence[StoredLetter]) -> bool:
    if step is Step.ASSIGN:
        return not (case.litigation and case.state == CaseState.REGISTERED)
    if step is Step.INVITE_RATING:
        return ratings.is_rated(case)
    if step is Step.TO_ORDINARY:
        return case.simple
    if step in (Step.GRANT_EXTENSION, Step.REFUSE_EXTENSION):
        return asked
    if step is Step.DELIVER:
        return any(one.to_organization_id is None and one.delivered_on is None for one in letters)
    if step in AFTER:
        opinions = [one for one in letters if one.kind == AFTER[step]]
        return bool(opinions) and opinions[-1].delivered_on is not None
    return {Step.ASK_EXTENSION: not asked, Step.BEGIN_PAUSE: not paused, Step.END_PAUSE: paused}.get(step, True)


def _extendable(session: Session, case: StoredCase) -> bool:
    """Whether a limit runs that can still be made longer."""
    running = store.open_deadlines_of(session, case.id, CONCLUSION_LIMITS)
    return any(RULES[one.rule].extended_by is not None and one.extended_on is None and one.due_on >= clock.today() for one in running)


def _behalf(actor: Actor, case: StoredCase, rule: StepRule, concerned: list[StoredAssignment]) -> str:
    """Units for which the actor would act, where neither theirs nor their office's own step it is."""
    if "office" in rule.who and of_office(actor, case):
        return ""
    if any(one.organization_id == actor.organization_id for one in concerned):
        return ""
    return "、".join(one.organization.name for one in concerned)


def _done_already(session: Session, case: StoredCase, letters: Sequence[StoredLetter]) -> set[str]:
    """Those of ONCE that were done since the petitioner's newest letter."""
    issued = [one.issued_at for one in letters if one.to_organization_id is None]
    if not issued:
        return set()
    return {one.kind for one in cases.events(session, case.id) if one.kind in ONCE and one.at >= issued[-1]}


def _rank(
    case: StoredCase, step: Step, fitting: list[StoredAssignment], behalf: str, waited_for: bool, done: bool
) -> tuple[bool, int]:
    """Whether others should do it, and how far down the list it stands; what the petitioner asked for stands first."""
    if waited_for:
        return False, -1
    place = NEXT.index(step) if step in NEXT else len(NEXT)
    screened = step is Step.SCREEN and case.purpose and case.category
    given = step is Step.ASSIGN and case.unit_id is not None
    mains_own = step is Step.FEED_BACK and any(one.part == AssignmentPart.MAIN for one in fitting)
    theirs = bool(behalf) and "head" not in STEPS[step].who  # what was asked waits on the desk of the office's leader, too
    elsewhere = step is Step.GUIDE and case.litigation
    return theirs, place + (len(NEXT) if given or mains_own or done else 2 if screened else -2 if elsewhere else 0)


def _offer(
    step: Step, fitting: list[StoredAssignment], behalf: str, asked: StoredExtension | None, rules: Mapping[str, Rule]
) -> StepOffer:
    rule = STEPS[step]
    return StepOffer(
        step=step, name=rule.name, needs=rule.needs, may=rule.may, assignment_ids=tuple(one.id for one in fitting), behalf=behalf,
        letter=terms.LETTER[rule.letter] if rule.letter else "",
        start=letterstarts.start(rule.letter, asked.reason if asked else "") if rule.letter else "",
        limit=rules[_LIMITS[step]].limit if step in _LIMITS else "",
    )  # fmt: skip


def asked_extension(session: Session, case: StoredCase) -> AskedExtension | None:
    """What a unit asked for and nobody has decided."""
    asked = store.open_extension(session, case.id)
    if asked is None:
        return None
    return AskedExtension(days=asked.days, reason=asked.reason, asked_by=asked.asked_by, asked_at=asked.asked_at)
