"""Unfinished captions that do not flicker: what four looks, one after the other, say alike is settled.

Settled text is only ever added to, until the sentence is finished and its utterance takes the caption's place.
Source of the rule: LocalAgreement-2, Macháček, Dabre and Bojar, "Turning Whisper into Real-Time Transcription System",
2023, arXiv:2307.14743; there two looks have to agree.  Looks are quicker than what is kept, so that two of them agree on what
the finished text has otherwise more often: 3.8 % of the settled characters with two, 2.9 % with three, 1.7 % with four (77
pieces of the dialogues, a look every half second).  What is not settled is shown all the same, only lighter.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from transcription.drafting.edits import prefix_edits

AGREE = 4


@dataclass(frozen=True)
class Caption:
    """What is shown; the first `settled` characters stay."""

    text: str
    settled: int


class Settling:
    """The unfinished caption of one track."""

    def __init__(self) -> None:
        self._start: float | None = None
        self._settled = ""
        self._looks: deque[str] = deque(maxlen=AGREE)

    def look(self, start: float, text: str) -> Caption:
        """The caption after one more look at the sentence that began at `start` (media seconds)."""
        if start != self._start:
            self._start, self._settled = start, ""
            self._looks.clear()
        text = self._settled + _rest(self._settled, text)
        self._looks.append(text)
        agreed = _agreed(self._looks) if len(self._looks) == AGREE else ""
        if len(agreed) > len(self._settled):
            self._settled = agreed
        return Caption(text, len(self._settled))


def _agreed(looks: Iterable[str]) -> str:
    """The beginning that all have, without the last character (it may be half heard) and punctuation at its end."""
    agreed = "".join(same[0] for same in takewhile(lambda same: len(set(same)) == 1, zip(*looks, strict=False)))[:-1]
    while agreed and not agreed[-1].isalnum():
        agreed = agreed[:-1]
    return agreed


def _rest(settled: str, text: str) -> str:
    """What of `text` follows the words that are settled, wherever a new look hears those differently."""
    if text.startswith(settled):
        return text[len(settled) :]
    costs = prefix_edits(settled, text)
    # Of the beginnings that fit as well, the longest: a character that is settled must not be shown twice.
    end = max(range(len(text) + 1), key=lambda j: (-costs[j], j))
    return text[end:]
