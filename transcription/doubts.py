"""Where in a text a listener should check: the places that the desk underlines, and the lines of which it tells a doubt.

A word that the model is less sure of than `WEAK` is doubtful, and so is what stands beside it: where a word is missing,
the neighbours are all that can be marked.  Where somebody spoke before the first or after the last word, these are what
words are missing beside.  How many of the wrong characters lie there: FIGURES.md; web/static/js/desk/words.js has the same
`WEAK`, by which the leader's captions are underlined, too; the desk tells all other doubts at the line.
"""

from collections.abc import Sequence

from server.protocol.transcript import Utterance
from transcription.guard import letters

WEAK = 0.85
BESIDE = 1
"""Characters beside a weak word."""
WHOLE = frozenset(
    {"repetition", "fast_speech", "known_phrase", "high_compression", "no_speech", "faint", "unstable", "echo", "boosted"}
)
"""Doubts that make the whole utterance doubtful."""
MISSING = "missing_words"
"""Doubt: somebody spoke on, and no words were found for it."""


def doubtful(utterance: Utterance) -> list[bool]:
    """For each letter and digit of the utterance's words, whether it lies in a doubtful place."""
    if WHOLE & set(utterance.doubt):
        return [True] * sum(len(letters(word.text)) for word in utterance.words)
    weak = [word.probability < WEAK for word in utterance.words for _ in letters(word.text)]
    marked = [any(_beside(weak, place)) for place in range(len(weak))]
    if marked and MISSING in utterance.doubt:
        marked[0] = marked[-1] = True
    return marked


def _beside(weak: Sequence[bool], place: int) -> Sequence[bool]:
    return weak[max(place - BESIDE, 0) : place + BESIDE + 1]
