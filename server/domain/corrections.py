"""What a clerk's correction teaches: the words that came into a sentence in the place of others."""

import re
from difflib import SequenceMatcher

SHORTEST, LONGEST = 2, 6
"""Characters of a word worth expecting."""
_REACH = 4
"""So many characters on either side of what was changed may belong to the same word."""
_WORD = re.compile(r"[\u3400-\u9fff]+")
_LITTLE = frozenset("的了是我你您他她它们这那在有和与到说就不也都要去来从把被给向叫让还又很个没上下里吗呢吧啊嗯")
"""Characters that begin or end no name."""
_PLACE = re.compile(r".+[省市县区旗乡镇村街路巷]$|.+(街道|小区|社区)$")
_UNIT = re.compile(r".+([局院厂所站办委]|公司|中心|政府|学校|医院|集团|合作社)$")


def candidates(before: str, after: str) -> list[set[str]]:
    """For each place that was put right, every stretch of the corrected text that may be the word that was misheard: it
    holds what was put there, and nothing but Chinese characters.  Which of them is a word, other corrections show."""
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    changes = [(start, end) for what, _, _, start, end in matcher.get_opcodes() if what == "replace"]
    return [found for start, end in changes if (found := _around(after, start, end))]


def _around(text: str, start: int, end: int) -> set[str]:
    """The stretches of the text that hold the characters from `start` to `end`."""
    run = next((m for m in _WORD.finditer(text) if m.start() <= start and end <= m.end()), None)
    if run is None:
        return set()
    firsts = range(max(run.start(), start - _REACH), start + 1)
    lasts = range(end, min(run.end(), end + _REACH) + 1)
    stretches = {text[first:last] for first in firsts for last in lasts if SHORTEST <= last - first <= LONGEST}
    return {stretch for stretch in stretches if stretch[0] not in _LITTLE and stretch[-1] not in _LITTLE}


def corrected_words(before: str, after: str) -> list[str]:
    """The word of each place that was put right: a place's or unit's name around it if there is one, else what was put
    there, with a neighbour where that is a single character."""
    found = (_word_of(stretches) for stretches in candidates(before, after))
    return longest({word for word in found if word})


def _word_of(stretches: set[str]) -> str:
    named = [stretch for stretch in stretches if kind_of(stretch) != "term"]
    return min(named or stretches, key=lambda stretch: (len(stretch), stretch), default="")


def longest(words: set[str]) -> list[str]:
    """Those that are no part of another."""
    return sorted(word for word in words if not any(word in other and word != other for other in words))


def kind_of(word: str) -> str:
    """What a word seems to name, by its ending: place, unit or term (states.WordKind)."""
    return "place" if _PLACE.match(word) else "unit" if _UNIT.match(word) else "term"
