"""A hotword leads a model to a name; here is told whether the name was said, by what is heard without it.

A word is believed if the reading without hotwords has it, or something that sounds like it: Chinese homophones
are what hotwords are there to put right.  Sounds are those of Mandarin without tones, and what many speakers do not
keep apart (zh and z, n and l, f and h, in and ing) counts as the same.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

_LONG = 3
"""From so many syllables on one may have another beginning or another end; names of two are told apart by that."""
_SAME = {"zh": "z", "ch": "c", "sh": "s", "l": "n", "r": "n", "h": "f"}
_INITIAL = re.compile(r"^(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(.*)$")
Sound = tuple[str, str]
_PIECE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W_]")


@cache
def _sounds() -> dict[str, frozenset[Sound]]:
    """How each character may sound, as rough syllables, from syllables.txt."""
    found: dict[str, set[Sound]] = {}
    for line in files("transcription").joinpath("syllables.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            syllable, characters = line.split()
            for character in characters:
                found.setdefault(character, set()).add(_rough(syllable))
    return {character: frozenset(sounds) for character, sounds in found.items()}


def _rough(syllable: str) -> Sound:
    """Beginning and end of the syllable, without what many speakers of Mandarin do not keep apart."""
    found = _INITIAL.match(syllable)
    initial, final = (found[1] or "", found[2]) if found else ("", syllable)
    return _SAME.get(initial, initial), re.sub(r"(?<=[aei])ng$", "n", final)


def said(word: str, text: str) -> int:
    """How often the word, or something that sounds like it, is in the text."""
    wanted, given = _pieces(word), _pieces(text)
    count = place = 0
    while wanted and place + len(wanted) <= len(given):
        alike = _near(wanted, given[place : place + len(wanted)])
        count += alike
        place += len(wanted) if alike else 1
    return count


def gained(hotwords: Sequence[str], boosted: str, plain: str) -> list[str]:
    """The hotwords that are in `boosted` more often than in `plain`, letter by letter."""
    given, before = "".join(_pieces(boosted)), "".join(_pieces(plain))
    words = [(word, "".join(_pieces(word))) for word in hotwords]
    return [word for word, letters in words if letters and given.count(letters) > before.count(letters)]


def unsupported(hotwords: Sequence[str], boosted: str, plain: str) -> list[str]:
    """The hotwords that are in `boosted` more often than they, or what sounds like them, are in `plain`."""
    letters = "".join(_pieces(boosted))
    return [word for word in gained(hotwords, boosted, "") if letters.count("".join(_pieces(word))) > said(word, plain)]


def sounds_of(character: str) -> frozenset[Sound]:
    """How it may sound, roughly; nothing for what is no Chinese character."""
    return _sounds().get(character, frozenset())


def alike(one: str, two: str) -> bool:
    """Whether two characters may sound the same to somebody who does not keep everything apart."""
    return one == two or bool(sounds_of(one) & sounds_of(two))


def _near(wanted: Sequence[str], given: Sequence[str]) -> bool:
    other = [pair for pair in zip(wanted, given, strict=True) if not alike(*pair)]
    return not other or (len(wanted) >= _LONG and len(other) == 1 and _half_alike(*other[0]))


def _half_alike(one: str, two: str) -> bool:
    """Whether both begin or both end the same way."""
    pairs = [(a, b) for a in sounds_of(one) for b in sounds_of(two)]
    return any((a[0] == b[0] and a[0]) or a[1] == b[1] for a, b in pairs)


def _pieces(text: str) -> list[str]:
    """What is said one after the other: Chinese characters, letters and digits."""
    return _PIECE.findall(text.lower())
