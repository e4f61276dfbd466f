"""Unfinished captions that do not flicker: what two looks, one after the other, say alike is settled.

Settled text is only ever added to, until the sentence is finished and its utterance takes the caption's place.
Source of the rule: LocalAgreement-2, Macháček, Dabre and Bojar, "Turning Whisper into Real-Time Transcription System",
2023, arXiv:2307.14743.
"""

from dataclasses import dataclass

from transcription.drafting.edits import prefix_edits


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
        self._before = ""

    def look(self, start: float, text: str) -> Caption:
        """The caption after one more look at the sentence that began at `start` (media seconds)."""
        if start != self._start:
            self._start, self._settled, self._before = start, "", ""
        text = self._settled + _rest(self._settled, text)
        agreed = _agreed(self._before, text)
        if len(agreed) > len(self._settled):
            self._settled = agreed
        self._before = text
        return Caption(text, len(self._settled))


def _agreed(before: str, now: str) -> str:
    """The beginning that both have, without the last character (it may be half heard) and punctuation at its end."""
    same = 0
    while same < min(len(before), len(now)) and before[same] == now[same]:
        same += 1
    agreed = now[: max(same - 1, 0)]
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
