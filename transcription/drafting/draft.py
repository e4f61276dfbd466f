"""The draft of a visit record."""

from server.protocol.drafting import Draft, DraftInput, Promise
from transcription.drafting.echo import without_echoes
from transcription.drafting.fields import fields, patterns
from transcription.drafting.lines import lines, spoken_lines
from transcription.drafting.promises import patterns as ways
from transcription.drafting.promises import promises
from transcription.drafting.turns import talk
from transcription.drafting.vocabulary import Vocabulary, in_use


def prepare() -> None:
    """Make the patterns of the words in use, for which the first draft would else have to wait."""
    patterns(in_use())
    ways(in_use())


def build_draft(given: DraftInput, vocabulary: Vocabulary | None = None) -> Draft:
    """The record's lines, and the form's fields with the utterances they rest on; the same input gives the same.

    `vocabulary`: other words than those in use.
    """
    given = given.model_copy(update={"utterances": without_echoes(given.utterances)})
    words, written = vocabulary or in_use(), lines(given.speakers, given.utterances)
    return Draft(lines=written, fields=fields(talk(given), words), promises=promises(written, words))


def find_promises(given: DraftInput) -> tuple[Promise, ...]:
    """What the receiving side undertook in these utterances, which may be a stretch of a talk that still runs."""
    kept = without_echoes(given.utterances)
    return promises(spoken_lines(given.speakers, kept), in_use())
