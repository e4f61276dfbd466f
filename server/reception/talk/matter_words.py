"""What the words that somebody gave of their matter say, by the rules of drafting, before anybody has talked with them."""

from server.domain.bookings import category_in
from server.domain.routes import Guide
from server.domain.states import FormField
from server.protocol.base import Role
from server.protocol.drafting import DraftInput, Speaker
from server.protocol.transcript import Utterance
from transcription import drafting


def said(matter: str, name: str) -> dict[str, str]:
    """Fields of the form, and nothing that is not said there."""
    if not matter.strip():
        return {}
    words = Utterance(id="matter", participant_id="p", start=0.0, end=0.0, text=matter)
    given = DraftInput(speakers=(Speaker(id="p", role=Role.PETITIONER, name=name),), utterances=(words,))
    return {one.field: one.value for one in drafting.build_draft(given).fields}


def category(matter: str, found: dict[str, str], guide: Guide) -> str:
    """What it is about: what drafting `found`, else a category whose name stands there; empty where neither is."""
    return found.get(FormField.CATEGORY) or category_in(matter, tuple(one.name for one in guide.categories))
