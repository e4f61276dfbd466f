"""Unfinished captions that do not flicker: what four looks, one after the other, hear alike is held.

Held text is only ever added to, until the sentence is finished.  It is not shown as settled: looks are quicker than what is
kept and know only the beginning of the sentence, a pause that does not come makes a comma less, a piece that grows too long is
cut in the middle of a look, what no voice said is withheld when it is whole, and so the finished text has one held character
in sixty otherwise.  Settled is what is finished.
Source of the rule: LocalAgreement-2, Macháček, Dabre and Bojar, "Turning Whisper into Real-Time Transcription System",
2023, arXiv:2307.14743; there two looks have to agree.  Of the held characters the finished text has 3.8 % otherwise with two,
2.9 % with three, 1.7 % with four (77 pieces of the dialogues, a look every half second).
"""

from collections import deque
from collections.abc import Iterable
from itertools import takewhile

from transcription.drafting.edits import prefix_edits

AGREE = 4


class Unfinished:
    """The unfinished caption of one track."""

    def __init__(self) -> None:
        self._start: float | None = None
        self.held = ""
        """What every further look at the same sentence begins with."""
        self._looks: deque[str] = deque(maxlen=AGREE)

    def look(self, start: float, text: str) -> str:
        """The caption after one more look at the sentence that began at `start` (media seconds)."""
        if start != self._start:
            self._start, self.held = start, ""
            self._looks.clear()
        text = self.held + _rest(self.held, text)
        self._looks.append(text)
        agreed = _agreed(self._looks) if len(self._looks) == AGREE else ""
        if len(agreed) > len(self.held):
            self.held = agreed
        return text


def _agreed(looks: Iterable[str]) -> str:
    """The beginning that all have, without the last character (it may be half heard) and punctuation at its end."""
    agreed = "".join(same[0] for same in takewhile(lambda same: len(set(same)) == 1, zip(*looks, strict=False)))[:-1]
    while agreed and not agreed[-1].isalnum():
        agreed = agreed[:-1]
    return agreed


def _rest(held: str, text: str) -> str:
    """What of `text` follows the words that are held, wherever a new look hears those differently."""
    if text.startswith(held):
        return text[len(held) :]
    costs = prefix_edits(held, text)
    # Of the beginnings that fit as well, the longest: a character that is held must not be shown twice.
    end = max(range(len(text) + 1), key=lambda j: (-costs[j], j))
    return text[end:]
