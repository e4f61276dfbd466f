"""One person's words in another's microphone: recognised as such, so that they are not written twice.

A loudspeaker plays the other side into the room, and where the browser's echo cancellation fails the microphone sends
it back.  An echo says the same characters a moment later, every one of them by the same delay; nobody repeats another
like that while he is still speaking.  Words of one's own between them are kept: only what is all echo is one.
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from statistics import median

from server.protocol.transcript import Utterance

_DELAYS_S = (0.02, 1.2)
"""Sound on its way there and back; more than that is somebody who repeats."""
_UNEVEN_S = 0.15
"""Word times are right to about 0.1 s."""
_LEAST = 4
"""Shorter words, as yes, yes, are said by two people at a time."""
_OWN = 1
"""Characters of an echo that the other did not say: misheard ones."""

Timed = tuple[str, float]


def echo_of(heard: Utterance, others: Iterable[Utterance]) -> Utterance | None:
    """The utterance of somebody else that `heard` is an echo of, or None; both need word times."""
    near = [other for other in others if _could_be(heard, other)]
    own = _characters(heard) if near else []
    if len(own) < _LEAST:
        return None
    return next((other for other in near if _repeats(own, _characters(other))), None)


def without_echoes(utterances: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """All but those that are echoes of another; a chain of echoes leaves the first."""
    near = list(_beside(sorted(utterances, key=lambda u: (u.start, u.end, u.id))))
    echoes = {one.id for one, others in near if echo_of(one, others) is not None}
    return tuple(one for one in utterances if one.id not in echoes)


def _beside(ordered: Sequence[Utterance]) -> Iterator[tuple[Utterance, list[Utterance]]]:
    """Each with those before it that may still have been heard when it began; `ordered` by start."""
    lasting: list[Utterance] = []
    for one in ordered:
        lasting = [other for other in lasting if other.end + _DELAYS_S[1] >= one.start]
        yield one, list(lasting)
        lasting.append(one)


def _could_be(heard: Utterance, other: Utterance) -> bool:
    return (
        heard.participant_id != other.participant_id
        and heard.start >= other.start
        and heard.start <= other.end + _DELAYS_S[1]
        and heard.end <= other.end + _DELAYS_S[1]
    )


def _repeats(own: Sequence[Timed], others: Sequence[Timed]) -> bool:
    matcher = SequenceMatcher(None, [c for c, _ in own], [c for c, _ in others], autojunk=False)
    pairs = [(b.a + i, b.b + i) for b in matcher.get_matching_blocks() for i in range(b.size)]
    if len(pairs) < _LEAST or len(own) - len(pairs) > max(_OWN, len(own) // 10):
        return False
    delays = [own[a][1] - others[b][1] for a, b in pairs]
    middle = median(delays)
    even = median(abs(delay - middle) for delay in delays) <= _UNEVEN_S
    return even and _DELAYS_S[0] <= middle <= _DELAYS_S[1]


def _characters(utterance: Utterance) -> list[Timed]:
    """Letters and digits with when they begin."""
    found: list[Timed] = []
    for word in utterance.words:
        letters = [c for c in word.text if c.isalnum()]
        step = (word.end - word.start) / max(len(letters), 1)
        found += [(c, word.start + i * step) for i, c in enumerate(letters)]
    return found
