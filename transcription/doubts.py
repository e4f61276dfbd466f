"""Where in a text a listener should check: the places that the desk underlines.

A word that the model is less sure of than `WEAK` is doubtful, and so is what stands beside it: where a word is missing,
the neighbours are all that can be marked.  Measured on the three dialogues with the small model: 83 % of the wrong
characters lie in such places, which are 15 % of the text; web/static/js/desk/words.js has the same rule.
"""

from collections.abc import Sequence

from server.protocol.transcript import Utterance
from transcription.guard import letters

WEAK = 0.8
BESIDE = 1
"""Characters beside a weak word."""
WHOLE = frozenset(
    {"repetition", "fast_speech", "known_phrase", "high_compression", "no_speech", "faint", "unstable", "echo", "boosted"}
)
"""Doubts that make the whole utterance doubtful."""


def doubtful(utterance: Utterance) -> list[bool]:
    """For each letter and digit of the utterance's words, whether it lies in a doubtful place."""
    if WHOLE & set(utterance.doubt):
        return [True] * sum(len(letters(word.text)) for word in utterance.words)
    weak = [word.probability < WEAK for word in utterance.words for _ in letters(word.text)]
    return [any(_beside(weak, place)) for place in range(len(weak))]


def _beside(weak: Sequence[bool], place: int) -> Sequence[bool]:
    return weak[max(place - BESIDE, 0) : place + BESIDE + 1]
