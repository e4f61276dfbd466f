"""Names and places that are known, of the form and of the office, where something was written that sounds like one of them.

A number has one written form, a name has many: 何守田 and 何首田 may both live in the village.  So nothing is put in its
place: what is found here is shown beside the sentence, and a clerk who hears it takes it or not
(deploy/decisions/0014-names-and-places.md).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from transcription.boosting import Sound, alike, sounds_of

SHORTEST = 2
_TOLD_BY_ITSELF = 3
"""From so many characters on a name is found where the words were heard well, too, if one of them is written right:
shorter ones sound like something else too often (李梅 and 里没)."""


class Place(NamedTuple):
    """Characters `first` to `last` of a text sound like `name`."""

    first: int
    last: int
    name: str


class KnownNames:
    """The names of one reception, found by how they begin to sound."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(name for name in names if len(name) >= SHORTEST and all(map(sounds_of, name)))
        self._by_sound: dict[Sound, set[str]] = {}
        for name in self._names:
            for sound in sounds_of(name[0]):
                self._by_sound.setdefault(sound, set()).add(name)

    def sounding_like(self, text: str, unsure: Sequence[bool]) -> Iterator[Place]:
        """Where the text may mean a known name and has another spelling; in order, not overlapping, longer names first.

        `unsure`: of each character of the text, whether it was not heard well.  Where two known names sound alike, neither.
        """
        taken = set(self._spelled(text))
        for place in sorted(self._alike(text, unsure), key=lambda one: (one.first - one.last, one.first)):
            own = range(place.first, place.last)
            if taken.isdisjoint(own):
                taken.update(own)
                yield place

    def _spelled(self, text: str) -> Iterator[int]:
        """Characters of known names that are spelled as they are known."""
        for name in self._names:
            at = text.find(name)
            while at >= 0:
                yield from range(at, at + len(name))
                at = text.find(name, at + 1)

    def _alike(self, text: str, unsure: Sequence[bool]) -> Iterator[Place]:
        for first, character in enumerate(text):
            beginning = {name for sound in sounds_of(character) for name in self._by_sound.get(sound, ())}
            for length in {len(name) for name in beginning}:
                given = text[first : first + length]
                meant = [name for name in beginning if len(name) == length and _sounds_like(given, name)]
                if len(meant) == 1 and _tells(given, meant[0], unsure[first : first + length]):
                    yield Place(first, first + length, meant[0])


def _sounds_like(given: str, name: str) -> bool:
    return len(given) == len(name) and all(map(alike, given, name))


def _tells(given: str, name: str, unsure: Collection[bool]) -> bool:
    """Whether it is worth a look: something was not heard well, or a long name is partly written right."""
    return any(unsure) or (len(name) >= _TOLD_BY_ITSELF and any(a == b for a, b in zip(given, name, strict=True)))
