"""The draft of a visit record."""

from server.protocol.drafting import Draft, DraftInput
from transcription.drafting.echo import without_echoes
from transcription.drafting.fields import fields
from transcription.drafting.lines import lines
from transcription.drafting.turns import talk
from transcription.drafting.vocabulary import Vocabulary, in_use


def build_draft(given: DraftInput, vocabulary: Vocabulary | None = None) -> Draft:
    """The record's lines, and the form's fields with the utterances they rest on; the same input gives the same.

    `vocabulary`: other words than those in use.
    """
    given = given.model_copy(update={"utterances": without_echoes(given.utterances)})
    return Draft(lines=lines(given.speakers, given.utterances), fields=fields(talk(given), vocabulary or in_use()))
