"""The form follows the record: a field whose sentence was corrected, deleted or restored.

What the draft put into a field changes with its sentence, as long as nobody wrote there.  What a person wrote stays; the
new wording is offered beside it until somebody decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from server.domain import rewording, terms
from server.domain.states import FormField, SuggestionState
from server.protocol.drafting import DraftInput
from server.protocol.transcript import Utterance
from server.reception.record import revisions
from server.reception.record.drafts import speakers_of
from server.store import accusations, proposals, records
from server.store.access import Actor
from server.store.models import FormEntry, Line, StoredProposal, VisitRecord
from transcription import drafting
from transcription.drafting.written import written_text

DRAFTED = "speech"
"""Source of a field as long as nobody but the draft wrote there."""
ASKED = {FormField.PURPOSE}
"""What hides an accusation is never changed unasked."""
WITH_THE_LINE = {"follow", "take_wording", "undo", "redo"}
"""Kinds of revisions that take a sentence out of a field because its line was deleted."""


@dataclass(frozen=True)
class Correction:
    """What a line said until now, and what it says; empty: it stands no more, or did not."""

    session: Session
    record: VisitRecord
    line: Line
    was: str
    now: str

    @cached_property
    def before(self) -> str:
        return self._as_heard(self.was)

    @cached_property
    def after(self) -> str:
        return self._as_heard(self.now)

    def _as_heard(self, text: str) -> str:
        return rewording.as_heard(self.line.recognised, written_text(self.line.recognised), text)

    def of_field(self, entry: FormEntry, stands: str) -> str | None:
        """What stands in a field or is offered for it, taken from the new text as it was from the old one; None: that
        cannot be told."""
        if not self.was:
            return self._put_back(entry, stands)
        field = entry.field
        quoted = None if field in terms.CHOICES else rewording.quoted(stands, self.before, self.after)
        if quoted is not None:
            return quoted or None
        old, new = (one.get(field) for one in self._drafted)
        return new if old == stands else None

    def elsewhere(self, field: str, stands: str) -> str | None:
        """A person's own words with the new ones in them; None: they have nothing of what was corrected."""
        return None if field in terms.CHOICES else rewording.elsewhere(stands, self.before, self.after) or None

    def _put_back(self, entry: FormEntry, stands: str) -> str | None:
        whole = entry.value if self.after in entry.value else self._until_it_went(entry.field)
        return rewording.put_back(stands, whole, self.after) if whole and self.after not in stands else None

    def _until_it_went(self, field: str) -> str:
        """What a field said until the sentence went out of it; empty: it was not in it, or a person wrote something else."""
        for one in records.revisions_of_field(self.session, self.record.id, field):
            before, after = (str(state.get("value", "")) for state in (one.before, one.after))
            if self.after in before and self.after not in after:
                return before if one.kind in WITH_THE_LINE else ""
        return ""

    @cached_property
    def _drafted(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """The fields that drafting takes from this sentence alone, as it was and as it is."""
        return self._draft(self.before), self._draft(self.after)

    def _draft(self, text: str) -> Mapping[str, str]:
        line = self.line
        if line.participant_id is None or not text:
            return {}
        told = Utterance(id=line.utterance_ids[0], participant_id=line.participant_id, start=line.start, end=line.end, text=text)
        speakers = speakers_of(self.session, self.record.reception_id)
        return {one.field: one.value for one in drafting.build_draft(DraftInput(speakers=speakers, utterances=(told,))).fields}


def line_changed(session: Session, actor: Actor, record: VisitRecord, line: Line, was: str, now: str) -> None:
    """Bring the fields that rest on a line in step with what it says now (empty: it was deleted) and did (empty: it was
    restored).  A field that has nothing but a deleted sentence stays, and is told of (`form_findings`)."""
    session.flush()
    resting = _resting(session, record, line) if now != was else []
    if not resting:
        return
    correction = Correction(session, record, line, was, now)
    offers = {one.field: one for one in proposals.of_lines(session, record.id)}
    for entry in resting:
        offered = offers.get(entry.field)
        stands = offered.value if offered else entry.value
        same = correction.of_field(entry, stands)
        if same is not None and not offered and entry.source == DRAFTED and entry.field not in ASKED:
            _follow(session, actor, record, entry, same)
        else:
            _offer(session, record, entry, offered, same or correction.elsewhere(entry.field, stands))


def settled(session: Session, record_id: str, field: str) -> None:
    """Somebody wrote something else there: what was offered for the older words is offered no more."""
    for one in proposals.of_lines(session, record_id, field):
        session.delete(one)


def _resting(session: Session, record: VisitRecord, line: Line) -> list[FormEntry]:
    said = set(line.utterance_ids)
    return [one for one in records.form(session, record.id).values() if one.value and said & set(one.utterance_ids)]


def _follow(session: Session, actor: Actor, record: VisitRecord, entry: FormEntry, value: str) -> None:
    """Its version stays: who is writing there meanwhile goes before the draft."""
    if value == entry.value:
        return
    before, entry.value = entry.value, value
    revisions.add(session, record, "follow", actor=actor, field=entry.field, before={"value": before}, after={"value": value})
    if entry.field in accusations.FIELDS:
        accusations.keep_in_step(session, record)


def _offer(session: Session, record: VisitRecord, entry: FormEntry, known: StoredProposal | None, value: str | None) -> None:
    if value is None or (known is None and value == entry.value):
        return
    if known is not None and value == entry.value:
        session.delete(known)
    elif known is not None:
        known.value = value
    else:
        session.add(StoredProposal(
            record_id=record.id, field=entry.field, value=value, utterance_ids=list(entry.utterance_ids),
            model=proposals.OF_LINE, state=SuggestionState.OPEN, decided_by="",
        ))  # fmt: skip
